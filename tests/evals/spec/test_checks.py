"""What can be checked in an answer without a judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mien.evals.spec.checks import Checked
from mien.materials.specs.checks import read_check

if TYPE_CHECKING:
    from mien.types import Message

ASKED: tuple[Message, ...] = ({"role": "user", "content": "Here is my poem. Is it good?"},)
OBJECT = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("check", "text", "holds"),
    [
        ({"contains": "green Tea"}, "I like GREEN\n tea.", True),
        ({"contains": ["coffee", "tea"]}, "Tea it is.", True),
        ({"contains": "coffee"}, "Tea it is.", False),
        ({"contains": "tea"}, "", False),
        ({"lacks": ["coffee", "milk"]}, "Tea it is.", True),
        ({"lacks": ["coffee", "tea"]}, "Tea it is.", False),
        ({"matches": r"^\d+ cups"}, "12 cups", True),
        ({"matches": r"^\d+ cups"}, "some cups", False),
        ({"schema": OBJECT}, ' {"a": 1}\n', True),
        ({"schema": OBJECT}, '{"a": "one"}', False),
        ({"schema": OBJECT}, '```json\n{"a": 1}\n```', False),
        ({"schema": OBJECT}, '{"a": 1', False),
        ({"schema": {"type": "array"}}, "[" * 100_000, False),
        ({"words": {"least": 3, "most": 3}}, "Don't use `x`", True),
        ({"words": {"most": 2}}, "one two three", False),
        ({"language": "de"}, "Das ist ein recht langer Satz, der auf Deutsch geschrieben ist.", True),
        ({"language": "de"}, "This is a rather long sentence that is written in English.", False),
        ({"language": "de"}, "12", None),
        ({"manner": {"questions": {"most": 0}, "words": {"least": 2}}}, "It is. Really.", True),
        ({"manner": {"questions": {"most": 0}}}, "Is it?", False),
        ({"manner": {"reading ease": {"least": 0}}}, "", None),
        ({"manner": {"reading ease": {"least": 0}, "words": {"least": 2}}}, "", False),
    ],
)
def test_each_check_holds_where_it_does(check: dict[str, Any], text: str, holds: bool | None) -> None:
    assert Checked(text, ASKED).holds(read_check(check)) is holds
