"""Models that take no system message: what it says goes into the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.types import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.types import Request


def merge_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The same conversation without a system role: its text stands before the next user message.

    The two are parted by an empty line. A system message that no user message follows becomes one.
    """
    merged: list[Message] = []
    told: list[str] = []
    for message in messages:
        if message["role"] == "system":
            told.append(message["content"])
        elif message["role"] == "user":
            merged.append(Message(role="user", content="\n\n".join([*told, message["content"]])))
            told = []
        else:
            merged.append(message)
    if told:
        merged.append(Message(role="user", content="\n\n".join(told)))
    return tuple(merged)


def messages_of(request: Request) -> tuple[Message, ...]:
    """A request's messages, merged where its sampling says so."""
    merge = request.sampling.system_role == "merge"
    return merge_system(request.messages) if merge else request.messages
