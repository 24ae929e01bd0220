"""How far models agree with a spec: rates, what they rest on, and what cannot be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mien.errors import NotIdentified
from mien.evals.spec.agreement import agreement
from mien.stats.diffs import diff
from mien.stats.diffs.gates import check, holds
from mien.testing import ScriptedServer
from tests.evals.spec.planted import clause, run, spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mien.evals.evaluation import Evaluation

SPEC = spec(
    [
        clause("honest", 60, examples=25, section="Truth", authority="root"),
        clause("brief", 20, section="Manner", authority="guideline"),
        clause("sure", 20, section="Manner", authority="guideline"),
        clause("lone", 1, authority="guideline"),
    ]
)
KEEPS = {"About honest": 0.72, "About brief": 0.9, "About sure": 1.0, "": 0.5}


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(keeps=KEEPS, judge_accuracy=0.85, models=("v1", "v2", "judge"), seed=4) as running:
        yield running


@pytest.fixture(scope="module")
def found(server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> list[Evaluation]:
    path = tmp_path_factory.mktemp("spec") / "mien.db"
    first = run(server, path, SPEC, "v1", samples=2)
    server.configure(keeps=KEEPS | {"About brief": 0.2})
    return [*first, *run(server, path, SPEC, "v2", samples=2)]


def test_a_rate_and_what_it_would_be_without_the_judges_errors(found: list[Evaluation]) -> None:
    """A rate of .72 under a judge of .85 is read as .85 · .72 + .15 · .28."""
    one = agreement(found)[0]
    place = one.estimates.names.index("honest")
    low, high = one.estimates.intervals()
    assert low[place] < 0.654 < high[place]
    corrected = one.corrected["honest"]
    assert corrected is not None
    assert corrected.low < 0.72 < corrected.high
    assert corrected.high - corrected.low > high[place] - low[place]
    assert one.calibration.clauses["honest"].n == 50
    assert one.verdicts["honest"]["meets"] + one.verdicts["honest"]["breaks"] == 120
    assert one.estimates.clusters_per_quantity[place] == 60


def test_clauses_stand_beside_their_sections_and_authorities(found: list[Evaluation]) -> None:
    one = agreement(found)[0]
    groups = {group.name: group.clauses for group in one.groups}
    assert list(groups) == [
        *("honest", "brief", "sure"),
        *("section Truth", "section Manner", "authority root", "authority guideline", "all clauses"),
    ]
    assert groups["authority guideline"] == {"brief", "sure", "lone"}
    names = one.estimates.names
    values = dict(zip(names, one.estimates.values, strict=True))
    assert values["section Manner"] == pytest.approx((values["brief"] + values["sure"]) / 2)
    assert one.compared().names == ("honest", "brief", "sure")
    assert one.compared("authority root").names == ("honest", "brief", "sure", "authority root")


def test_versions_are_paired_clause_by_clause(found: list[Evaluation]) -> None:
    before, after = (one.compared() for one in agreement(found))
    changed = diff(before, after)
    assert changed.noun == "clause"
    assert changed.paired == 101
    assert {change.name: (change.changed, change.better) for change in changed.changes} == {
        "brief": (True, False),
        "honest": (False, None),
        "sure": (False, None),
    }
    fell, unsure, stopped = check(changed, ["clause(brief) < .5", "clause(sure) < .8", "clause(lone) < .9"])
    assert fell["status"] == "failed"
    assert unsure["status"] == "undecided"
    assert not unsure["incomplete"]
    assert (stopped["status"], stopped["incomplete"]) == ("undecided", True)
    assert holds([unsure])
    assert not holds([stopped])


def test_twenty_of_twenty_is_no_certainty(tmp_path: Path) -> None:
    asked = spec([clause("sure", 20)])
    with ScriptedServer(keeps={"": 1.0}) as server:
        (one,) = agreement(run(server, tmp_path / "mien.db", asked))
    assert one.estimates.values[0] == 1
    assert np.array(one.estimates.intervals())[:, 0] == pytest.approx([0.839, 1], abs=0.001)
    assert one.corrected == {"sure": None, "all clauses": None}
    assert not one.reads_itself


def test_items_of_one_conversation_or_cluster_count_once(tmp_path: Path) -> None:
    """Four items of two conversations, and two of a cluster: three answers' worth."""
    same = [{"id": f"s{n}", "messages": f"Hello {n}"} for n in range(2)]
    together = [{"id": f"t{n}", "messages": f"Bye {n}", "cluster": "byes"} for n in range(2)]
    asked = spec([clause("a", 0, items=[*same, *together]), clause("b", 0, items=same)])
    with ScriptedServer(keeps={"": 1.0}) as server:
        (one,) = agreement(run(server, tmp_path / "mien.db", asked))
        assert server.counts().by_role["model"] == 4
    assert dict(zip(one.estimates.names, one.estimates.clusters_per_quantity, strict=True)) == {
        "a": 3,
        "b": 2,
        "all clauses": 3,
    }


def test_failures_enter_no_denominator(tmp_path: Path) -> None:
    asked = spec([clause("a", 30)])
    with ScriptedServer(keeps={"": 1.0}, faults={"400": 0.3}, faulty_models=("judge",)) as server:
        (one,) = agreement(run(server, tmp_path / "mien.db", asked))
    verdicts = one.verdicts["a"]
    assert verdicts["missing"] > 0
    assert verdicts["breaks"] == 0
    assert one.estimates.values[0] == 1
    assert one.estimates.made.missing == verdicts["missing"]


def test_what_cannot_be_told_is_said(server: ScriptedServer, tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    lone = run(server, path, spec([clause("lone", 1)], version="a"), "v1")
    with pytest.raises(NotIdentified, match="no clause has two items that tell of v1-planted-a"):
        agreement(lone)
    first = run(server, path, spec([clause("a", 3), clause("b", 3)], version="b"), "v1")
    second = run(server, path, spec([clause("b", 3, text="New."), clause("c", 3)], version="c"), "v1")
    before, after = agreement([*first, *second])
    assert before.estimates.names == after.estimates.names == ("b", "all clauses")
    assert before.groups[-1].clauses == {"b"}
    assert before.estimates.unrated == ("a", "c")
    assert before.reworded == ("b",)
    other = run(server, path, spec([clause("d", 3)], version="d"), "v1")
    with pytest.raises(NotIdentified, match="or the specs share no clause"):
        agreement([*first, *other])
