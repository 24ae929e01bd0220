"""Anthropic's Message Batches: requests and answers in the form of its own Messages.

Live it is asked by its OpenAI-compatible address, which translates a request much as is done here: the same
is asked of the same model, and the call's key is the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import msgspec

from mien.models.http.batches.desk import reopened
from mien.models.http.batches.service import Result, Standing
from mien.models.http.decoding import decode, items, members
from mien.models.http.replies import read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from mien.models.http.batches.desk import Desk

#: Tokens of an answer where nobody set a limit: Messages want one.
LONGEST_ANSWER = 8192

_VERSION = "2023-06-01"
# Of a chat completion's members, those that its compatible address does not heed, either.
_UNHEEDED = frozenset(("n", "reasoning_effort", "response_format", "stream"))
_PAGE, _MOST_PAGES = 100, 50
_SLACK = 3600.0  # seconds by which clocks may differ
_REASONS = {"end_turn": "stop", "stop_sequence": "stop", "refusal": "content_filter"}
_CUT = frozenset(("max_tokens", "model_context_window_exceeded"))
# HTTP statuses that its errors come with live.
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}

_encode = msgspec.json.encode


class AnthropicBatches:
    """See `mien.models.http.batches.service.Service`. A batch has no name there.

    Args:
        desk: of the endpoint.
    """

    most_requests: ClassVar[int] = 100_000
    most_bytes: ClassVar[int] = 256_000_000
    named: ClassVar[bool] = False
    frame: ClassVar[tuple[bytes, bytes, bytes]] = (b'{"requests":[', b",", b"]}")

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._url = f"{desk.endpoint.url}/messages/batches"

    @staticmethod
    def header(key: str) -> dict[str, str]:
        """The headers that bear a key and the version of the interface."""
        return {"anthropic-version": _VERSION} | ({"x-api-key": key} if key else {})

    def body(self, sent: Mapping[str, Any]) -> bytes:
        """A request to Messages. What is not known of it goes along as it is."""
        rest = {k: v for k, v in sent.items() if k not in _UNHEEDED}
        messages = rest.pop("messages")
        limits = [rest.pop(name, None) for name in ("max_tokens", "max_completion_tokens")]
        system = "\n\n".join(one["content"] for one in messages if one["role"] == "system")
        body = rest | {
            "max_tokens": next((limit for limit in limits if limit), LONGEST_ANSWER),
            "messages": [one for one in messages if one["role"] != "system"],
        }
        if system:
            body["system"] = system
        return msgspec.json.encode(body, order="sorted")

    def line(self, key: str, body: bytes) -> bytes:
        return _encode({"custom_id": key, "params": msgspec.Raw(body)})

    async def upload(self, name: str, file: IO[bytes]) -> str:
        return ""

    async def make(self, name: str, model: str, uploaded: str, file: IO[bytes]) -> Standing:
        told = await self._desk.once(self._url, data=reopened(file))
        return self._standing(told.members)

    async def find(self, name: str, *, total: int, since: float) -> list[Standing]:
        """Those of so many requests that were made since; which of them it is, its results tell."""
        found: list[Standing] = []
        after = ""
        for _ in range(_MOST_PAGES):
            told = await self._desk.ask(f"{self._url}?limit={_PAGE}{after}")
            batches = [self._standing(members(one)) for one in items(told and told.members.get("data"))]
            found += [one for one in batches if one.total == total and one.created >= since - _SLACK]
            if not (told and told.members.get("has_more") and batches):
                break
            if batches[-1].created < since - _SLACK:
                break
            after = f"&after_id={quote(batches[-1].id)}"
        return found

    async def standing(self, id: str) -> Standing | None:
        told = await self._desk.ask(f"{self._url}/{quote(id, safe='')}")
        return told and self._standing(told.members)

    async def results(self, standing: Standing) -> AsyncIterator[Result]:
        for id in standing.results:
            async for line in self._desk.lines(f"{self._url}/{quote(id, safe='')}/results"):
                if result := _result(line):
                    yield result

    async def cancel(self, id: str) -> None:
        await self._desk.post(f"{self._url}/{quote(id, safe='')}/cancel")

    def _standing(self, told: dict[str, Any]) -> Standing:
        counts = {name: n for name, n in members(told.get("request_counts")).items() if isinstance(n, int)}
        status, id = str(told.get("processing_status", "")), str(told.get("id", ""))
        total, outcome = sum(counts.values()), ""
        if status == "ended":
            outcome = "cancelled" if told.get("cancel_initiated_at") else "completed"
            outcome = "expired" if counts.get("expired") and outcome == "completed" else outcome
        return Standing(
            id=id,
            state=status,
            outcome=outcome,
            done=total - counts.get("processing", 0),
            total=total,
            created=_unix(told.get("created_at")),
            # The address that it names holds the same, and might lead elsewhere with the key.
            results=(id,) if status == "ended" else (),
        )


def _unix(told: object) -> float:
    try:
        return datetime.fromisoformat(str(told)).timestamp()
    except ValueError:
        return 0.0


def _result(line: bytes) -> Result | None:
    decoded = decode(line)
    told = members(decoded.value if decoded else None)
    key, result = told.get("custom_id"), members(told.get("result"))
    if not isinstance(key, str):
        return None
    match result.get("type"):
        case "succeeded":
            message = members(result.get("message"))
            return Result(key, read(200, _encode(_completion(message))), _encode(message))
        case "errored":
            error = members(members(result.get("error")).get("error")) or members(result.get("error"))
            status = _STATUSES.get(str(error.get("type", "")), 500)
            return Result(key, read(status, _encode({"error": error})), line)
        case _:
            return Result(key, None, line)


def _completion(message: dict[str, Any]) -> dict[str, Any]:
    """A message as a chat completion, which is then read as all are."""
    blocks = [members(block) for block in items(message.get("content"))]
    reason, usage = str(message.get("stop_reason") or ""), members(message.get("usage"))
    told = {
        "content": "".join(str(block.get("text", "")) for block in blocks if block.get("type") == "text"),
        "reasoning_content": "\n".join(
            str(block.get("thinking", "")) for block in blocks if block.get("type") == "thinking"
        ),
    }
    counted = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return {
        "choices": [
            {"message": told, "finish_reason": "length" if reason in _CUT else _REASONS.get(reason, reason)}
        ],
        "usage": {
            "prompt_tokens": sum(n for name in counted if isinstance(n := usage.get(name), int)),
            "completion_tokens": usage.get("output_tokens"),
        },
    }
