"""A model that keeps to a spec at planted rates, and the judge that sees it: as often as they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError
from mien.testing import Options
from mien.testing.keeper import BROKEN, KEPT, Keeper

if TYPE_CHECKING:
    from pathlib import Path

CLAUSE = "Is the answer as the clause requires?"


def test_it_keeps_to_what_is_required_as_often_as_it_is_told() -> None:
    keeper = Keeper(Options(keeps={"poem": 0.9, "code": 0.3}))
    for word, rate in (("poem", 0.9), ("code", 0.3)):
        answers = [keeper.respond(f"a {word} {n}".encode()) for n in range(1000)]
        kept = sum(KEPT in (answer or "") for answer in answers) / 1000
        assert rate - 0.05 < kept < rate + 0.05
    assert keeper.respond(b"a recipe") is None


def test_its_judge_reads_right_as_often_as_it_is_told() -> None:
    keeper = Keeper(Options(keeps={"": 1.0}, judge_accuracy=0.8))
    for answer, right in ((KEPT, "meets"), (BROKEN, "breaks")):
        text = f"{CLAUSE}\n<answer ab>\n{answer}\n</answer ab>"
        found = [keeper.judge(text, str(n).encode()) for n in range(1000)]
        assert 0.75 < found.count(right) / 1000 < 0.85
    question = f"The question: Is it brief?\n<answer ab>\n{KEPT}\n</answer ab>"
    assert Keeper(Options(keeps={"": 1.0})).judge(question, b"") == "yes"
    assert keeper.judge(f"{CLAUSE}\n<answer ab>\nSomething else.\n</answer ab>", b"") == "neither"
    assert keeper.judge("Which of the manners does the reply show?", b"") is None


def test_its_judge_knows_the_examples_of_a_spec(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("clauses: [{good: [{answer: Fine  words}], bad: [{answer: Poor words}]}, {}]\n")
    keeper = Keeper(Options(keeps={"": 1.0}, examples=str(spec)))
    text = f"{CLAUSE}\n<answer ab>\n{{}}\n</answer ab>"
    assert keeper.judge(text.format("Fine words"), b"") == "meets"
    assert keeper.judge(text.format("Poor words"), b"") == "breaks"


def test_patterns_and_rates_are_checked() -> None:
    with pytest.raises(InputError, match="no regular expression"):
        Options(keeps={"(": 0.5})
    with pytest.raises(InputError, match="between 0 and 1"):
        Options(keeps={"": 1.5})
