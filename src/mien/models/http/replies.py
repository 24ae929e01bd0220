"""Reading what an endpoint sent back: an answer, or why there is none.

What is needed is looked for wherever servers put it, and what is optional is read where it can be: an answer
that is there is an answer.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from mien.models.answer_format import names_schema
from mien.models.http.complaints import Complaint, complaint, is_error, plain, shorten, tells_error
from mien.models.http.contents import content
from mien.models.http.decoding import decode, items, members, storable
from mien.models.http.refusals import spent_by, told_wait
from mien.models.reasoning import split

# Statuses after which the same request may well succeed. 429 is not among them: it is no failure of the
# request, and the throttle deals with it.
_TRANSIENT = frozenset((408, 409, 425))

# A server that lacks what was asked of it will not have it the next time, whatever its status says.
_LACKING = frozenset((501, 505))

# Reasons for which an answer ends, by what providers call them; others are kept as they are.
_REASONS = {
    **dict.fromkeys(
        ("max_tokens", "max_output_tokens", "model_length", "max_length", "token_limit"), "length"
    ),
    **dict.fromkeys(
        ("safety", "sensitive", "prohibited_content", "blocklist", "recitation"), "content_filter"
    ),
    **dict.fromkeys(
        ("content-filter", "contentfilter", "filtered", "guardrail_intervened"), "content_filter"
    ),
    **dict.fromkeys(("network_error", "abort", "aborted", "insufficient_system_resource", "failed"), "error"),
}
_HEEDED = frozenset(("length", "content_filter", "error"))
_KNOWN_REASONS = _HEEDED | {"stop", "tool_calls", "function_call"}

_MOST_TOKENS = 10**9  # what is beyond cannot be meant
_MOST_COST = 10**6


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one attempt.

    Attributes:
        status: HTTP status, also where an endpoint hid it in the body of a 200; 0 where none came.
        failure: why there is no answer, in one line; empty where there is one. What the server said follows
            a colon, so that what stands before it tells one kind of failure from another.
        transient: whether the same request may succeed later.
        malformed: whether a whole reply came that is none: the same one again will be none, either.
        limited: whether it was refused only because too many came before it.
        spent: the words by which it tells that the account is spent or suspended; empty where it does not.
        wait: seconds that the endpoint asks to wait; None where it does not.
        unopened: whether its content closes reasoning that it did not open; see `mien.models.reasoning`.
        reported_cost: US dollars, where the endpoint says.
    """

    status: int = 0
    failure: str = ""
    transient: bool = False
    malformed: bool = False
    limited: bool = False
    spent: str = ""
    wait: float | None = None
    text: str = ""
    reasoning: str = ""
    unopened: bool = False
    finish_reason: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    reported_cost: float | None = None


def read(status: int, body: bytes, *, wait: float | None = None, url: str = "", location: str = "") -> Reply:
    """Read the reply to a chat completion.

    Args:
        status: HTTP status.
        body: what the endpoint sent back.
        wait: seconds that its headers ask to wait; None where they do not.
        url: where it was asked, which is told where nothing is there.
        location: where the endpoint says that it has moved.
    """
    decoded = decode(body)
    if not _is_success(status):
        said = complaint(decoded.value if decoded else None, body)
        aside = _moved(status, location) or _absent(status, said, url)
        return _refused(status, said, wait=wait, aside=aside)
    if decoded is None:
        return _unreadable(status, body)
    told = _unwrapped(_first_object(decoded.value))
    choice = _first_object(told.get("choices")) or (told if members(told.get("message")) else {})
    usage = _usage(members(told.get("usage")))
    error = next((one for one in (choice.get("error"), told.get("error")) if is_error(one)), None)
    if not error and (message := _message(choice)):
        return msgspec.structs.replace(_answer(message, choice, torn=decoded.torn), status=status, **usage)
    error = error or tells_error(told)
    if error:
        refused = _refused(status, complaint(error, body))
        return msgspec.structs.replace(refused, **usage)
    missing = "message" if choice else "choices"
    failure = f"the reply has no {missing}: {shorten(plain(body))}"
    return Reply(status=status, failure=storable(failure), transient=True, malformed=True, **usage)


def without_answer(reply: Reply) -> Reply:
    """The reply of which is known that its text is reasoning."""
    reasoning = "\n".join(part for part in (reply.reasoning, reply.text) if part)
    failure = _why_empty(reply.finish_reason, reasoned=True)
    return msgspec.structs.replace(reply, text="", reasoning=reasoning, failure=failure)


def _answer(message: dict[str, Any], choice: dict[str, Any], *, torn: bool) -> Reply:
    told, disclosed = content(message)
    finish_reason = _finish_reason(choice.get("finish_reason", choice.get("done_reason")))
    parts = split(told, cut=finish_reason == "length")
    reasoning = storable("\n".join(part for part in (disclosed, parts.reasoning) if part))
    answer = Reply(reasoning=reasoning, unopened=parts.unopened, finish_reason=finish_reason)
    if torn:
        return msgspec.structs.replace(answer, failure="the event stream was cut", transient=True)
    if finish_reason == "error":
        failure = "the answer broke off (finish_reason error)"
        return msgspec.structs.replace(answer, failure=failure, transient=True)
    if not parts.answer.strip():
        failure = _why_empty(finish_reason, reasoned=bool(reasoning))
        return msgspec.structs.replace(answer, failure=failure)
    return msgspec.structs.replace(answer, text=storable(parts.answer))


def _first_object(value: Any) -> dict[str, Any]:
    """The value if it is an object, or the first object in a list; empty where there is none."""
    none: dict[str, Any] = {}
    return members(value) or next((members(one) for one in items(value) if members(one)), none)


def _unwrapped(told: dict[str, Any]) -> dict[str, Any]:
    """A completion that a gateway put into a member of its own."""
    inner = (members(told.get(name)) for name in ("data", "result", "response", "output"))
    return next((one for one in inner if "choices" in one), told) if "choices" not in told else told


def _message(choice: dict[str, Any]) -> dict[str, Any]:
    for name in ("message", "delta", "text"):
        told = choice.get(name)
        if members(told):
            return members(told)
        if isinstance(told, str):
            return {"content": told}
    return {}


def _finish_reason(told: Any) -> str:
    """Why an answer ended, in OpenAI's words where it is one of theirs; empty where it cannot be read."""
    if not isinstance(told, str):  # of an object that tells it somewhere, what is to be heeded is read
        inner = (_finish_reason(one) for one in members(told).values() if isinstance(one, str))
        return next((reason for reason in inner if reason in _HEEDED), "")
    low = told.strip().lower()
    return _REASONS.get(low, low if low in _KNOWN_REASONS else storable(told))


def _usage(usage: dict[str, Any]) -> dict[str, Any]:
    """Tokens and cost, as members of a `Reply`; what cannot be read is not known."""
    cost: Any = usage.get("cost")
    if parts := members(cost):
        cost = next((parts[name] for name in ("total_cost", "total", "usd") if name in parts), None)
    return {
        "tokens_in": int(_number(usage.get("prompt_tokens", usage.get("input_tokens")), _MOST_TOKENS) or 0),
        "tokens_out": int(
            _number(usage.get("completion_tokens", usage.get("output_tokens")), _MOST_TOKENS) or 0
        ),
        "reported_cost": _number(cost, _MOST_COST),
    }


def _number(told: Any, most: float) -> float | None:
    """A number that may come as text; None where it is none, or none that can be meant."""
    if isinstance(told, bool) or not isinstance(told, (int, float, str)):
        return None
    try:
        number = float(told)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and 0 <= number <= most else None


def _why_empty(finish_reason: str, *, reasoned: bool) -> str:
    if finish_reason == "content_filter":
        return "content filter"
    reasons = [f"finish_reason {finish_reason}"] if finish_reason else []
    reasons += ["only reasoning"] if reasoned else []
    return f"empty answer ({'; '.join(reasons)})" if reasons else "empty answer"


def _refused(status: int, told: Complaint, *, wait: float | None = None, aside: str = "") -> Reply:
    """The failure that an error tells, be it the reply's status or hidden in a 200."""
    if _is_success(status) and told.status:
        status = told.status
    message = told.message or shorten(plain(told.said.encode("utf-8", "replace")))
    message = f"{message} ({aside})" if message and aside else message or aside or "no message"
    failure = f"HTTP {status}: {message}"
    if _is_success(status):
        failure = f"the endpoint answered an error: {message}"
    if "content_filter" in told.codes:
        failure = f"content filter ({failure})"
    wait = told_wait(told.said) if wait is None else wait
    spent = spent_by(status, told.codes, told.said, wait)
    return Reply(
        status=status,
        failure=storable(failure),
        transient=_may_pass(status, told.said) and not spent,
        limited=status == 429 and not spent,
        spent=spent,
        wait=wait,
    )


def _is_success(status: int) -> bool:
    return 200 <= status < 300


def _may_pass(status: int, said: str) -> bool:
    """Whether the same request may be taken later."""
    if status in _LACKING or names_schema(said):
        return False
    return _is_success(status) or status >= 500 or status in _TRANSIENT


def _moved(status: int, location: str) -> str:
    if not 300 <= status < 400:
        return ""
    where = f" to {location}: use the address {_base(location)}" if location else ""
    return shorten(f"the endpoint has moved{where}")


def _base(url: str) -> str:
    return url.removesuffix("/completions").removesuffix("/chat")


def _absent(status: int, told: Complaint, url: str) -> str:
    """Where nothing is, unless the server says that it is the model which is not there."""
    if status not in (404, 405) or not url or "model" in told.said.lower():
        return ""
    base = _base(url)
    hint = "" if base.endswith("/v1") else f"; many endpoints end in /v1: {base}/v1"
    return f"at {url}{hint}"


def _unreadable(status: int, body: bytes) -> Reply:
    shown = shorten(plain(body))
    malformed = False
    if not body.strip():
        failure = "the reply is empty"
    elif body.lstrip()[:1] == b"<":
        failure = f"the reply is HTML, not JSON: {shown}"
    elif body.lstrip()[:5] == b"data:":
        failure, malformed = "the reply is an event stream without an answer", True
    elif body.lstrip()[:1] in (b"{", b"["):
        failure, malformed = "the reply is JSON cut short or broken", True
    else:
        failure = f"the reply is not JSON: {shown}"
    return Reply(status=status, failure=storable(failure), transient=True, malformed=malformed)
