"""From a model to a profile, end to end, over real HTTP and into a real store."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import zlib
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
import scipy.stats

import mien
from mien.errors import EndpointRefused, RunConflict, UnknownName, UsageError
from mien.materials.protocols import load_protocol
from mien.measurement.length import Length
from mien.measurement.measure import carry_out
from mien.measurement.run_plan import Materials, plan
from mien.measurement.session import Session
from mien.runs.run import store_path
from mien.stats.design.stopping import FLOOR, Rule
from mien.store.merging import merge
from mien.store.records import RunInfo
from mien.store.store import Store
from tests.measurement.planted import SCORES, TRAITS, chosen, measure

if TYPE_CHECKING:
    from pathlib import Path

    from mien.measurement.calls import Progress
    from mien.runs.run import Run
    from mien.testing import ScriptedServer

KEY = "sk-live/very+secret=0123456789"


def trials(run: Run) -> list[Any]:
    with Store(run.path, read_only=True) as store:
        return [row.trial for row in store.rows(store.run(run.name).id, "")]


def spearman(profile: mien.Profile, scores: dict[str, float] = SCORES) -> float:
    truth = [scores[trait] for trait in profile.traits]
    return float(scipy.stats.spearmanr(profile.fit.scores, truth).statistic)


# -- what is found -------------------------------------------------------------------------------------------


def test_a_planted_character_and_position_effect_are_recovered(server: ScriptedServer) -> None:
    server.configure(position=0.4)
    run = measure(server, rounds=120)
    profile = mien.profile(run)
    assert profile.verdicts == {
        "chosen": 600, "neither": 0, "tie": 0, "refused": 0, "unreadable": 0, "missing": 0,
    }  # fmt: skip
    assert spearman(profile) > 0.95
    position = profile.position
    assert position["low"] < 1 / (1 + math.exp(-0.8)) < position["high"]
    assert position["low"] > 0.5
    reliability = profile.reliability["model_based"]
    assert reliability is not None
    assert reliability > 0.85
    counts = server.counts()
    assert counts.by_role == {"model": 600, "judge": 600}
    assert counts.by_status == {200: 1200}


def test_two_models_see_the_same_trials_and_a_diff_finds_what_was_changed(
    server: ScriptedServer, tmp_path: Path
) -> None:
    a = measure(server, rounds=40, seed=3)
    raised = dict(SCORES)
    raised["candid"] += 4.0
    server.configure(scores=raised)
    b = measure(server, rounds=40, seed=3, model=f"{server.url}#other")
    assert (a.name, b.name) == ("model-revealed", "other-revealed")
    assert trials(a) == trials(b)
    assert a.record.design == b.record.design
    diff = mien.diff(a, b)
    rows = diff.to_dict()["traits"]
    assert rows[0]["trait"] == "candid"
    assert rows[0]["changed"]
    assert rows[0]["low"] > 0
    assert trials(measure(server, rounds=4, seed=9, name="else")) != trials(a)[:20]


def test_options_may_be_more_than_two(server: ScriptedServer) -> None:
    server.configure(position=(0.5, 0.1, -0.2, -0.4))
    run = measure(server, rounds=100, protocol=load_protocol().override(options=4))
    assert {len(trial.options) for trial in trials(run)} == {4}
    profile = run.profile()
    assert profile.verdicts["chosen"] == 250
    assert spearman(profile) > 0.9
    briefing = next(r.body for r in server.requests() if r.role == "model" and r.body)
    assert "Here are 4 ways" in briefing["messages"][0]["content"]


@pytest.mark.parametrize("accuracy", [1.0, 0.8])
def test_instructed_finds_the_accuracy_of_the_judge(server: ScriptedServer, accuracy: float) -> None:
    server.configure(judge_accuracy=accuracy)
    profile = measure(server, rounds=60, instrument="instructed").profile()
    found = profile.accuracy
    assert found is not None
    assert found["n"] == 300
    assert found["low"] <= accuracy <= found["high"]
    if accuracy == 1.0:
        assert found["accuracy"] == 1.0
    else:
        assert abs(found["accuracy"] - accuracy) < 0.1


def test_choosing_at_random_gives_a_flat_profile(server: ScriptedServer) -> None:
    server.configure(scores=dict.fromkeys(TRAITS, 0.0))
    profile = measure(server, rounds=80, protocol=load_protocol().override(condition="random")).profile()
    flat = profile.flat["p"]
    assert flat is not None
    assert flat > 0.01
    request = next(r for r in server.requests() if r.role == "model")
    assert request.body is not None
    assert "at random" in request.body["messages"][0]["content"]
    server.configure(scores=SCORES)
    pronounced = measure(server, rounds=80, name="not flat").profile().flat["p"]
    assert pronounced is not None
    assert pronounced < 0.001


def test_what_the_model_refuses_is_no_choice(server: ScriptedServer) -> None:
    server.configure(faults={"refusal": 0.3}, faulty_models=("model",))
    verdicts = measure(server, rounds=40).profile().verdicts
    assert verdicts["refused"] == server.counts().by_fault["refusal"]
    assert 35 < verdicts["refused"] < 85
    assert verdicts["chosen"] == 200 - verdicts["refused"]


def test_later_turns_are_runs_of_their_own(server: ScriptedServer) -> None:
    run = measure(server, turns=3, pressure="drop")
    with Store(run.path, read_only=True) as store:
        names = [record.name for record in store.runs()]
    assert names == ["model-revealed", "model-revealed@drop-2", "model-revealed@drop-3"]
    first, second, third = (mien.Run(name, run.path) for name in names)
    assert [trial.id for trial in trials(first)] == [trial.id for trial in trials(third)]
    assert (third.record.turn, third.record.pressure) == (3, "drop")
    assert len(chosen(third)) == 20
    told = [r.body["messages"] for r in server.requests() if r.role == "model" and r.body]
    roles = [message["role"] for message in max(told, key=len)]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    # The judge reads each turn by itself, with what the user said then.
    asked = {trial.prompt.text for trial in trials(second)}
    judged = [r.body["messages"][-1]["content"] for r in server.requests() if r.role == "judge" and r.body]
    assert sum(any(text in question for text in asked) for question in judged) == 20
    held = run.persistence("drop")
    assert {row.turn for row in held.rows} == {2, 3}
    assert held.rows[0].n == 20
    shown = chosen(run)
    trait = next(option for option in shown.values() if option in TRAITS)
    assert run.persistence("drop", traits=[trait]).rows[0].n == [*shown.values()].count(trait)
    with pytest.raises(UsageError, match="begins with a character to hold"):
        run.persistence("drop", traits=["none of them"])
    with pytest.raises(UsageError, match="--pressure stay"):
        run.persistence("stay")


def test_later_turns_pay_for_themselves_alone(server: ScriptedServer) -> None:
    measure(server)
    server.reset_log()
    measure(server, turns=2, pressure="stay")
    assert server.counts().by_role == {"model": 20, "judge": 20}
    server.reset_log()
    run = measure(server, turns=3, pressure="stay")
    assert server.counts().by_role == {"model": 20, "judge": 20}
    server.reset_log()
    measure(server, turns=2, pressure="stay", rounds=6)
    assert server.counts().by_role == {"model": 20, "judge": 20}
    assert len(trials(mien.Run("model-revealed@stay-2", run.path))) == 30


def test_a_model_may_be_the_user(server: ScriptedServer, tmp_path: Path) -> None:
    user = server.model.replace("#model", "#other")
    run = measure(server, turns=3, pressure="drop", user=user)
    names = ["model-revealed", *(f"model-revealed@drop-by-other-{turn}" for turn in (2, 3))]
    with Store(run.path, read_only=True) as store:
        assert [record.name for record in store.runs()] == names
    second, third = (mien.Run(name, run.path) for name in names[1:])
    assert third.record.pressure == f"drop by {user}"
    assert server.counts().by_role == {"model": 100, "judge": 60}
    bodies = [request.body for request in server.requests() if request.body]
    asked = [body["messages"] for body in bodies if body["model"] == "other"]
    assert len(asked) == 40
    assert not any(trait in one["content"] for messages in asked for one in messages for trait in TRAITS)
    # What it said is what the model was told next, what the judge read, and what the store shows.
    written = [trial.prompt.text for trial in (*trials(second), *trials(third))]
    assert len(set(written)) == 40
    last = [messages[-1]["content"] for messages in (body["messages"] for body in bodies)]
    assert all(text in last for text in written)
    judged = [body["messages"][-1]["content"] for body in bodies if body["model"] == "judge"]
    assert all(any(text in question for question in judged) for text in written)
    held = run.persistence(f"drop by {user}")
    assert [(row.turn, row.n) for row in held.rows] == [(2, 20), (3, 20)]
    server.reset_log()
    merge(tmp_path / "merged.db", [run.path])
    assert trials(mien.Run(third.name, tmp_path / "merged.db")) == trials(third)
    with Store(run.path) as store:
        for name in names:
            store.delete_run(name)
    assert trials(measure(server, turns=3, pressure="drop", user=user)) == trials(run)
    assert [trial.prompt.text for trial in (*trials(second), *trials(third))] == written
    assert server.counts().requests == 0
    other = user.replace("#other", "#lab/other")
    with pytest.raises(RunConflict, match=r"in which the user was another \(--pressure drop --user http"):
        measure(server, turns=2, pressure="drop", user=other)
    with pytest.raises(UsageError, match="comes with the second turn"):
        measure(server, user=user)


def test_a_conversation_that_was_stopped_goes_on_where_it_was(server: ScriptedServer) -> None:
    user = server.model.replace("#model", "#other")
    kept = {"turns": 3, "pressure": "neutral", "user": user, "name": "r"}
    measure(server, **kept, limits=mien.Limits(max_calls=70, max_concurrency=4))
    assert 70 <= server.counts().requests < 90
    run = measure(server, **kept)
    assert server.counts().by_role == {"model": 100, "judge": 60}
    assert mien.Run("r@neutral-by-other-3", run.path).outcome().complete


def test_instructed_holds_what_was_asked_for_from_the_first_turn_on(server: ScriptedServer) -> None:
    server.configure(judge_accuracy=0.9)
    run = measure(server, rounds=40, instrument="instructed", turns=2, pressure="neutral")
    first, second = run.persistence("neutral").rows
    assert (first.turn, second.turn) == (1, 2)
    assert (first.n, second.n) == (200, 200)
    for row in (first, second):
        assert row.held.share == pytest.approx(0.9, abs=0.06)


@pytest.mark.parametrize(
    ("choices", "problem"),
    [
        ({"turns": 0}, "at least one turn"),
        ({"pressure": "drop"}, "give more turns"),
        ({"turns": 2, "pressure": "dorp"}, "did you mean drop"),
    ],
)
def test_turns_that_cannot_be_measured(server: ScriptedServer, choices: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        measure(server, **choices)
    assert server.counts().requests == 0


# -- what is paid for ----------------------------------------------------------------------------------------


def test_the_same_run_again_makes_no_call(server: ScriptedServer) -> None:
    run = measure(server)
    before = chosen(run)
    assert len(before) == 20
    server.reset_log()
    assert chosen(measure(server)) == before
    assert server.counts().requests == 0


def test_a_longer_design_pays_for_the_new_rounds_alone(server: ScriptedServer) -> None:
    run = measure(server, rounds=3)
    first = chosen(run)
    server.reset_log()
    longer = chosen(measure(server, rounds=5))
    assert len(longer) == 25
    assert {trial: longer[trial] for trial in first} == first
    assert server.counts().by_role == {"model": 10, "judge": 10}


def test_a_run_never_shrinks(server: ScriptedServer) -> None:
    run = measure(server, rounds=5)
    server.reset_log()
    assert measure(server, rounds=2) == run
    assert run.record.design.endswith("-5")
    assert len(trials(run)) == 25
    assert server.counts().requests == 0


def test_a_target_ends_a_run_and_the_last_report_tells_what_was_found(server: ScriptedServer) -> None:
    reports: list[Progress] = []
    run = measure(server, rounds=None, until_stderr=120, on_progress=reports.append)
    last = reports[-1]
    assert last.check is not None
    assert last.check.met
    assert last.done == last.total == len(chosen(run)) == 5 * last.check.rounds
    assert last.check.reliability == run.profile().reliability["model_based"]
    assert server.counts().by_role == {"model": last.total, "judge": last.total}


def test_a_run_that_ends_between_two_stages_is_incomplete_until_it_goes_on(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that was asked so far is answered and read, and the rule was not held against it."""
    target: dict[str, Any] = {"rounds": None, "until_stderr": 120}
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(Rule, "check", Mock(side_effect=KeyboardInterrupt))
        measure(server, **target)
    run = mien.Run("model-revealed", store_path())
    assert str(run.outcome()) == "5 of 75 trials of model-revealed are missing (5 not asked)"
    assert run.profile().n_trials == 75
    gone_on = measure(server, **target)
    assert gone_on.outcome().complete
    assert trials(gone_on) == trials(measure(server, name="calm", **target))
    # Without a target there is no round to come.
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(Rule, "check", Mock(side_effect=KeyboardInterrupt))
        measure(server, name="fixed", **target)
    assert measure(server, name="fixed", rounds=FLOOR).outcome().complete
    # Nor is there where the most rounds are made.
    assert measure(server, name="most", rounds=None, until_stderr=9, max_trials=5 * FLOOR).outcome().complete


def test_another_run_in_the_same_store_reuses_what_was_asked(server: ScriptedServer) -> None:
    measure(server)
    server.reset_log()
    reports: list[Progress] = []
    copy = measure(server, name="copy", on_progress=reports.append)
    assert len(chosen(copy)) == 20
    assert server.counts().requests == 0
    assert reports[-1].reused == 40


def test_the_same_run_with_another_judge_generates_nothing(server: ScriptedServer) -> None:
    run = measure(server)
    server.reset_log()
    mien.measure(server.model, judge=f"{server.url}#judge-2", traits=TRAITS, rounds=4)
    assert server.counts().by_role == {"judge": 20}
    assert chosen(run, f"{server.url}#judge-2") == chosen(run)


def test_a_trial_that_comes_again_is_asked_again(server: ScriptedServer) -> None:
    # Of two traits and one prompt there are but two trials; each must be a sample of its own.
    run = measure(server, traits=TRAITS[:2], prompts=[mien.Prompt("p", "Hello")], rounds=6)
    assert len(chosen(run)) == 6
    assert server.counts().by_role == {"model": 6, "judge": 6}
    with Store(run.path, read_only=True) as store:
        assert len({row.call for row in store.rows(run.record.id, server.judge)}) == 6


def test_what_failed_is_asked_again_and_what_was_answered_is_not(server: ScriptedServer) -> None:
    server.configure(faults={"400": 0.3}, faulty_models=("model",))
    run = measure(server, rounds=8)
    done = chosen(run)
    failed = 40 - len(done)
    assert 3 <= failed <= 25
    assert sum(run.failures().values()) == failed
    assert list(run.failures()) == ["HTTP 400: a scripted failure"]
    assert run.profile().verdicts["missing"] == failed
    server.configure(faults={})
    server.reset_log()
    after = chosen(measure(server, rounds=8))
    assert len(after) == 40
    assert {trial: after[trial] for trial in done} == done
    assert server.counts().by_role == {"model": failed, "judge": failed}
    assert run.failures() == {}


# -- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"model": "other"}, "model"),
        ({"instrument": "instructed", "name": "model-revealed"}, "instrument"),
        ({"protocol": "maiya2025"}, "protocol"),
        ({"seed": 1}, "design"),
        ({"traits": TRAITS[:8]}, "design"),
        ({"prompts": [mien.Prompt("p", "Hello")]}, "design"),
    ],
)
def test_another_run_of_the_same_name_is_refused(
    server: ScriptedServer, change: dict[str, Any], what: str
) -> None:
    run = measure(server)
    before = run.record, chosen(run)
    server.reset_log()
    if change.get("model") == "other":
        change = {"model": f"{server.url}#other", "name": "model-revealed"}
    with pytest.raises(RunConflict, match=f"named 'model-revealed' already, with another {what}.*--name"):
        measure(server, **change)
    assert server.counts().requests == 0
    assert (run.record, chosen(run)) == before
    assert len(chosen(measure(server, **change | {"name": "its own"}))) >= 16


def test_a_comparison_table_of_the_same_name_is_refused(server: ScriptedServer, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("option_1,option_2,chosen\na,b,a\n")
    mien.import_run(table, "model-revealed")
    with pytest.raises(RunConflict, match="choose another name with --name"):
        measure(server)


def test_a_provider_that_is_none_is_refused() -> None:
    with pytest.raises(UnknownName, match="no provider named 'opena'; did you mean openai"):
        mien.measure("opena/m", judge="openai/j", rounds=1)


def test_a_name_that_is_taken_is_told_before_anything_is_asked(
    server: ScriptedServer, tmp_path: Path
) -> None:
    measure(server, rounds=2, name="m")
    measure(server, rounds=2, name="talk@drop-2")  # where the second turn of another is to go
    server.reset_log()
    otherwise = load_protocol().override(condition="like")
    for taken, choices in (
        ("m", {"protocol": otherwise, "check_judge": 24}),
        ("m", {"instrument": "instructed", "check_judge": 24}),
        ("talk@drop-2", {"name": "talk", "turns": 2, "pressure": "drop"}),
    ):
        with pytest.raises(RunConflict, match=f"there is a run named {taken!r} already"):
            measure(server, rounds=2, **{"name": "m"} | choices)
    assert server.counts().requests == 0
    assert names(tmp_path) == ["m", "talk@drop-2"]


def test_models_of_one_name_at_two_places_are_told_apart(server: ScriptedServer, tmp_path: Path) -> None:
    elsewhere = server.model.replace("127.0.0.1", "localhost")
    first = measure(server, rounds=2)
    second = measure(server, rounds=2, model=elsewhere)
    host = elsewhere.partition("://")[2].partition("/")[0]
    assert [first.name, second.name] == ["model-revealed", f"model-revealed-{host}"]
    server.reset_log()
    assert measure(server, rounds=2, model=elsewhere).name == second.name
    assert measure(server, rounds=2).name == first.name
    assert server.counts().requests == 0
    with pytest.raises(RunConflict, match="with another model"):
        measure(server, rounds=2, model=elsewhere, name=first.name)


def test_what_cannot_be_used_leaves_no_run(server: ScriptedServer, tmp_path: Path) -> None:
    with pytest.raises(EndpointRefused, match="the model `nobody` does not exist"):
        measure(server, rounds=8, model=f"{server.url}#nobody")
    assert names(tmp_path) == []
    server.configure(api_key="another")
    with pytest.raises(EndpointRefused, match="HTTP 401"):
        measure(server, rounds=8)
    assert names(tmp_path) == []


def test_a_run_that_somebody_else_began_or_that_has_answers_stays(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Another process may be at it, of whose answers none is in yet."""
    server.configure(api_key="another")
    began: list[str] = []

    def begin(_: Progress) -> None:
        began.extend(names(tmp_path))

    with pytest.raises(EndpointRefused):
        measure(server, rounds=8, on_progress=begin)
    server.configure(api_key="")
    first = measure(server, rounds=2)
    server.configure(api_key="another")
    with pytest.raises(EndpointRefused):
        measure(server, rounds=40)
    assert began[0] == first.name
    assert names(tmp_path) == [first.name]
    with Store(tmp_path / "mien.db") as store:
        held = store.run(first.name)
        members = ("model", "instrument", "protocol", "design", "seed", "traits")
        store.add_run(RunInfo(name="empty", **{name: getattr(held, name) for name in members}), ())
    with pytest.raises(EndpointRefused):
        measure(server, rounds=40, name="empty")
    assert names(tmp_path) == ["empty", first.name]


def names(folder: Path) -> list[str]:
    with Store(folder / "mien.db", read_only=True) as store:
        return sorted(run.name for run in store.runs())


def test_a_bad_key_stops_at_once_and_is_kept_nowhere(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_API_KEY", KEY)
    server.configure(api_key="another", echo_key=True)
    with pytest.raises(EndpointRefused, match="first 20 calls all failed alike: HTTP 401") as caught:
        measure(server, rounds=40)
    assert server.counts().requests <= 64  # not 200
    assert KEY not in str(caught.value)
    refusals = kept(tmp_path, KEY)
    assert len(refusals) >= 19
    assert all("HTTP 401: incorrect API key provided: [key]" in failure for failure in refusals)
    # A key that is accepted is kept nowhere either.
    server.configure(api_key=KEY)
    assert len(chosen(measure(server, rounds=40))) == 200
    assert kept(tmp_path, KEY) == [""] * 400


def kept(folder: Path, secret: str) -> list[str]:
    """The failures of all calls in the store, once the secret was found in none of its files and bodies."""
    spellings = [secret.encode(), secret.replace("/", "\\/").encode()]
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert "mien.db" in files
    db = sqlite3.connect(folder / "mien.db")
    rows = db.execute("SELECT request, body, failure, text, reasoning FROM call").fetchall()
    db.close()
    parts = [*files.values()]
    for request, body, *texts in rows:
        parts += [zlib.decompress(request), zlib.decompress(body), *(text.encode() for text in texts)]
    assert not any(spelling in part for spelling in spellings for part in parts)
    return [row[2] for row in rows]


# -- budgets -------------------------------------------------------------------------------------------------


def test_a_limit_on_calls_stops_cleanly_and_the_rest_follows(server: ScriptedServer) -> None:
    reports: list[Progress] = []
    limits = mien.Limits(max_calls=15, max_concurrency=4)
    run = measure(server, limits=limits, on_progress=reports.append)
    assert server.counts().requests == 15
    last = reports[-1]
    assert last.stopped == "the limit of 15 calls is reached"
    assert (last.total, last.tally.answered) == (20, 15)
    first = chosen(run)
    assert last.done - last.failed == len(first)
    assert 0 < len(first) <= 7
    server.reset_log()
    rest = chosen(measure(server))
    assert server.counts().requests == 25
    assert len(rest) == 20
    assert {trial: rest[trial] for trial in first} == first


def test_a_limit_on_cost_stops_before_it_is_passed(server: ScriptedServer) -> None:
    reports: list[Progress] = []
    limits = mien.Limits(max_cost=0.01, price_in=2.0, price_out=10.0, max_concurrency=4)
    run = measure(server, rounds=20, limits=limits, on_progress=reports.append)
    last = reports[-1]
    assert "the limit of $0.01 is reached" in last.stopped
    assert 0.007 < last.tally.cost <= 0.0105
    with Store(run.path, read_only=True) as store:
        rows = [row for row in store.rows(store.run(run.name).id, server.judge) if row.call]
        costs = [call.cost for row in rows if (call := store.call(row.call))]
    assert costs
    assert all(costs)
    assert len(chosen(measure(server, rounds=20))) == 100


def test_a_limit_on_cost_needs_prices(server: ScriptedServer) -> None:
    with pytest.raises(UsageError, match="gives no price; give one"):
        measure(server, limits=mien.Limits(max_cost=1.0))


# -- how it is called ----------------------------------------------------------------------------------------


def test_it_works_where_an_event_loop_is_running(server: ScriptedServer) -> None:
    async def notebook() -> Run:
        return measure(server, rounds=2)

    assert len(chosen(asyncio.run(notebook()))) == 10


def test_progress_counts_trials_and_failures(server: ScriptedServer) -> None:
    server.configure(faults={"400": 0.25}, faulty_models=("model",), latency=0.01)
    reports: list[tuple[int, int, int]] = []

    def note(progress: Progress) -> None:
        reports.append((progress.done, progress.failed, progress.total))

    run = measure(server, rounds=10, on_progress=note)
    assert len(reports) >= 2
    assert reports[0] == (0, 0, 50)
    assert [done for done, _, _ in reports] == sorted(done for done, _, _ in reports)
    done, failed, total = reports[-1]
    assert (done, total) == (50, 50)
    assert failed == 50 - len(chosen(run)) > 0


def test_what_goes_wrong_in_a_report_is_not_swallowed(server: ScriptedServer) -> None:
    def broken(progress: Progress) -> None:
        if progress.done == progress.total:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        measure(server, rounds=1, on_progress=broken)


def test_what_was_learnt_of_an_endpoint_outlives_a_run_that_breaks_off(server: ScriptedServer) -> None:
    server.configure(supports_schema=False)

    def interrupt(progress: Progress) -> None:
        if progress.done == progress.total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(server, on_progress=interrupt)
    server.reset_log()
    assert len(chosen(measure(server))) == 20
    assert server.counts().requests == 0


def test_a_plan_makes_no_call_and_no_store(server: ScriptedServer, tmp_path: Path) -> None:
    planned = plan(
        server.model,
        server.judge,
        materials=Materials(traits=TRAITS),
        length=Length(rounds=3),
        name="later",
    )
    assert (planned.name, len(planned.design)) == ("later", 15)
    assert server.counts().requests == 0
    assert list(tmp_path.iterdir()) == []
    run = carry_out(planned, Session())
    assert run.name == "later"
    assert len(chosen(run)) == 15


# -- what is done unasked ------------------------------------------------------------------------------------


def test_one_response_serves_several_trials_and_every_turn(server: ScriptedServer) -> None:
    server.configure(unasked=True)
    run = measure(server, rounds=80, instrument="exhibited", turns=2, pressure="drop")
    found = server.counts().by_role
    assert found == {"model": 160, "judge": 800}  # 400 trials, five on a response; two turns
    asked = [r.body["messages"] for r in server.requests() if r.role == "model" and r.body]
    assert not any(trait in str(messages[0]) for messages in asked for trait in TRAITS)
    with Store(run.path, read_only=True) as store:
        rows = list(store.rows(store.run(run.name).id, ""))
        later = list(store.rows(store.run(f"{run.name}@drop-2").id, ""))
    for some in (rows, later):
        assert len({row.call for row in some}) == 80
        assert all(len({row.call for row in some[t : t + 5]}) == 1 for t in range(0, 400, 5))
    profile = run.profile()
    # The response shows one trait of ten, and the judge is shown two of them.
    assert 0.1 < profile.verdicts["chosen"] / 400 < 0.35
    assert spearman_of_rows(profile) > 0.5
    again = measure(server, rounds=81, instrument="exhibited", turns=2, pressure="drop")
    assert again.outcome().complete
    assert server.counts().by_role["model"] == 162


def spearman_of_rows(profile: mien.Profile) -> float:
    found = [(row["score"], SCORES[row["trait"]]) for row in profile.rows]
    return float(scipy.stats.spearmanr(*zip(*found, strict=True)).statistic)
