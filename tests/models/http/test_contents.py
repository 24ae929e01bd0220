"""Messages in all the shapes that they come in."""

from __future__ import annotations

from typing import Any

import pytest

from mien.models.http.contents import content


@pytest.mark.parametrize(
    ("message", "text", "reasoning"),
    [
        ({"content": None}, "", ""),
        ({}, "", ""),
        ({"content": "a"}, "a", ""),
        ({"content": ["a", None, {"text": "b"}, {"type": "text", "text": {"value": "c"}}]}, "abc", ""),
        ({"content": {"type": "text", "text": "a"}}, "a", ""),
        ({"content": {"choice": "warm"}}, '{"choice":"warm"}', ""),
        ({"content": [{"choice": "warm"}]}, '{"choice":"warm"}', ""),
        ({"content": 4}, "4", ""),
        ({"content": [{"type": "image_url", "image_url": {"url": "x"}}, {"text": "a"}]}, "a", ""),
        ({"content": [{"type": "thinking", "thinking": "hm"}, {"text": "a"}]}, "a", "hm"),
        ({"content": [{"text": "hm", "thought": True}, {"text": "a"}]}, "a", "hm"),
        ({"content": [{"type": "reasoning", "summary": [{"text": "h"}, {"text": "m"}]}]}, "", "hm"),
        ({"content": "a", "thinking": "hm"}, "a", "hm"),
        ({"content": "a", "reasoning": {"text": "hm"}}, "a", "hm"),
        ({"content": "", "refusal": "I can't."}, "I can't.", ""),
        ({"content": "a", "refusal": ["odd"]}, "a", ""),
    ],
)
def test_text_and_reasoning(message: dict[str, Any], text: str, reasoning: str) -> None:
    assert content(message) == (text, reasoning)


def test_a_message_is_read_quickly() -> None:
    part: Any = {"type": "text", "text": "a"}
    assert content({"content": [part] * 50_000, "reasoning": None})[0] == "a" * 50_000


def test_what_is_nested_for_ever_is_no_text() -> None:
    part: Any = "a"
    for _ in range(500):
        part = {"text": part}
    assert content({"content": [part]}) == ("", "")
