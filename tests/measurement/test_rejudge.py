"""Another judge reads what is there, or the same one again, and nothing is generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import mien
from mien.errors import RunConflict, UsageError
from mien.measurement.rejudge import second_opinion
from tests.measurement.planted import chosen, measure

if TYPE_CHECKING:
    from pathlib import Path

    from mien.measurement.calls import Progress
    from mien.testing import ScriptedServer


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
    with pytest.raises(UsageError, match="organism/judge compares likelihoods, which are the same each time"):
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
