"""From the bytes of a reply to the JSON in it, as far as it can be read."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_VALUES = 1_000_000  # that a body is read for
_LONGEST_NUMBER = 4000  # digits; Python reads no longer ones


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else math.inf


_DECODER = json.JSONDecoder(strict=False, parse_int=_integer)
_FIELDS = (":", "event:", "id:", "retry:")  # lines of an event stream that bring no data


class Decoded(NamedTuple):
    """What a body holds.

    Attributes:
        value: of JSON. Where it is a stream of events, they are put together as one completion.
        torn: whether it is a stream that ends before its end.
    """

    value: Any
    torn: bool = False


def decode(body: bytes) -> Decoded | None:
    """Read a body as JSON; None where there is none, or where it breaks off.

    Also read are what JSON does not allow and servers send: a byte-order mark, NaN and Infinity, halves of
    characters; comments before it and marks after it; and a stream of events that nobody asked for.

    Args:
        body: as it came.
    """
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = _text(body)
    else:
        return Decoded(_together(items(value)) if _is_stream(value) else value)
    try:
        return Decoded(_DECODER.decode(text.strip()))
    except (ValueError, RecursionError):
        return _decode_stream(text)


def members(value: Any) -> dict[str, Any]:
    """The members of a value that is an object; of any other, none."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """The items of a value that is a list; of any other, none."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def as_json(value: Any) -> str:
    """A value as JSON in one line; empty where it is nested beyond measure."""
    try:
        return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    except RecursionError:
        return ""


def storable(text: str) -> str:
    """A text with halves of characters made whole or replaced, so that it can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _text(body: bytes) -> str:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    return body.decode("utf-8-sig", "replace")


def _decode_stream(text: str) -> Decoded | None:
    """Read values one after the other, without what a stream puts between them."""
    lines: list[str] = []
    ended = False
    for line in text.split("\n"):
        data = line.removeprefix("data:").strip() if line.startswith("data:") else line.rstrip("\r")
        if data.strip() == "[DONE]":
            ended = True
        elif not data.startswith(_FIELDS):
            lines.append(data)
    values, whole = _values("\n".join(lines))
    objects = [members(value) for value in values if members(value)]
    if not objects:
        return None
    together = _together(objects)
    if _first_choice(together).get("message") is None:
        return Decoded(together) if whole else None  # such as an error; or a value that breaks off
    streamed = all(_is_chunk(value) for value in objects)
    closed = ended or bool(_first_choice(together).get("finish_reason"))
    return Decoded(together, torn=streamed and not (whole and closed))


def _values(text: str) -> tuple[list[Any], bool]:
    """The values of a text, and whether there is nothing else in it."""
    values: list[Any] = []
    at = 0
    for _ in range(_MOST_VALUES):
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            return values, True
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        values.append(value)
    return values, False


def _is_stream(value: Any) -> bool:
    """Whether a value is a list of chunks."""
    return bool(items(value)) and all(_is_chunk(one) for one in items(value))


def _is_chunk(value: Any) -> bool:
    """Whether a value is a piece of a completion: it has no message of its own."""
    return "choices" in members(value) and "message" not in _first_choice(value)


def _first_choice(value: Any) -> dict[str, Any]:
    """The first choice of a completion or a chunk; empty where it has none."""
    return members(next(iter(items(members(value).get("choices"))), None))


def _together(values: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """One completion of the values: the one that is whole, or what the pieces add up to."""
    completion: dict[str, Any] = {}
    message: dict[str, Any] = {}
    choice: dict[str, Any] = {}
    for value in values:
        first = _first_choice(value)
        if first.get("message") is not None:
            return value
        completion.update({name: told for name, told in value.items() if told is not None})
        choice.update({name: told for name, told in first.items() if told is not None})
        for name, told in members(first.get("delta")).items():
            before = message.get(name)
            if isinstance(told, str) and isinstance(before, str) and name != "role":
                message[name] = before + told
            elif items(told) and items(before):
                message[name] = [*items(before), *items(told)]
            elif told is not None:
                message[name] = told
    if message:
        choice["message"] = message
    if choice:
        completion["choices"] = [choice]
    return completion
