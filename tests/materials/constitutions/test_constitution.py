"""Constitutions: those that ship, those that users write, and what a check finds in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError, UnknownName
from mien.materials.constitutions import (
    check_constitution,
    load_constitution,
    read_opencharacter,
    shipped_constitutions,
    template,
)
from tests import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SOUND = """\
name: plain
description: Somebody who answers plainly and keeps to the question that was asked.
assertions:
  - text: I answer what was asked and nothing else.
    raise: [direct]
    lower: [verbose]
    questions:
      - Which bus goes to the harbour?
  - text: My tone remains friendly throughout a quarrel.
    raise: [warm]
    questions:
      - Why are you always wrong about football?
never:
  - Insult anybody.
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plain.yaml"
    path.write_text(SOUND, encoding="utf-8")
    return path


def test_five_ship_and_pass_the_check() -> None:
    names = shipped_constitutions()
    assert len(names) == 5
    assert [load_constitution(name).name for name in names] == names
    assert [check_constitution(name) for name in names] == [[]] * 5


@pytest.mark.parametrize("name", ["plain", "no: mapping", "#1", "naïve", "yes"])
def test_the_template_is_sound_whatever_its_name(file: Path, name: str) -> None:
    file.write_text(template(name), encoding="utf-8")
    assert load_constitution(file).name == name
    assert check_constitution(file) == []


def test_members_are_read(file: Path) -> None:
    first, second = load_constitution(file).assertions
    assert (first.raises, first.lowers) == (("direct",), ("verbose",))
    assert second.questions == ("Why are you always wrong about football?",)
    assert check_constitution(file) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("[warm]", "[wram]", 10, "no trait named 'wram'; did you mean warm"),
        ("[warm]", "[Verbose]", 10, "raise 'Verbose' contradicts lower on line 6"),
        ("lower: [verbose]", "lower: [direct]", 6, "lower 'direct' contradicts raise on line 5"),
        ("Why are you always wrong about football?", "which bus goes to the  HARBOUR?", 12, "the same text"),
        (
            "Why are you always wrong about football?",
            "Which bus goes to the harbour??",
            12,
            "almost the same",
        ),
        ("My tone remains friendly throughout a quarrel.", "I am nice.", 9, "has 3 words; write at least 5"),
        (
            "Somebody who answers plainly and keeps to the question that was asked.",
            "Plain.",
            2,
            "has 1 words",
        ),
        ("  - Insult anybody.", "  - ''", 14, "a blank text"),
        ("    questions:\n      - Why are you always wrong about football?\n", "", 9, "no seed questions"),
        ("assertions:", "traits: klassic-144\nassertions:", 3, "did you mean classic-144"),
        ("raise: [warm]", "rise: [warm]", 10, "key assertions.1.rise: no such key"),
        ("raise: [warm]", "raise: warm", 10, "key assertions.1.raise:"),
        (
            "  - text: My tone remains friendly throughout a quarrel.\n    raise",
            "  - raise",
            9,
            "text: is missing",
        ),
    ],
)
def test_a_check_names_the_line(file: Path, old: str, new: str, line: int, problem: str) -> None:
    assert SOUND.count(old) == 1
    file.write_text(SOUND.replace(old, new), encoding="utf-8")
    (found,) = check_constitution(file)
    assert found.line == line
    assert problem in found.problem


def test_loading_names_the_line(file: Path) -> None:
    file.write_text(SOUND.replace("never:", "nevver:"), encoding="utf-8")
    with pytest.raises(InputError, match=r"plain\.yaml, line 13: key nevver: no such key"):
        load_constitution(file)


def test_a_key_given_twice_is_refused(file: Path) -> None:
    file.write_text(SOUND.replace("    lower: [verbose]", "    raise: [verbose]"), encoding="utf-8")
    for read in (load_constitution, check_constitution):
        with pytest.raises(InputError, match=r"plain\.yaml, line 6: key raise was given on line 5 already"):
            read(file)


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


@pytest.mark.parametrize("text", ["", "- a list", "name: [", "just text"])
def test_what_is_no_mapping_is_refused(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    for read in (load_constitution, check_constitution):
        with pytest.raises(InputError, match=r"plain\.yaml"):
            read(file)


def test_unknown_names(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean candid-friend"):
        load_constitution("candid-freind")
    with pytest.raises(InputError, match="no such file"):
        load_constitution(tmp_path / "absent.yaml")
