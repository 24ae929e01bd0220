"""Reading what an endpoint sent back: an answer, or why there is none."""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec

from mien.models.http.refusals import spent_by, told_wait

# Statuses after which the same request may well succeed. 429 is not among them: it is no failure of the
# request, and the throttle deals with it.
_TRANSIENT = frozenset((408, 409, 425))

# A server that lacks what was asked of it will not have it the next time, whatever its status says.
_LACKING = frozenset((501, 505))
_NAMES_SCHEMA = re.compile(r"response_format|json_schema|structured.?output|guided.?(?:json|decoding)", re.I)

# Members of an error by which it names its kind.
_CODES = ("code", "type", "status", "status_code", "reason")

_LONGEST_MESSAGE = 300


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one attempt.

    Attributes:
        status: HTTP status, also where an endpoint hid it in the body of a 200; 0 where none came.
        failure: why there is no answer, in one line; empty where there is one. What the server said follows
            a colon, so that what stands before it tells one kind of failure from another.
        transient: whether the same request may succeed later.
        limited: whether it was refused only because too many came before it.
        spent: the words by which it tells that the account is spent or suspended; empty where it does not.
        wait: seconds that the endpoint asks to wait; None where it does not.
        reported_cost: US dollars, where the endpoint says.
    """

    status: int = 0
    failure: str = ""
    transient: bool = False
    limited: bool = False
    spent: str = ""
    wait: float | None = None
    text: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    reported_cost: float | None = None


class _Part(msgspec.Struct):
    type: str = ""
    text: str | None = None
    thinking: list[_Part] | str | None = None  # Mistral: a list of text parts


class _Message(msgspec.Struct):
    content: str | list[str | _Part] | None = None
    refusal: str | None = None
    reasoning: Any = None
    reasoning_content: Any = None


class _Choice(msgspec.Struct):
    message: _Message | None = None
    finish_reason: str | None = None
    error: Any = None


class _Usage(msgspec.Struct):
    prompt_tokens: float | None = None
    completion_tokens: float | None = None
    cost: float | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


_completion = msgspec.json.Decoder(_Completion)


def read(status: int, body: bytes, wait: float | None = None) -> Reply:
    """Read the reply to a chat completion.

    Args:
        status: HTTP status.
        body: what the endpoint sent back.
        wait: seconds that its headers ask to wait; None where they do not.
    """
    if status != 200:
        return _error(status, _loads(body), body, wait)
    try:
        completion = _completion.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _unreadable(body, error)
    choice = completion.choices[0] if completion.choices else _Choice()
    if error := completion.error or choice.error:
        return _error(200, error, body)
    if choice.message is None:
        missing = "message" if completion.choices else "choices"
        return Reply(status=200, failure=f"the reply has no {missing}", transient=True)
    return _answer(choice.message, choice.finish_reason or "", completion.usage or _Usage())


def _answer(message: _Message, finish_reason: str, usage: _Usage) -> Reply:
    content, thought = _join(message.content)
    text, inline = split_reasoning(content)
    disclosed = next((r for r in (message.reasoning, message.reasoning_content) if r), "")
    reasoning = "\n".join(r for r in (disclosed, thought, inline) if isinstance(r, str) and r)
    text = text or message.refusal or ""
    failure = "" if text.strip() else _why_empty(finish_reason, bool(reasoning))
    return Reply(
        status=200,
        failure=failure,
        text="" if failure else text,
        reasoning=reasoning,
        finish_reason=finish_reason,
        tokens_in=int(usage.prompt_tokens or 0),
        tokens_out=int(usage.completion_tokens or 0),
        reported_cost=usage.cost,
    )


def _join(content: str | list[str | _Part] | None) -> tuple[str, str]:
    """Text and reasoning of a content that may come in parts."""
    if not isinstance(content, list):
        return content or "", ""
    text: list[str] = []
    reasoning: list[str] = []
    for part in content:
        if isinstance(part, str):
            text.append(part)
        elif part.type in ("thinking", "reasoning"):
            inner = part.thinking if isinstance(part.thinking, list) else [part]
            reasoning += [each.text or "" for each in inner]
        else:
            text.append(part.text or "")
    return "".join(text), "".join(reasoning)


def split_reasoning(content: str) -> tuple[str, str]:
    """Part an answer from the reasoning between ``<think>`` tags that leads it.

    Reasoning that is not closed leaves no answer. A closing tag alone ends reasoning, too: servers whose
    chat template opens the tag in the prompt leave the opening one out.

    Returns:
        The answer and the reasoning.
    """
    if "think>" not in content:
        return content, ""
    reasoning: list[str] = []
    rest = content.lstrip()
    while rest.startswith("<think>"):
        thought, closed, rest = rest.removeprefix("<think>").partition("</think>")
        reasoning.append(thought.strip())
        rest = rest.lstrip()
        if not closed:
            return "", "\n".join(reasoning)
    if not reasoning and "</think>" in rest and "<think>" not in rest:
        thought, _, rest = rest.partition("</think>")
        return rest.lstrip(), thought.strip()
    return (rest, "\n".join(reasoning)) if reasoning else (content, "")


def _why_empty(finish_reason: str, reasoned: bool) -> str:
    if finish_reason == "content_filter":
        return "content filter"
    reasons = [f"finish_reason {finish_reason}"] if finish_reason else []
    reasons += ["only reasoning"] if reasoned else []
    return f"empty answer ({'; '.join(reasons)})" if reasons else "empty answer"


def _error(status: int, error: Any, body: bytes, wait: float | None = None) -> Reply:
    """The failure that an error tells, be it the reply's status or hidden in a 200."""
    members = _unwrap(error)
    code = str(members.get("code"))
    if status == 200 and re.fullmatch(r"[45]\d\d", code):
        status = int(code)
    message = _message(members) or shorten(_plain(body)) or "no message"
    said = _plain(body) if error is None else msgspec.json.encode(error).decode()
    wait = told_wait(said) if wait is None else wait
    codes = frozenset(str(members[name]) for name in _CODES if name in members)
    spent = spent_by(status, codes, said, wait)
    return Reply(
        status=status,
        failure=f"HTTP {status}: {message}"
        if status != 200
        else f"the endpoint answered an error: {message}",
        transient=_may_pass(status, said) and not spent,
        limited=status == 429 and not spent,
        spent=spent,
        wait=wait,
    )


def _may_pass(status: int, said: str) -> bool:
    """Whether the same request may be taken later."""
    if status in _LACKING or _NAMES_SCHEMA.search(said):
        return False
    return status == 200 or status >= 500 or status in _TRANSIENT


def _unwrap(error: Any) -> dict[str, Any]:
    """The members of an error, which servers wrap as they please."""
    for _ in range(4):
        if isinstance(error, list) and error:
            error = cast("list[Any]", error)[0]
        elif isinstance(error, dict) and "error" in error:
            error = cast("dict[str, Any]", error)["error"]
    if isinstance(error, dict):
        return cast("dict[str, Any]", error)
    return {"message": error}


def _message(members: dict[str, Any]) -> str:
    message = members.get("message") or members.get("detail")  # FastAPI's word for it
    if message and not isinstance(message, str):
        message = msgspec.json.encode(message).decode()
    return shorten(message or "")


def _unreadable(body: bytes, error: Exception) -> Reply:
    shown = shorten(_plain(body))
    if isinstance(error, msgspec.ValidationError):
        failure = f"the reply has the wrong shape: {error}"
    elif not body.strip():
        failure = "the reply is empty"
    elif body.lstrip()[:1] == b"<":
        failure = f"the reply is HTML, not JSON: {shown}"
    elif body.lstrip()[:5] == b"data:":
        failure = "the reply is an event stream, not JSON"
    elif body.lstrip()[:1] == b"{":
        failure = "the reply is JSON cut short or broken"
    else:
        failure = f"the reply is not JSON: {shown}"
    return Reply(status=200, failure=failure, transient=True)


def _loads(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _plain(body: bytes) -> str:
    """A body as text without tags."""
    return re.sub(r"<[^>]*>", " ", body[:4000].decode("utf-8", "replace"))


def shorten(message: str) -> str:
    """A message as one line of at most 300 characters."""
    line = " ".join(message.split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"
