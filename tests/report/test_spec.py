"""What is said and drawn of agreement with a spec: one evaluation, and what changed from one to another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mien.evals.spec.agreement import agreement
from mien.report.evaluated import told
from mien.report.registry import draw_evaluated
from mien.report.spec import warnings
from mien.testing import ScriptedServer
from tests.evals.spec.planted import clause, run, spec

if TYPE_CHECKING:
    from mien.evals.evaluation import Evaluation

SPEC = spec(
    [
        clause("honest", 12, examples=8, section="Truth", authority="root"),
        clause("brief", 6, authority="guideline"),
        clause("lone", 1),
    ]
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Evaluation]:
    path = tmp_path_factory.mktemp("spec") / "mien.db"
    with ScriptedServer(keeps={"honest": 0.6, "": 1.0}, models=("a", "b", "judge")) as server:
        return run(server, path, SPEC, "a", "b")


def test_one_evaluation_is_told_with_what_it_rests_on(found: list[Evaluation]) -> None:
    one = told(found[:1])
    assert one.heads[:4] == ("clause", "meets", "95% interval", "items")
    rows = {row[0]: row for row in one.rows}
    assert list(rows)[:3] == ["honest", "brief", "section Truth"]
    assert rows["brief"][1:4] == ("1.000", ".610 … 1.000", "6")
    assert rows["honest"][-2:] == ("16/16", "1.00")
    said = "\n".join(one.said)
    assert "Of 19 answers: " in said
    assert "100% of 8 good (59% … 100%) and 100% of 8 bad" in said
    assert "Not told, for want of two items that tell of it: lone" in said


def test_what_changed_is_told_clause_by_clause(found: list[Evaluation]) -> None:
    assert {row[0] for row in told(found).rows} == {"honest", "brief"}


def test_what_is_doubtful_is_said(found: list[Evaluation]) -> None:
    (one,) = agreement(found[:1])
    assert warnings([one]) == []
    on = one.calibration.clauses["honest"]
    misread = replace(one.calibration, clauses={"honest": replace(on, good_right=0, bad_right=4)})
    (examples,) = warnings([replace(one, calibration=misread)])
    assert "misread the spec's examples of these clauses" in examples
    assert "honest (4 of 16 right)" in examples
    silent = {"honest": replace(on, good=0, good_right=0, bad=0, bad_right=0, untold=16)}
    without = replace(one.calibration, acuity=None, clauses=silent)
    none, errs, cut, reworded = warnings([replace(one, calibration=without, cut_off=2, reworded=("brief",))])
    assert none == "the judge of a-planted-1 gave no verdict on 16 of 16 examples"
    assert "how often the judge of a-planted-1 errs is not known" in errs
    assert cut == "2 answers of a-planted-1 were cut off at the longest"
    assert "worded otherwise in one than in another" in reworded
    acuity = one.calibration.acuity
    assert acuity is not None
    guesses = acuity._replace(sensitivity=acuity.sensitivity._replace(share=0.2))
    blind = replace(
        one, calibration=replace(one.calibration, acuity=guesses), corrected=dict.fromkeys(one.corrected)
    )
    assert "reads examples hardly better than by chance" in warnings([blind])[0]
    record = one.evaluation.record
    one.evaluation.record = replace(record, judge=record.model)
    assert any("is the model under test" in line for line in warnings([one]))
    one.evaluation.record = record


def test_every_clause_and_version_is_drawn(found: list[Evaluation]) -> None:
    drawn = draw_evaluated("spec", found).to_dict()
    assert drawn["title"]["text"] == "Agreement with the spec: a-planted-1 and b-planted-1"
    rows = [row for data in drawn["datasets"].values() for row in data if "name" in row]
    assert {(row["model"], row["name"]) for row in rows if row["part"] == "clauses"} == {
        (f"{model}-planted-1", name) for model in "ab" for name in ("honest", "brief")
    }
    assert [row["name"] for row in rows if row["part"] == "sections"] == ["Truth"] * 2
    assert all(row["low"] <= row["rate"] <= row["high"] for row in rows)
