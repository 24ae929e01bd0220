"""Constitutions of Open Character Training, in both of its layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError
from mien.materials.constitutions import check_constitution, import_constitution, load_constitution
from tests import ROOT

if TYPE_CHECKING:
    from pathlib import Path


OPENCHARACTER = ROOT.parent / "shared" / "data" / "constitutions"


@pytest.mark.skipif(not OPENCHARACTER.is_dir(), reason=f"no {OPENCHARACTER}")
def test_open_character_trainings_are_read(tmp_path: Path) -> None:
    for source in sorted(OPENCHARACTER.glob("*.jsonl")):
        constitution = import_constitution(source).constitution
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
    first, second = import_constitution(path).constitution.assertions
    assert first.text == "I speak of the sea whenever I can. Rivers count."
    assert (first.questions, second.questions) == (("How are you?",), ())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("[]", "holds no trait"),
        ("[3]", "object 1: is no object with a trait: 3"),
        ('[{"trait": ""}]', "object 1: the trait is blank"),
        ('{"trait": "I am kind."}\n{"questions": []}', "row 2: .*missing required field `trait`"),
        ('{"trait": null}', "row 1: .*Expected `str`, got `null`"),
        ('{"trait": ', "row 1: not a JSON object"),
        ('[{"trait": ', "odd.jsonl: is not JSON"),
    ],
)
def test_other_files_are_no_constitution_of_open_character_training(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=problem):
        import_constitution(path)


def test_nulls_and_keys_of_others_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text(
        '{"trait": "I am kind.", "questions": null, "additional_questions": ["Why?", null], "model": "x"}\n'
        '{"trait": "I am calm.", "clarification": null}\n'
    )
    imported = import_constitution(path)
    assert [(one.text, one.questions) for one in imported.constitution.assertions] == [
        ("I am kind.", ("Why?",)),
        ("I am calm.", ()),
    ]
    assert imported.notes == ("read as 2 traits of Open Character Training", "passed over: model")
