"""Checks are read, and refused where they could never hold or never be counted."""

from __future__ import annotations

from typing import Any

import pytest

from mien.materials.specs import Bounds, Check
from mien.materials.specs.checks import read_check


@pytest.mark.parametrize(
    ("given", "kind", "value"),
    [
        ({"contains": "yes"}, "contains", ("yes",)),
        ({"lacks": ["a", "b"]}, "lacks", ("a", "b")),
        ({"matches": r"^\d+$"}, "matches", r"^\d+$"),
        ({"schema": {"type": "object"}}, "schema", {"type": "object"}),
        ({"words": {"least": 2, "most": 9}}, "words", Bounds(2, 9)),
        ({"language": "de"}, "language", "de"),
        ({"manner": {"hedges": {"most": 2}}}, "manner", {"hedges": Bounds(most=2)}),
        ({"judge": "Is it kind?"}, "judge", "Is it kind?"),
    ],
)
def test_each_kind_is_read_and_written_as_it_was(given: dict[str, Any], kind: str, value: object) -> None:
    check = read_check(given)
    assert check == Check(kind, value)  # pyright: ignore[reportArgumentType]
    assert check.members() == given
    assert check.counted == (kind != "judge")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("yes", "a key and its value"),
        ({"contain": "yes"}, "no check named 'contain'; did you mean contains"),
        ({"contains": "a", "lacks": "b"}, "entry of its own: - contains; - lacks"),
        ({"contains": []}, "contains: is an empty list"),
        ({"lacks": ["a", " "]}, "lacks: is blank"),
        ({"contains": 5}, "contains: is blank, or no text; quote it"),
        ({"matches": "(a"}, "matches: is no regular expression"),
        ({"schema": {"type": "objekt"}}, "schema: is no JSON Schema"),
        ({"schema": {"items": {"$ref": "https://example.org/s.json"}}}, "write out what it refers to"),
        ({"words": {}}, "words: give least, most, or both"),
        ({"words": {"least": 9, "most": 2}}, "least 9 is above most 2: nothing meets it"),
        ({"words": {"max": 2}}, "no such key: max"),
        ({"words": {"most": True}}, "most is a number"),
        ({"language": "German"}, "language: is the code of a language"),
        ({"manner": {"hedges": 2}}, "manner: hedges: is least, most, or both"),
        ({"judge": ""}, "judge: is blank"),
    ],
)
def test_what_is_no_check_is_refused(given: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_check(given)


def test_bounds_hold_their_ends_and_no_nan() -> None:
    assert [Bounds(2, 4).hold(value) for value in (1, 2, 4, 5, float("nan"))] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert Bounds(least=2).hold(1e9)
