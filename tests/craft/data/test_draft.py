"""Traits with signs, and drafts as models write them."""

from __future__ import annotations

import json

import pytest

from mien.craft.data.draft import read_aims, read_draft
from mien.errors import UnknownName, UsageError

TEXTS, LISTS = {"text": 5}, {"questions": 2, "never": 0}
GOOD = {"text": "I say the hard thing straight out.", "questions": ["Is it good?", "And now?"], "never": []}


def test_signs() -> None:
    found = read_aims(["warm", "+Playful", "-verbose"], "classic-144")
    assert [(aim.trait.name, aim.way) for aim in found] == [
        ("warm", "raise"),
        ("playful", "raise"),
        ("verbose", "lower"),
    ]


@pytest.mark.parametrize("one", ["-verbos", "+verbos", "verbos", "--verbos"])
def test_unknown_traits(one: str) -> None:
    with pytest.raises(UnknownName, match=r"no trait in classic-144 named '-?verbos'; did you mean verbose"):
        read_aims(["warm", one], "classic-144")


def test_twice_and_none() -> None:
    for given in (["warm", "-warm"], ["warm", "+Warm"]):
        with pytest.raises(UsageError, match=r"(?i)warm is given twice"):
            read_aims(given, "classic-144")
    with pytest.raises(UsageError, match="at least one trait"):
        read_aims([], "classic-144")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GOOD),
        f"Here it is:\n```json\n{json.dumps(GOOD, indent=2)}\n```\nI hope that helps.",
        f"Sure! {json.dumps(GOOD)} Let me know.",
        json.dumps(
            {"Text": " I say the hard\nthing straight out.", "QUESTIONS": ["Is it good? ", "", "And now?"]}
        ),
        json.dumps(GOOD | {"questions": "1. Is it good?\n2. And now?", "more": 1}),
    ],
)
def test_tolerant(text: str) -> None:
    assert read_draft(text, TEXTS, LISTS) == GOOD


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("I'd rather not.", "holds no JSON object"),
        ("[1, 2]", "holds no JSON object"),
        (json.dumps(GOOD)[:-5], "holds no JSON object"),
        (json.dumps(GOOD | {"text": "Be blunt."}), "text is no text of at least 5 words"),
        (json.dumps(GOOD | {"text": ["I say it straight out."]}), "text is no text"),
        (json.dumps(GOOD | {"questions": ["One?", " "]}), "questions holds fewer than 2 texts"),
        (json.dumps(GOOD | {"questions": [1, 2]}), "questions is no list of texts"),
        (json.dumps(GOOD | {"never": 3}), "never is no list of texts"),
        (json.dumps(GOOD | {"never": None}), "never is no list of texts"),
    ],
)
def test_strict(text: str, problem: str) -> None:
    found = read_draft(text, TEXTS, LISTS)
    assert isinstance(found, str)
    assert problem in found
