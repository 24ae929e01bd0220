"""A study carried out: side by side, and a run that cannot go on ends alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mien.errors import InputError
from mien.measurement.session import Session
from mien.measurement.study.forecast import forecast, require_priced
from mien.measurement.study.standing import standings
from mien.measurement.study.study import load_study
from mien.measurement.study.work import carry_out, prepare
from mien.models.usage import Limits
from tests.measurement.planted import TRAITS

if TYPE_CHECKING:
    from pathlib import Path

    from mien.measurement.study.progress import StudyProgress
    from mien.measurement.study.study import Study
    from mien.testing import ScriptedServer

ROUNDS = 4
TRIALS = 20


def laid_out(folder: Path, server: ScriptedServer, more: str = "", judge: str = "judge") -> Study:
    (folder / "traits.txt").write_text("\n".join(TRAITS) + "\n")
    (folder / "s.yaml").write_text(
        f"models:\n  - '{server.url}#model'\n  - '{server.url}#other'\n"
        f"judge: '{server.url}#{judge}'\ntraits: traits.txt\nrounds: {ROUNDS}\n{more}"
    )
    return load_study(folder / "s.yaml")


def priced(folder: Path, **limits: Any) -> Session:
    return Session(folder / "m.db", limits=Limits(price_in=1, price_out=1, **limits))


def test_runs_go_on_side_by_side_and_judges_read_again(tmp_path: Path, server: ScriptedServer) -> None:
    study = laid_out(tmp_path, server, "ablations: [{name: hot, judge: {sampling: {temperature: 0.7}}}]\n")
    assert forecast(study, priced(tmp_path)).calls == 2 * 3 * TRIALS
    seen: list[set[str]] = []

    def heed(progress: StudyProgress) -> None:
        seen.append({run.label for run in progress.runs if run.state == "running"})

    progress = carry_out(study, Session(tmp_path / "m.db"), on_progress=heed)
    assert [(run.state, run.done, run.failed) for run in progress.runs] == [("done", TRIALS, 0)] * 2
    assert {"model", "other"} in seen
    made = sum(run.tally.requests for run in progress.runs)
    assert progress.tally.requests == made == stored(tmp_path / "m.db")
    assert made <= 2 * 3 * TRIALS  # models that answer alike are read once
    found = standings(study, tmp_path / "m.db")
    assert [(one.judge.rpartition("#")[2], one.complete) for one in found] == [
        ("judge", True),
        ("hot", True),
    ] * 2
    left = forecast(study, Session(tmp_path / "m.db"))
    assert (left.calls, left.cost, left.seconds) == (0, 0.0, 0.0)
    assert carry_out(study, Session(tmp_path / "m.db")).tally.requests == 0


def test_in_batches_runs_that_share_a_judge_ask_for_nothing_twice_at_half_the_price(
    tmp_path: Path, server: ScriptedServer
) -> None:
    more = "ablations: [{name: hot, judge: {sampling: {temperature: 0.7}}}]\nbatch: true\n"
    study, session = laid_out(tmp_path, server, more), priced(tmp_path)
    live = forecast(laid_out(tmp_path, server, more.replace("batch: true", "batch: false")), session).cost
    assert forecast(study, session).cost == pytest.approx((live or 0) / 2)
    server.configure(batch_looks=1)
    prepare(study, session)
    progress = carry_out(study, session)
    assert [(run.state, run.done, run.failed) for run in progress.runs] == [("done", TRIALS, 0)] * 2
    bodies = [msgspec.json.encode(one.body, order="sorted") for one in server.requests()]
    assert len(bodies) == len(set(bodies)) == stored(tmp_path / "m.db")
    assert server.counts().batched > len(bodies) / 2
    assert progress.tally.in_flight == 0


def test_one_budget_holds_over_all(tmp_path: Path, server: ScriptedServer) -> None:
    study = laid_out(tmp_path, server)
    progress = carry_out(study, Session(tmp_path / "m.db", limits=Limits(max_calls=30)))
    assert {run.state for run in progress.runs} == {"stopped"}
    assert progress.tally.requests == server.counts().requests == 30
    assert not all(one.complete for one in standings(study, tmp_path / "m.db"))
    assert forecast(study, priced(tmp_path)).calls == 4 * TRIALS - 30
    carry_out(study, Session(tmp_path / "m.db"))
    assert server.counts().requests == stored(tmp_path / "m.db") > 2 * TRIALS


def test_an_endpoint_that_gives_up_leaves_the_others_alone(tmp_path: Path, server: ScriptedServer) -> None:
    server.configure(faults={"402": 1.0}, faulty_models=("other",))
    study = laid_out(tmp_path, server)
    progress = carry_out(study, Session(tmp_path / "m.db"))
    first, second = progress.runs
    assert (first.state, first.done, second.state) == ("done", TRIALS, "failed")
    ((failure, labels),) = progress.failures.items()
    assert "account is spent" in failure
    assert labels == ["other"]
    server.configure(faults={})
    assert [run.state for run in carry_out(study, Session(tmp_path / "m.db")).runs] == ["done", "done"]


def test_a_name_that_is_taken_is_told_before_the_first_call(tmp_path: Path, server: ScriptedServer) -> None:
    carry_out(laid_out(tmp_path, server), Session(tmp_path / "m.db"))
    server.reset_log()
    with pytest.raises(
        InputError, match=r"s.yaml, line 1: .*'s:model' already, with another design .*another name:"
    ):
        carry_out(laid_out(tmp_path, server, "seed: 5\n"), Session(tmp_path / "m.db"))
    assert server.counts().requests == 0


def test_a_budget_that_cannot_be_kept_is_refused(tmp_path: Path, server: ScriptedServer) -> None:
    study = laid_out(tmp_path, server, "max_cost: 5\n")
    with pytest.raises(InputError, match=r"line 2: the limit on cost \(\$5\) cannot be kept: .*price:"):
        require_priced(study, Session(tmp_path / "m.db", limits=Limits(max_cost=5)))
    require_priced(study, priced(tmp_path, max_cost=5))
    require_priced(study, Session(tmp_path / "m.db"))


def test_prices_of_the_file_are_kept_to(tmp_path: Path, server: ScriptedServer) -> None:
    text = (
        f"models: {{model: '{server.url}#model', price: [1000000, 0]}}\n"
        f"judge: {{model: '{server.url}#judge', price: [0, 0]}}\ntraits: traits.txt\nrounds: 1\n"
    )
    laid_out(tmp_path, server)
    (tmp_path / "s.yaml").write_text(text)
    study = load_study(tmp_path / "s.yaml")
    require_priced(study, Session(tmp_path / "m.db", limits=Limits(max_cost=1e9)))
    (run,) = carry_out(study, Session(tmp_path / "m.db", limits=Limits(max_cost=1e9))).runs
    of_model = query(tmp_path / "m.db", "SELECT sum(tokens_in) FROM call WHERE model = 'model'")
    assert run.tally.cost == pytest.approx(of_model)


def stored(store: Path) -> int:
    return query(store, "SELECT count(*) FROM call")


def query(store: Path, statement: str) -> int:
    with closing(sqlite3.connect(store)) as db:
        return db.execute(statement).fetchone()[0]


def test_models_in_this_process_take_turns(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "models: [organism/v1, organism/v2]\njudge: organism/judge\ntraits: [warm, curious]\nrounds: 2\n"
    )
    together = 0

    def heed(progress: StudyProgress) -> None:
        nonlocal together
        together = max(
            together, sum(run.progress is not None and run.state == "running" for run in progress.runs)
        )

    progress = carry_out(
        load_study(tmp_path / "s.yaml"), Session(tmp_path / "m.db"), check_judge=0, on_progress=heed
    )
    assert [run.state for run in progress.runs] == ["done", "done"]
    assert together == 1


def test_a_session_asks_as_the_file_says(tmp_path: Path, server: ScriptedServer) -> None:
    study = laid_out(tmp_path, server)
    (tmp_path / "s.yaml").write_text(
        f"models: [{{model: mine, served_by: '{server.url}'}}, openai/b]\njudge: '{server.judge}'\n"
        f"traits: traits.txt\nrounds: 600\nmax_calls: 7\n"
        f"endpoints:\n  openai: {{rpm: 30}}\n  '{server.url}': {{max_concurrency: 3}}\n"
    )
    study = load_study(tmp_path / "s.yaml")
    session = Session(tmp_path / "m.db", limits=Limits(max_concurrency=10))
    prepare(study, session)
    assert session.limits.max_calls == 7
    assert session.limits.speed("https://api.openai.com/v1") == (10, 30, None)
    assert session.limits.speed(server.url) == (3, None, None)
    assert session.limits.speed("http://elsewhere/v1") == (10, None, None)
    assert [one.url for one in session.served.servers("mine")] == [server.url]
    mine, other = forecast(study, session).portions
    assert mine.seconds == 3000 * 12 / 3
    assert other.seconds == 3000 * 60 / 30
    budget = Session(tmp_path / "m.db", limits=Limits(max_cost=1))
    prepare(study, budget)
    assert (budget.limits.max_calls, budget.limits.max_cost) == (None, 1)


def test_a_run_that_stops_at_a_target_goes_on_where_it_was_stopped(
    tmp_path: Path, server: ScriptedServer
) -> None:
    study = laid_out(tmp_path, server)
    text = (tmp_path / "s.yaml").read_text()
    (tmp_path / "s.yaml").write_text(text.replace(f"rounds: {ROUNDS}", "until_stderr: 120\nmax_trials: 400"))
    study = load_study(tmp_path / "s.yaml")
    carry_out(study, Session(tmp_path / "m.db", limits=Limits(max_calls=100)))
    assert not any(one.complete for one in standings(study, tmp_path / "m.db"))
    progress = carry_out(study, Session(tmp_path / "m.db"))
    found = standings(study, tmp_path / "m.db")
    assert all(one.complete and 50 < one.read == one.designed < 400 for one in found)
    assert all(run.ended[0].check and run.ended[0].check.met for run in progress.runs)
