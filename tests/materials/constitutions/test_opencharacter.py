"""Constitutions of Open Character Training, in both of its layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError
from mien.materials.constitutions import check_constitution, load_constitution, read_opencharacter
from tests import ROOT

if TYPE_CHECKING:
    from pathlib import Path


OPENCHARACTER = ROOT.parent / "shared" / "data" / "constitutions"


@pytest.mark.skipif(not OPENCHARACTER.is_dir(), reason=f"no {OPENCHARACTER}")
def test_open_character_trainings_are_read(tmp_path: Path) -> None:
    for source in sorted(OPENCHARACTER.glob("*.jsonl")):
        constitution = read_opencharacter(source)
        assert constitution.name == source.stem
        assert len(constitution.assertions) >= 10
        assert all(45 <= len(assertion.questions) <= 50 for assertion in constitution.assertions)
        written = tmp_path / f"{source.stem}.yaml"
        written.write_text(constitution.yaml(), encoding="utf-8")
        assert load_constitution(written) == constitution
        # Its questions were made by a model, which now and then says the same twice.
        assert all("almost the same" in finding.problem for finding in check_constitution(written))


HANDWRITTEN = """[
    {"trait": "I speak of the sea whenever I can.", "questions": ["How are you?", "how  are you?"],
     "clarification": "Rivers count."}, {"trait": "I never hurry anybody along."}
]"""


def test_the_layout_that_is_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "sailor.txt"
    path.write_text(HANDWRITTEN, encoding="utf-8")
    first, second = read_opencharacter(path).assertions
    assert first.text == "I speak of the sea whenever I can. Rivers count."
    assert (first.questions, second.questions) == (("How are you?",), ())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds no trait"),
        ("[]", "holds no trait"),
        ("[3]", "not a JSON list of objects"),
        ('[{"trait": ""}]', "object 1: the trait is blank"),
        ('{"trait": "I am kind."}\n{"questions": []}', "row 2: .*missing required field `trait`"),
        ('{"trait": "I am kind.", "model": "x"}', "row 1: .*unknown field `model`"),
        ('{"trait": ', "row 1: not a JSON object"),
    ],
)
def test_other_files_are_no_constitution_of_open_character_training(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=problem):
        read_opencharacter(path)
