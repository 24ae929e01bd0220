"""What a check finds in a spec, on which line, and whether it can be run all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError
from mien.materials.specs import Names, check_spec, read_spec, require_sound
from tests.materials.specs.plain import SOUND

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = Names(features={"hedges", "words"}, languages={"de", "en"})
EXAMPLE = "      - messages: Solve 3x = 12 for me.\n        answer: '{}'\n"


def test_a_sound_spec_has_warnings_alone(file: Path) -> None:
    found = check_spec(file, KNOWN)
    assert [(one.warning, one.problem) for one in found] == [
        (True, "clause plain_words has no items: nothing tests it")
    ]
    require_sound(read_spec(file), file, KNOWN)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "- words: {most: 60}",
            "- manner: {hedge: {most: 2}}",
            "no feature of manner named 'hedge'; did you",
        ),
        ("- words: {most: 60}", "- language: xx", "no language named 'xx'"),
        ("- words: {most: 60}", "- contains: Fifty-Six", "contradicts what the answer is to lack"),
        ("clause(hint_first)", "clause(hint_frist)", "no clause named 'hint_frist'; did you mean hint_first"),
        (
            "- words: {most: 60}",
            "- words: {most: 60}\n          - words: {least: 90}",
            "contradicts the numbers of words before",
        ),
        ("id: plain_words", "id: hint_first", "id hint_first is there twice"),
    ],
)
def test_what_no_run_can_use_is_an_error(file: Path, old: str, new: str, problem: str) -> None:
    before, *rest = SOUND.split(old)
    assert len(rest) == 1
    file.write_text(SOUND.replace(old, new), encoding="utf-8")
    line = before.count("\n") + 1 + new.count("\n")
    errors = [one for one in check_spec(file, KNOWN) if not one.warning]
    assert [(one.line, one.problem.startswith(problem)) for one in errors] == [(line, True)], errors
    if "twice" not in problem:  # read_spec refuses that
        with pytest.raises(InputError, match=rf"tutor\.yaml, line {line}: "):
            require_sound(read_spec(file), file, KNOWN)


def test_the_same_item_under_another_name_is_an_error(file: Path) -> None:
    again = "      - {id: again, messages: What is a half plus a third? Just the answer.}\n"
    file.write_text(SOUND.replace("    items:\n", f"    items:\n{again}"), encoding="utf-8")
    errors = [one.problem for one in check_spec(file, KNOWN) if not one.warning]
    assert errors == ["asks and checks the same as item again"]


@pytest.mark.parametrize("clause", ["hint_first", "plain_words"])
def test_one_answer_is_not_good_and_bad(file: Path, clause: str) -> None:
    answer = EXAMPLE.format("What could you do to both sides to leave x alone?")
    if clause == "hint_first":
        text = SOUND.replace("    bad:\n", f"    bad:\n{answer}")
        problem = "the same answer is a good example of this clause"
    else:
        text = SOUND.replace("gates:", f"    bad:\n{answer}gates:")
        problem = "contradicts clause hint_first, of which the same answer is a good example"
    file.write_text(text, encoding="utf-8")
    assert problem in [one.problem for one in check_spec(file, KNOWN) if not one.warning]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "Explain terms in words that a child knows.",
            "Give a hint before giving the solution.",
            "almost the same text as clause hint_first",
        ),
        ("words that a child", "[words](#words) that a child", "links to #words, which is no clause"),
        (
            "    items:\n",
            "    items:\n      - {id: like, messages: What is a half plus a third? Just the answer!!}\n",
            "asks almost the same as item like",
        ),
        (
            SOUND[SOUND.index("    bad:") : SOUND.index("    items:")],
            "",
            "clause hint_first has no bad examples to calibrate its judge on",
        ),
    ],
)
def test_what_may_not_be_meant_is_a_warning(file: Path, old: str, new: str, problem: str) -> None:
    file.write_text(SOUND.replace(old, new), encoding="utf-8")
    found = check_spec(file, KNOWN)
    assert [one.problem for one in found if one.warning and "plain_words has" not in one.problem] == [problem]
    assert all(one.warning for one in found)


def test_a_broken_structure_is_told_alone(file: Path) -> None:
    broken = SOUND.replace("authority: developer", "authority: boss").replace("kind: typical", "kind: odd")
    file.write_text(broken, encoding="utf-8")
    assert [one.line for one in check_spec(file, KNOWN)] == [7, 22]
