"""What servers tell of how they want to be asked, in their words."""

from __future__ import annotations

from typing import Any

import pytest

from mien.models.http.quirks import Quirk, adapted, departures, told_by, way_on
from mien.types import Message

MERGE, NO_TEMPERATURE = Quirk("system_role", "merge"), Quirk("temperature", "left out")
NO_TOP_P, RENAMED = Quirk("top_p", "left out"), Quirk("max_tokens", "max_completion_tokens")
ASKED: dict[str, Any] = {
    "messages": (Message(role="system", content="Be warm."), Message(role="user", content="Hello")),
    "temperature": 0.1,
    "top_p": 0.95,
    "max_tokens": 9,
}


@pytest.mark.parametrize(
    ("said", "quirk"),
    [
        (
            "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.",
            RENAMED,
        ),
        (
            "Unsupported value: 'temperature' does not support 0.1. Only the default (1) is supported.",
            NO_TEMPERATURE,
        ),
        ("Unsupported parameter: 'temperature' is not supported with this model.", NO_TEMPERATURE),
        ("`temperature` is deprecated for this model.", NO_TEMPERATURE),
        ("invalid temperature: only 1 is allowed for this model", NO_TEMPERATURE),
        ("`temperature` may only be set to 1 when thinking is enabled.", NO_TEMPERATURE),
        ("`temperature` and `top_p` cannot both be specified for this model. Use only one.", NO_TOP_P),
        ("Unrecognized request argument: top_p", NO_TOP_P),
        ("System role not supported", MERGE),
        ("Developer instruction is not enabled for models/gemma-3-27b-it", MERGE),
        ("'messages[0].role' does not support 'system' with this model.", MERGE),
        ("Conversation roles must alternate user/assistant/user/assistant/...", MERGE),
        ("Invalid role: system. Only user and assistant roles are supported", MERGE),
        ("Input should be 'user' or 'assistant'", MERGE),
        # A value that another one could take the place of, and what has nothing to do with it.
        ("temperature must be between 0 and 1", None),
        ("temperature: Input should be less than or equal to 1", None),
        ("max_tokens is too large: 9. This model supports at most 5 completion tokens", None),
        ("This model's maximum context length is 4096 tokens", None),
        ("The response was filtered due to the content policy.", None),
        ("Internal Server Error", None),
        ("The system is overloaded and does not support more requests", None),
        ("No such model", None),
    ],
)
def test_what_a_refusal_tells(said: str, quirk: Quirk | None) -> None:
    assert told_by(f"HTTP 400: {said}", ASKED) == quirk


def test_what_was_not_sent_is_not_learnt() -> None:
    plain = {"messages": (Message(role="user", content="Hello"),)}
    for said in (
        "System role not supported",
        "temperature is not supported",
        "unknown: max_completion_tokens",
    ):
        assert told_by(said, plain) is None
    sent = plain | {"max_completion_tokens": 9}
    assert told_by("unknown field max_completion_tokens", sent) == ("max_completion_tokens", "max_tokens")


def test_what_is_sent_in_place_of_what_is_asked() -> None:
    assert adapted(ASKED, {}) == ASKED
    sent = adapted(ASKED, dict([MERGE, NO_TEMPERATURE, RENAMED]))
    assert sent == {
        "messages": (Message(role="user", content="Be warm.\n\nHello"),),
        "top_p": 0.95,
        "max_completion_tokens": 9,
    }
    assert departures(ASKED, sent) == (
        "the system message is part of the user's; temperature is left out; "
        "max_tokens is sent as max_completion_tokens"
    )
    assert departures(ASKED, ASKED | {"stream": False}) == ""


def test_the_way_on_names_the_setting() -> None:
    assert "sampling.temperature in the protocol or --temperature" in way_on("temperature must be < 1", ASKED)
    assert way_on("No such model", ASKED) == ""
    assert way_on("temperature must be < 1", {"messages": ()}) == ""
