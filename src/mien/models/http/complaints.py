"""What a server says of an error, wherever in its reply it says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mien.models.http.decoding import as_json, decode, items, members

_LONGEST_MESSAGE = 300

_MESSAGES = ("message", "detail", "msg", "status_msg", "error_msg", "error_description", "errors", "title")
_CODES = ("code", "type", "status", "status_code", "http_code", "reason")


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error as a server tells of it.

    Attributes:
        message: in one line, the server's own; empty where it gives none.
        codes: the error's code, its type and the like, as the server spells them.
        said: all that it says, as JSON where that could be read.
    """

    message: str
    codes: frozenset[str]
    said: str

    @property
    def status(self) -> int:
        """The HTTP status that it names; 0 where it names none."""
        return next((int(code) for code in sorted(self.codes) if re.fullmatch(r"[45]\d\d", code)), 0)


def complaint(error: Any, body: bytes) -> Complaint:
    """Read an error.

    A message that only tells that somebody else has failed is followed by what that one said, which
    OpenRouter gives as JSON in a text, and by its name.

    Args:
        error: what the body holds, or the member of it that tells of the error; None where that is no JSON.
        body: as it came.
    """
    told = _unwrapped(error)
    message = _message(told)
    behind = members(told.get("metadata"))
    raw, provider = _message({"message": _parsed(behind.get("raw"))}), behind.get("provider_name")
    if raw and raw not in message:
        message = f"{message}: {raw}" if message else raw
    if isinstance(provider, str) and provider not in message:
        message = f"{message} ({provider})"
    inner = members(told.get("innererror"))
    codes = (str(one[name]) for one in (told, inner) for name in _CODES if _is_code(one.get(name)))
    said = plain(body) if error is None else as_json(error)
    return Complaint(shorten(message), frozenset(codes), said)


def tells_error(told: dict[str, Any]) -> Any:
    """What in the body of a 200 tells of an error; None where nothing does."""
    if is_error(error := told.get("error")):
        return error
    base = members(told.get("base_resp"))  # MiniMax's
    if base.get("status_code"):
        return base
    if _is_code(told.get("code")) and any(told.get(name) for name in _MESSAGES):
        return told
    return told if told.get("object") == "error" else None


def is_error(told: Any) -> bool:
    """Whether a member ``error`` tells of one: some servers send it with nothing in it."""
    return any(members(told).values()) if isinstance(told, dict) else bool(told)


def plain(body: bytes) -> str:
    """The beginning of a body as text without tags."""
    text = body[:4000].decode("utf-8", "replace")
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", text, flags=re.DOTALL | re.IGNORECASE)
    return re.sub(r"</?[A-Za-z!][^>]*>", " ", text)


def shorten(message: str) -> str:
    """A message as one line of at most 300 characters."""
    line = " ".join(message.split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"


def _is_code(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool) and value not in {"", 0}


def _unwrapped(error: Any) -> dict[str, Any]:
    """The members of an error, which servers wrap as they please."""
    for _ in range(4):
        if items(error):
            error = items(error)[0]
        inner = members(error).get("error")
        error = members(inner) or items(inner) or error
    if not isinstance(error, dict):
        return {"message": error}
    told = members(error)
    if isinstance(told.get("error"), str):  # a name for it, beside which a message may stand
        named, message = told["error"], _message(told)
        told = {**told, "message": f"{named}: {message}" if message not in {"", named} else named}
    return told


def _message(told: dict[str, Any]) -> str:
    message: Any = next((told[name] for name in _MESSAGES if told.get(name)), "")
    if isinstance(message, str) and message.lstrip().startswith("{"):  # what one behind it said, as a text
        message = _parsed(message)
    for _ in range(4):
        if not isinstance(message, (dict, list)):
            break
        inner = members(message)
        found = next((inner[name] for name in ("error", *_MESSAGES) if inner.get(name)), None)
        if found is None:
            return as_json(message)
        message = found
    return shorten(str(message or ""))


def _parsed(raw: Any) -> Any:
    """JSON that came as a text; any other value as it is."""
    if not isinstance(raw, str):
        return raw
    body = raw.encode("utf-8", "replace")
    decoded = decode(body)
    value = decoded.value if decoded else None
    return members(value) or items(value) or plain(body)
