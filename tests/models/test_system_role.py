"""What becomes of a conversation whose model takes no system message."""

from __future__ import annotations

import pytest

from mien.models.system_role import merge_system
from mien.types import Message


def turns(*said: tuple[str, str]) -> tuple[Message, ...]:
    return tuple(Message(role=role, content=content) for role, content in said)  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([("system", "Be warm."), ("user", "Hello")], [("user", "Be warm.\n\nHello")]),
        ([("user", "Hello"), ("assistant", "Hi.")], [("user", "Hello"), ("assistant", "Hi.")]),
        (
            [("system", "A"), ("system", "B"), ("user", "C"), ("assistant", "D"), ("user", "E")],
            [("user", "A\n\nB\n\nC"), ("assistant", "D"), ("user", "E")],
        ),
        (
            [("user", "A"), ("assistant", "B"), ("system", "C"), ("user", "D")],
            [("user", "A"), ("assistant", "B"), ("user", "C\n\nD")],
        ),
        ([("system", "A")], [("user", "A")]),
        ([], []),
    ],
)
def test_what_the_system_says_stands_before_what_the_user_says(
    before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    given = turns(*before)
    assert merge_system(given) == turns(*after)
    assert given == turns(*before)
