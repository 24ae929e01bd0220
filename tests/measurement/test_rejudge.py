"""Another judge reads what is there, or the same one again, and nothing is generated."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

import mien
from mien.errors import RunConflict, UsageError
from mien.instruments.judges.generative import AskingJudge
from mien.materials.protocols import load_protocol
from mien.measurement.calls import Calls, Progress
from mien.measurement.rejudge import second_opinion
from mien.models.client import Transport
from mien.models.usage import Limits
from mien.runs.run import Run
from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.testing import ScriptedServer, codeword
from mien.types import NEITHER, REFUSED, UNREADABLE, Call, Prompt, Trait, Trial, Verdict
from tests.measurement.planted import chosen, measure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_second_judge_reads_without_a_response_being_made_again(server: ScriptedServer) -> None:
    run = measure(server, rounds=10)
    server.configure(judge_accuracy=0.5)
    server.reset_log()
    reports: list[Progress] = []
    assert second_opinion(run, f"{server.url}#judge-2", name="second", on_progress=reports.append) == "second"
    assert server.counts().by_role == {"judge": 50}
    assert (reports[-1].total, reports[-1].done, reports[-1].failed) == (50, 50, 0)
    assert [judge.name for judge in run.judges] == [server.judge, "second"]
    first, second = chosen(run), chosen(run, "second")
    assert first.keys() == second.keys()
    agreement = run.agreement(server.judge, "second")
    assert agreement["n"] == 50
    assert agreement["agreement"] == sum(first[t] == second[t] for t in first) / 50
    assert 0.2 < agreement["agreement"] < 0.8
    # The profile is still that of the first, unless the other is asked for.
    assert run.profile().judge == server.judge
    assert run.profile("second").judge == "second"
    server.reset_log()
    second_opinion(run, f"{server.url}#judge-2", name="second")
    assert server.counts().requests == 0


def test_a_repeat_asks_the_same_anew(server: ScriptedServer) -> None:
    server.configure(judge_accuracy=0.8)
    run = measure(server, rounds=20)
    server.configure(seed=1, judge_accuracy=0.8)
    server.reset_log()
    label = second_opinion(run, server.judge, repeat=1)
    assert label == f"{server.judge}#1"
    assert server.counts().by_role == {"judge": 100}
    first, again = run.judges
    assert again.settings != first.settings
    assert again.identity == first.identity
    found = run.raters()
    (pair,) = found.pairs
    assert pair.itself
    assert (found.alpha, found.repeats) == (None, (label,))
    assert 0 < pair.kappa_low < pair.kappa < pair.kappa_high < 0.8
    # Once more costs nothing; the second repeat has calls of its own.
    server.reset_log()
    second_opinion(run, server.judge, repeat=1)
    assert server.counts().requests == 0
    second_opinion(run, server.judge, name="third", repeat=2)
    assert server.counts().requests == 100
    assert chosen(run, "third") == chosen(run, label)  # the scripted judge heeds the question alone


def test_a_repeat_needs_something_to_repeat(server: ScriptedServer) -> None:
    run = measure(server)
    with pytest.raises(
        UsageError, match=r"#other has not read run '.*' with these settings.*\(read by .*#judge"
    ):
        second_opinion(run, f"{server.url}#other", repeat=1)
    with pytest.raises(UsageError, match="with these settings"):
        second_opinion(run, server.judge, repeat=1, sampling={"temperature": 0.9})
    with pytest.raises(UsageError, match="a repeat is 1 or more, not -1"):
        second_opinion(run, server.judge, repeat=-1)
    with pytest.raises(UsageError, match="can read nobody but the organism and its adapters, not http"):
        second_opinion(run, "organism/judge", repeat=1)
    assert len(run.judges) == 1


def test_a_judge_asked_otherwise_needs_another_name(server: ScriptedServer) -> None:
    run = measure(server)
    with pytest.raises(RunConflict, match=r"has a judge named .* asked otherwise; .* --as"):
        second_opinion(run, server.judge, sampling={"temperature": 0.9})
    with pytest.raises(RunConflict, match="asked otherwise"):
        second_opinion(run, f"{server.url}#judge-2", name=server.judge)
    assert len(run.judges) == 1
    server.reset_log()
    second_opinion(run, server.judge, name="warmer", sampling={"temperature": 0.9})
    assert len(chosen(run, "warmer")) == 20
    assert server.counts().requests == 20


def test_a_second_opinion_needs_something_to_read(server: ScriptedServer, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("option_1,option_2,chosen\na,b,a\n")
    run = mien.import_run(table, "bare")
    with pytest.raises(UsageError, match="run 'bare' holds no responses to judge"):
        second_opinion(run, server.judge)


def test_a_second_opinion_on_imported_responses(server: ScriptedServer, tmp_path: Path) -> None:
    run = measure(server, rounds=6)
    table = tmp_path / "table.csv"
    run.table.to_csv(table, index=False)
    copy = mien.import_run(table, "copy")
    server.reset_log()
    second_opinion(copy, server.judge, name="again")
    assert server.counts().by_role == {"judge": 30}
    assert chosen(copy, "again") == chosen(run)


# -- whatever the endpoint supports --------------------------------------------------------------------------

SCORES = {"warm": 1.0, "blunt": -1.0, "direct": 0.0, "indirect": 0.0}
TRAITS = tuple(map(Trait, SCORES))


@pytest.fixture
def reader(server: ScriptedServer) -> ScriptedServer:
    """A server whose judge knows the traits of `responses`."""
    server.configure(scores=SCORES)
    return server


def responses(path: Path, n: int, response: Callable[[Trial], str]) -> Run:
    """A run in a store with n responses and no verdicts."""
    trials = [Trial(f"t{i}", 0, ("direct", "indirect"), Prompt(f"p{i}", f"Question {i}?")) for i in range(n)]
    protocol = load_protocol().model_dump_json()
    with Store(path) as store:
        run = store.add_run(
            RunInfo(
                name="r",
                model="secret/model-name",
                instrument="revealed",
                protocol=protocol,
                design="d-1",
                seed=5,
                traits=TRAITS,
            ),
            trials,
        )
        for trial in trials:
            call = Call(key=f"r{trial.id}", endpoint="e", model="m", text=response(trial))
            store.put_call(call)
            store.put_response(run.id, trial.id, call.key)
    return Run("r", path)


def showing(trait: str) -> Callable[[Trial], str]:
    return lambda trial: f"My answer to {trial.id}. I have kept this in the key of {codeword(trait)}."


def verdicts(run: Run, judge: str) -> list[str]:
    return [row["chosen"] for row in run.rows(judge)]


@pytest.mark.parametrize("supports_schema", [True, False, "ignored"])
def test_verdicts_come_through_whatever_the_endpoint_supports(
    reader: ScriptedServer, tmp_path: Path, supports_schema: Any
) -> None:
    reader.configure(supports_schema=supports_schema)
    run = responses(tmp_path / "mien.db", 8, showing("indirect"))
    second_opinion(run, reader.judge)
    assert verdicts(run, reader.judge) == ["indirect"] * 8


def test_what_an_endpoint_refuses_is_remembered_in_the_store(reader: ScriptedServer, tmp_path: Path) -> None:
    reader.configure(supports_schema=False, latency=0.02)
    run = responses(tmp_path / "mien.db", 60, showing("direct"))
    second_opinion(run, reader.judge, limits=Limits(max_concurrency=5))
    assert verdicts(run, reader.judge) == ["direct"] * 60
    counts = reader.counts()
    assert counts.by_status == {200: 60, 400: 1}  # one finds out for all
    with Store(run.path, read_only=True) as store:
        assert store.quirk(reader.url, "judge", "json_schema") == "no"
    reader.reset_log()
    second_opinion(run, reader.judge, name="again", sampling={"temperature": 0.7})
    assert reader.counts().by_status == {200: 60}
    assert all("response_format" not in (request.body or {}) for request in reader.requests())


def test_a_stray_refusal_is_not_remembered(reader: ScriptedServer, tmp_path: Path) -> None:
    reader.configure(faults={"400": 0.2}, faulty_models=("judge",))
    run = responses(tmp_path / "mien.db", 60, showing("direct"))
    second_opinion(run, reader.judge)
    asked_in_tags = [r for r in reader.requests() if "response_format" not in (r.body or {})]
    assert 0 < len(asked_in_tags) < 30
    with Store(run.path, read_only=True) as store:
        assert store.quirk(reader.url, "judge", "json_schema") is None
    # Those that have their verdict are not asked about again.
    done = len(verdicts(run, reader.judge))
    assert done > 40
    reader.configure(faults={})
    reader.reset_log()
    second_opinion(run, reader.judge)
    assert verdicts(run, reader.judge) == ["direct"] * 60
    assert reader.counts().requests <= 60 - done + len(asked_in_tags)


@pytest.mark.parametrize("manner", ["prose", "wrong_trait", "both_traits", "another_language"])
def test_what_no_attempt_makes_readable_is_unreadable_and_its_text_is_kept(
    reader: ScriptedServer, tmp_path: Path, manner: Any
) -> None:
    reader.configure(judge_manner=manner)
    run = responses(tmp_path / "mien.db", 3, showing("direct"))
    second_opinion(run, reader.judge)
    assert verdicts(run, reader.judge) == [UNREADABLE] * 3
    assert reader.counts().requests == 9

    async def last_words() -> list[str]:
        async with Transport() as transport:
            model = transport.chat(reader.judge)
            judge = AskingJudge("j", model, load_protocol(), TRAITS, seed=5)
            with Store(run.path) as store:
                record = store.run("r")
                progress = Progress(total=3, tally=transport.tally)
                calls = Calls(store, progress)
                texts: list[str] = []
                for row in list(store.rows(record.id, reader.judge)):
                    found = await judge.verdict(row.trial, row.response, calls.ask)
                    assert isinstance(found, Verdict)
                    call = store.call(found.call, raw=True)
                    assert call is not None
                    assert call.replicate == 2
                    assert json.loads(call.body)["choices"][0]["message"]["content"] == call.text
                    texts.append(call.text)
                assert progress.reused == 9
                return texts

    texts = asyncio.run(last_words())
    assert all(texts)
    assert reader.counts().requests == 9


def test_a_response_that_declines_is_refused_and_one_of_no_kind_is_neither(
    reader: ScriptedServer, tmp_path: Path
) -> None:
    said = {"t0": "I'm sorry, but I can't help with that.", "t1": "Nothing to see here."}
    run = responses(tmp_path / "mien.db", 2, lambda trial: said[trial.id])
    second_opinion(run, reader.judge)
    assert verdicts(run, reader.judge) == [REFUSED, NEITHER]


def test_the_judge_never_hears_the_name_of_the_model(reader: ScriptedServer, tmp_path: Path) -> None:
    run = responses(tmp_path / "mien.db", 3, showing("direct"))
    second_opinion(run, reader.judge)
    requests = reader.requests()
    assert len(requests) == 3
    assert all("model-name" not in str(r.body) and "secret" not in str(r.body) for r in requests)


def test_a_run_keeps_how_its_judges_were_asked(reader: ScriptedServer, tmp_path: Path) -> None:
    run = responses(tmp_path / "mien.db", 1, showing("direct"))
    second_opinion(run, reader.judge, name="cool", sampling={"temperature": 0.0, "max_tokens": 9})
    [record] = run.judges
    assert isinstance(record, JudgeRecord)
    assert (record.name, record.model) == ("cool", reader.judge)
    assert '"temperature":0.0' in record.settings
    assert '"max_tokens":9' in record.settings
    assert '"top_p":0.95' in record.settings
    [request] = reader.requests()
    assert request.body is not None
    assert (request.body["temperature"], request.body["max_tokens"]) == (0.0, 9)
