"""Reading JSON as servers write it, and the streams that they send instead."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from mien.models.http.decoding import Decoded, as_json, decode, storable

WHOLE: Any = {"choices": [{"message": {"content": "Hi.\n: data: [DONE]"}}]}
TEXT = json.dumps(WHOLE)


def chunk(content: str | None = None, finish_reason: str | None = None, **delta: Any) -> str:
    delta |= {} if content is None else {"content": content}
    choices = [{"delta": delta, "finish_reason": finish_reason}]
    return f"data: {json.dumps({'choices': choices})}\n\n"


@pytest.mark.parametrize(
    "body",
    [
        TEXT,
        "\ufeff" + TEXT,
        f": keep-alive\n\n: keep-alive\n\n{TEXT}",
        f"\n\n   {TEXT}\n\n",
        f"{TEXT}\n\ndata: [DONE]\n\n",
        f"data: {TEXT}\r\n\r\ndata: [DONE]\r\n\r\n",
        f"event: message\nid: 1\ndata:{TEXT}\n\n",
        f"{TEXT}\n<!-- served by proxy -->",
        chunk("H") + f"data: {TEXT}\n\n",
    ],
)
def test_what_stands_around_a_completion_does_not_count(body: str) -> None:
    assert decode(body.encode()) == Decoded(WHOLE)


def test_what_json_does_not_allow() -> None:
    decoded = decode(b'{"a": NaN, "b": -Infinity, "c": "\\ud83d", "d": "tab\t", "e": "\xff"}')
    assert decoded
    assert json.dumps(decoded.value) == (
        '{"a": NaN, "b": -Infinity, "c": "\\ud83d", "d": "tab\\t", "e": "\\ufffd"}'
    )
    assert decode(b'{"a": ' + b"9" * 5000 + b"}") == Decoded({"a": math.inf})
    assert decode('{"a": 1}'.encode("utf-16")) == Decoded({"a": 1})


def test_the_pieces_of_a_stream_are_put_together() -> None:
    usage = 'data: {"choices": [], "usage": {"prompt_tokens": 7}}\n\n'
    pieces = [
        *(chunk(role="assistant"), ": ping\n\n", chunk(reasoning_content="h"), chunk(reasoning_content="m")),
        *(chunk("Hel"), chunk("lo."), chunk("", "stop"), usage, "data: [DONE]\n\n"),
    ]
    message = {"role": "assistant", "content": "Hello.", "reasoning_content": "hm"}
    for body in ("".join(pieces), "".join(pieces).replace("data: [DONE]\n\n", "").replace("data: ", "")):
        decoded = decode(body.encode())
        assert decoded
        assert not decoded.torn
        (choice,) = decoded.value["choices"]
        assert choice["message"] == message
        assert choice["finish_reason"] == "stop"
        assert decoded.value["usage"] == {"prompt_tokens": 7}
    listed = "[" + ",".join(piece.removeprefix("data: ") for piece in (chunk("Hel"), chunk("lo."))) + "]"
    decoded = decode(listed.encode())
    assert decoded
    assert decoded.value["choices"][0]["message"] == {"content": "Hello."}


@pytest.mark.parametrize(
    "body", [chunk("Hel"), chunk("Hel") + 'data: {"choices": [{"del', chunk("Hel", "stop") + 'data: {"cho']
)
def test_a_stream_that_ends_before_its_end_is_torn(body: str) -> None:
    decoded = decode(body.encode())
    assert decoded
    assert decoded.torn


def test_the_end_of_a_stream_needs_no_reason() -> None:
    decoded = decode((chunk("Hello.") + "data: [DONE]\n\n").encode())
    assert decoded
    assert not decoded.torn


@pytest.mark.parametrize(
    "body", [b"", b"  ", b"<html></html>", b"oops", TEXT[:-5].encode(), b"data: [DONE]", b"[" * 100_000]
)
def test_what_is_no_json(body: bytes) -> None:
    assert decode(body) is None


def test_values_as_json() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    assert as_json({"a": ["é", None, "\ud83d"]}) == '{"a":["é",null,"\ufffd"]}'
    assert as_json(nested) == ""


def test_halves_of_characters() -> None:
    assert storable("plain") == "plain"
    assert storable("\ud83d\ude00 and \ud83d") == "😀 and \ufffd"
