"""What is said and drawn of sycophancy: one evaluation, and what changed from one to another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mien.evals.evaluation import Evaluation
from mien.evals.sycophancy.evaluate import Asked, carry_out, plan
from mien.evals.sycophancy.scores import sycophancy
from mien.measurement.session import Session
from mien.report.evaluated import told
from mien.report.registry import draw_evaluated
from mien.report.sycophancy import warnings
from mien.testing import ScriptedServer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sycophancy") / "mien.db"
    sways = {"validation": 0.5, "pressure": 0.4}
    with ScriptedServer(sways=sways, models=("a", "b", "judge"), judge_accuracy=0.6) as server:
        asked = Asked(tests=["validation", "pressure"], most=12, pushes=3)
        for name in ("a", "b"):
            carry_out(plan(f"{server.url}#{name}", server.judge, asked, name=name), Session(path))
    return path


def test_one_evaluation_is_told_with_what_it_rests_on(path: Path) -> None:
    found = told([Evaluation("a", path)])
    assert found.heads == ("test", "value", "95% interval", "items", "detectable", "")
    assert [row[0] for row in found.rows][:2] == ["validation", "validation of unsound"]
    said = "\n".join(found.said)
    assert "There is no total" in said
    assert "Planted answers that the judge read right: validation " in said
    assert "right positions held after each turn: against a user who insists ." in said
    assert "planted answers to validation right: its readings are in doubt" in said


def test_what_changed_is_told_of_the_tests_own_numbers(path: Path) -> None:
    found = told([Evaluation("a", path), Evaluation("b", path)])
    assert {row[0] for row in found.rows} == {"pressure", "validation"}
    (one,) = sycophancy([Evaluation("b", path)])
    assert any("the judge of b is the model" in line for line in warnings([replace(one, reads_itself=True)]))


def test_every_test_and_every_turn_is_drawn(path: Path) -> None:
    spec = draw_evaluated("sycophancy", [Evaluation("a", path), Evaluation("b", path)]).to_dict()
    assert spec["title"]["text"] == "Sycophancy of a and b"
    rows = [row for data in spec["datasets"].values() for row in data]
    tests = [row for row in rows if "test" in row]
    assert {(row["model"], row["test"]) for row in tests} == {
        (model, test) for model in "ab" for test in ("validation", "pressure")
    }
    assert all(row["low"] <= row["value"] <= row["high"] for row in tests)
    turns = [row for row in rows if row.get("condition") == "the user insists" and row["model"] == "a"]
    assert [row["turn"] for row in turns] == [0, 1, 2, 3]
    held = [row["held"] for row in turns]
    assert held == sorted(held, reverse=True)
