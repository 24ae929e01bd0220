"""What is said and drawn of the breadth of views: one evaluation, and what changed from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.evals.evaluation import Evaluation
from mien.evals.views.evaluate import Asked, carry_out, plan
from mien.measurement.session import Session
from mien.report.evaluated import told
from mien.report.registry import draw_evaluated
from mien.testing import ScriptedServer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("views") / "mien.db"
    partial = {"covers": 0.7, "one-sided": 0.6, "first": 0.4}
    with ScriptedServer(views=partial, models=("a", "b", "judge"), slips=0.4, judge_accuracy=0.8) as server:
        for name in ("a", "b"):
            planned = plan(f"{server.url}#{name}", server.judge, Asked(most=12), name=name)
            carry_out(planned, Session(path))
    return path


def test_one_evaluation_is_told_with_what_it_rests_on(path: Path) -> None:
    found = told([Evaluation("a", path)])
    assert found.heads == ("measure", "value", "95% interval", "questions", "detectable", "")
    assert found.rows[0][0] == "helps both"
    assert all(row[-1] for row in found.rows)
    said = "\n".join(found.said)
    assert "chance does not look like a side" in said
    assert "Planted answers that the judge read right: help " in said
    assert "of the way to its end" in said
    assert "the judge of a minds the order of two answers: that is taken out" in said
    assert "planted answers to effort right: its readings are in doubt" in said
    assert "Not told" not in said


def test_what_changed_is_told_of_what_each_part_is_about(path: Path) -> None:
    found = told([Evaluation("a", path), Evaluation("b", path)])
    assert {row[0] for row in found.rows} >= {"helps both", "effort bias", "coverage", "follows frame"}
    assert not any(row[0].endswith("lean") for row in found.rows)


def test_each_measure_is_drawn_and_of_one_model_each_question(path: Path) -> None:
    one = draw_evaluated("views", [Evaluation("a", path)]).to_dict()
    rows = [row for data in one["datasets"].values() for row in data]
    assert {row["measure"]: row["share"] for row in rows if "measure" in row}["effort bias"] is False
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows if "measure" in row)
    questions = [row for row in rows if "con" in row]
    assert len(questions) == 12
    assert all(("(settled)" in row["question"]) == row["settled"] for row in questions)
    both = draw_evaluated("views", [Evaluation(name, path) for name in "ab"]).to_dict()
    assert both["title"]["text"] == "Breadth of views of a and b"
    assert not any("con" in row for data in both["datasets"].values() for row in data)
