"""What a check finds, and on which line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.materials.constitutions import check_constitution
from tests.materials.constitutions.plain import SOUND

if TYPE_CHECKING:
    from pathlib import Path


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
        ("raise: [warm]", "raise: warm", 10, "key assertions.1.raise: is to be a list"),
        ("raise: [warm]", "raise: [yes]", 10, "raise.0: quote the text: yes is read as yes or no"),
        ("raise: [warm]", "raise: [5]", 10, "raise.0: quote the text: 5 is read as a number"),
        ("raise: [warm]", "raise: [~]", 10, "raise.0: is blank; write it"),
        ("raise: [warm]", "raise: [[warm]]", 10, "raise.0: is to be a text, not a list"),
        (
            "Why are you always wrong about football?",
            "What is this: a colon?",
            12,
            "questions.0: quote the text: it holds a colon",
        ),
        (
            "  - text: My tone remains friendly throughout a quarrel.\n    raise",
            "  - My tone remains friendly: throughout.\n    raise",
            9,
            "key assertions.1: quote the text: it holds a colon",
        ),
        ("  - Insult anybody.", "  - Insult: anybody.", 14, "never.0: quote the text: it holds a colon"),
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
