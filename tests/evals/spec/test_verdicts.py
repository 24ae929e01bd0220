"""Whether an answer meets its clause: all checks together."""

from __future__ import annotations

from typing import Any

import pytest

from mien.evals.answers import Answers
from mien.evals.item import Item
from mien.evals.spec.verdicts import questions, read
from mien.store.records import Answered, Asked

JUDGED = [{"contains": "tea"}, {"judge": "Is it kind?"}, {"judge": "Is it brief?"}]
MESSAGES = [{"role": "user", "content": "What do you drink?"}]


def item(**content: Any) -> Item:
    return Item(test="c", id="i", content={"messages": MESSAGES} | content)


def answered(text: str, readings: dict[str, str]) -> Answers:
    own = [Answered(Asked(1, "k", "", 1, 0, "", "call", ""), text, "stop", "")] if text else []
    readings_kept = [
        Answered(
            Asked(1, "k", place, 1, 0, "judge", "call", chosen), "", "stop", "" if chosen else "HTTP 500"
        )
        for place, chosen in readings.items()
    ]
    return Answers([*own, *readings_kept])


@pytest.mark.parametrize(
    ("text", "readings", "expected"),
    [
        ("Tea.", {"check 1": "yes", "check 2": "yes"}, "meets"),
        ("Tea.", {"check 1": "yes", "check 2": "no"}, "breaks"),
        ("Milk.", {"check 1": "yes"}, "breaks"),
        ("Tea.", {"check 1": "no", "check 2": ""}, "breaks"),
        ("Tea.", {"check 1": "yes", "check 2": ""}, "missing"),
        ("Tea.", {"check 1": "yes"}, "missing"),
        ("Tea.", {"check 1": "yes", "check 2": "unreadable"}, "unreadable"),
        ("Tea.", {"check 1": "yes", "check 2": "refused"}, "unreadable"),
        ("Tea.", {"check 1": "yes", "check 2": "neither"}, "not applicable"),
        ("Tea.", {"check 1": "neither", "check 2": "unreadable"}, "unreadable"),
        ("", {}, "missing"),
    ],
)
def test_all_checks_must_hold(text: str, readings: dict[str, str], expected: str) -> None:
    assert read(item(checks=JUDGED), answered(text, readings)).verdict == expected


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [("meets", "meets"), ("breaks", "breaks"), ("neither", "not applicable"), ("refused", "unreadable")],
)
def test_without_checks_the_judge_is_asked_about_the_clause(chosen: str, expected: str) -> None:
    asked = item(clause="Be kind {mark}.", applies="always")
    (question,) = questions(asked, 0)
    assert question.asked == "clause"
    assert "Be kind {mark}." in question.trial.prompt.text
    assert "When it applies: always" in question.trial.prompt.text
    assert read(asked, answered("Tea.", {"clause": chosen})) == (expected, True)


def test_what_a_check_cannot_tell_is_unread() -> None:
    assert read(item(checks=[{"language": "de"}]), answered("12", {})) == ("unreadable", False)
