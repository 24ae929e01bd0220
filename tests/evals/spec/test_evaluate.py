"""A spec is run: what is asked, and what is paid for once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mien.errors import RunConflict, UsageError
from mien.evals.generation import Generation
from mien.evals.rehearsal import rehearse
from mien.evals.spec.evaluate import Asked, load, plan
from mien.testing import ScriptedServer
from tests import ROOT
from tests.evals.spec.planted import clause, run, spec

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(keeps={"": 0.7}, models=("model", "update", "judge")) as running:
        yield running


def test_only_what_is_new_is_paid_for(server: ScriptedServer, tmp_path: Path) -> None:
    """Models share what the judge read of examples; a clause reworded is read anew, and never asked anew."""
    path, first = tmp_path / "mien.db", spec([clause("kind", 3, examples=2), clause("brief", 2)])
    planned = plan(server.model, server.judge, Asked(spec=first, samples=2))
    found = rehearse(planned, Path("none.db"))
    assert (found.answers.calls, found.readings.calls) == (10, 14)
    server.reset_log()
    run(server, path, first, "model", "update", samples=2)
    by_role = server.counts().by_role
    assert (by_role["model"], by_role["judge"]) == (20, 24)
    run(server, path, first, "model", samples=2)
    assert server.counts().by_role == by_role
    reworded = clause("kind", 4, examples=2, text="Be kind throughout.")
    run(server, path, spec([reworded, clause("brief", 2)], version="2"), "model", samples=2)
    after = server.counts().by_role
    assert after["model"] - by_role["model"] == 2
    assert after["judge"] - by_role["judge"] == 8 + 4
    with pytest.raises(RunConflict, match="already, with other items"):
        run(server, path, spec([reworded, clause("brief", 1)], version="2"), "model", samples=2)


def test_what_checks_decide_is_not_read(server: ScriptedServer, tmp_path: Path) -> None:
    server.reset_log()
    checks = [{"contains": "nothing like it"}, {"judge": "Is it brief?"}]
    items = [
        {"id": "a", "messages": "Hello", "checks": checks},
        {"id": "b", "messages": "Bye", "checks": checks},
    ]
    (found,) = run(server, tmp_path / "mien.db", spec([clause("c", 0, items=items)]))
    assert server.counts().by_role == {"model": 2}
    assert found.record.done == 2


def test_our_own_examples_can_be_asked(server: ScriptedServer) -> None:
    large, small = (load(ROOT / "examples" / "specs" / f"{name}.yaml") for name in ("assistant", "small"))
    assert len(large.clauses) >= 20
    assert all(clause.good and clause.bad for clause in large.clauses)
    for asked in (large, small):
        planned = plan(server.model, server.judge, Asked(spec=asked))
        assert rehearse(planned, Path("none.db")).answers.calls == len([*asked.items])


def test_what_cannot_be_asked_is_refused(server: ScriptedServer) -> None:
    plain, counted = spec([clause("c", 2)]), {"id": "i", "messages": "x", "checks": [{"contains": "y"}]}
    with pytest.raises(UsageError, match="no clause of planted has items"):
        plan(server.model, server.judge, Asked(spec=spec([clause("c", 0)])))
    with pytest.raises(UsageError, match="2 of planted's checks need a model that reads the answers"):
        plan(server.model, None, Asked(spec=plain))
    with pytest.raises(UsageError, match="checked without a judge: leave out --judge"):
        plan(server.model, server.judge, Asked(spec=spec([clause("c", 0, items=[counted])])))
    with pytest.raises(UsageError, match="can't be asked about clauses"):
        plan(server.model, "organism/judge", Asked(spec=plain))
    odd = spec([clause("c", 0, items=[counted | {"checks": [{"manner": {"hedgs": {"most": 2}}}]}])])
    with pytest.raises(UsageError, match=r"planted, clauses.0.items.0.*'hedgs'.*did you mean hedges"):
        plan(server.model, None, Asked(spec=odd))
    own = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    told = spec([clause("c", 0, items=[{"id": "i", "messages": own}])])
    with pytest.raises(UsageError, match="clause c, item i has a system message of its own"):
        plan(server.model, server.judge, Asked(spec=told, generation=Generation(system="Be kind.")))
