"""Gemini's batches: a file of requests in the form of its own ``generateContent``.

Live it is asked by its OpenAI-compatible address, which translates a request much as is done here: the same
is asked of the same model, and the call's key is the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, urlsplit

import msgspec

from mien.errors import EndpointRefused, UsageError
from mien.models.http.batches.desk import reopened
from mien.models.http.batches.service import Result, Standing
from mien.models.http.decoding import decode, items, members
from mien.models.http.replies import read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from mien.models.http.batches.desk import Desk

_CONFIG = {
    "temperature": "temperature",
    "top_p": "topP",
    "max_tokens": "maxOutputTokens",
    "max_completion_tokens": "maxOutputTokens",
}
_OUTCOMES = {
    "SUCCEEDED": "completed",
    "PARTIALLY_SUCCEEDED": "completed",
    "EXPIRED": "expired",
    "CANCELLED": "cancelled",
    "FAILED": "failed",
}
# HTTP statuses of the codes by which Google's services tell errors.
_STATUSES = {3: 400, 4: 504, 5: 404, 7: 403, 8: 429, 9: 400, 13: 500, 14: 503, 16: 401}
_PAGE, _MOST_PAGES = 100, 50
_SLACK = 3600.0  # seconds by which clocks may differ

_encode = msgspec.json.encode


class GeminiBatches:
    """See `mien.models.http.batches.service.Service`.

    Args:
        desk: of the endpoint.
    """

    most_requests: ClassVar[int] = 50_000  # no number is documented; more than this is hard to look through
    most_bytes: ClassVar[int] = 2_000_000_000
    named: ClassVar[bool] = True
    frame: ClassVar[tuple[bytes, bytes, bytes]] = (b"", b"\n", b"\n")

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._url = desk.endpoint.url.removesuffix("/openai")

    @staticmethod
    def header(key: str) -> dict[str, str]:
        """The header that bears a key."""
        return {"x-goog-api-key": key} if key else {}

    def body(self, sent: Mapping[str, Any]) -> bytes:
        """A request to ``generateContent``."""
        rest = {k: v for k, v in sent.items() if k not in ("model", "stream")}
        messages, form = rest.pop("messages"), rest.pop("response_format", None)
        config = {_CONFIG[name]: rest.pop(name) for name in [*rest] if name in _CONFIG}
        if rest:
            raise UsageError(
                f"Gemini's batches take no {' and no '.join(sorted(rest))}: leave that out, or --batch"
            )
        if form:
            config |= {
                "responseMimeType": "application/json",
                "responseJsonSchema": form["json_schema"]["schema"],
            }
        system = "\n\n".join(one["content"] for one in messages if one["role"] == "system")
        body: dict[str, Any] = {
            "contents": [
                {
                    "role": "model" if one["role"] == "assistant" else "user",
                    "parts": [{"text": one["content"]}],
                }
                for one in messages
                if one["role"] != "system"
            ]
        }
        body |= {"systemInstruction": {"parts": [{"text": system}]}} if system else {}
        body |= {"generationConfig": config} if config else {}
        return msgspec.json.encode(body, order="sorted")

    def line(self, key: str, body: bytes) -> bytes:
        return _encode({"key": key, "request": msgspec.Raw(body)})

    async def upload(self, name: str, file: IO[bytes]) -> str:
        parts = urlsplit(self._url)
        size = file.seek(0, 2)
        begun = await self._desk.post(
            f"{parts.scheme}://{parts.netloc}/upload{parts.path}/files",
            lambda: {
                "json": {"file": {"displayName": name}},
                "headers": {
                    "X-Goog-Upload-Protocol": "resumable",
                    "X-Goog-Upload-Command": "start",
                    "X-Goog-Upload-Header-Content-Length": str(size),
                    "X-Goog-Upload-Header-Content-Type": "application/jsonl",
                },
            },
        )
        place = begun.headers.get("X-Goog-Upload-URL", "")
        if urlsplit(place)[:2] != parts[:2]:
            raise EndpointRefused(f"{self._desk.endpoint.name}: it names no place of its own for a file")

        def build() -> dict[str, Any]:
            headers = {
                "X-Goog-Upload-Offset": "0",
                "X-Goog-Upload-Command": "upload, finalize",
            }
            return {"data": reopened(file), "headers": headers}

        told = await self._desk.post(place, build)
        return str(members(told.members.get("file")).get("name", ""))

    async def make(self, name: str, model: str, uploaded: str, file: IO[bytes]) -> Standing:
        told = await self._desk.once(
            f"{self._url}/models/{quote(model.removeprefix('models/'))}:batchGenerateContent",
            json={"batch": {"displayName": name, "inputConfig": {"fileName": uploaded}}},
        )
        return _standing(told.members)

    async def find(self, name: str, *, total: int, since: float) -> list[Standing]:
        page = ""
        for _ in range(_MOST_PAGES):
            told = await self._desk.ask(f"{self._url}/batches?pageSize={_PAGE}{page}")
            batches = [_standing(members(one)) for one in items(told and told.members.get("operations"))]
            if found := [batch for batch in batches if batch.name == name]:
                return found
            token = told and told.members.get("nextPageToken")
            if not (token and batches) or batches[-1].created < since - _SLACK:
                break
            page = f"&pageToken={quote(str(token))}"
        return []

    async def standing(self, id: str) -> Standing | None:
        told = await self._desk.ask(f"{self._url}/{quote(id)}")
        return told and _standing(told.members)

    async def results(self, standing: Standing) -> AsyncIterator[Result]:
        for file in standing.results:
            async for line in self._desk.lines(f"{self._url}/{quote(file)}:download?alt=media"):
                if result := _result(line):
                    yield result

    async def cancel(self, id: str) -> None:
        await self._desk.post(f"{self._url}/{quote(id)}:cancel")


def _standing(told: dict[str, Any]) -> Standing:
    batch, error = members(told.get("metadata")), members(told.get("error"))
    state = str(batch.get("state", "")).removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_")
    counts = {name: _count(n) for name, n in members(batch.get("batchStats")).items()}
    total, output = counts.get("requestCount", 0), members(batch.get("output"))
    file = output.get("responsesFile") or members(told.get("response")).get("responsesFile")
    return Standing(
        id=str(told.get("name", "")),
        name=str(batch.get("displayName", "")),
        state=state.lower(),
        outcome=_OUTCOMES.get(state, ""),
        done=counts.get("successfulRequestCount", 0) + counts.get("failedRequestCount", 0),
        total=total,
        created=_unix(batch.get("createTime")),
        results=(str(file),) if file else (),
        problem=str(error.get("message", "")),
        crowded=error.get("code") == 8,
    )


def _count(told: object) -> int:
    """A number that comes as text."""
    return int(str(told)) if str(told).isdigit() else 0


def _unix(told: object) -> float:
    try:
        return datetime.fromisoformat(str(told)).timestamp()
    except ValueError:
        return 0.0


def _result(line: bytes) -> Result | None:
    decoded = decode(line)
    told = members(decoded.value if decoded else None)
    key, response, error = told.get("key"), members(told.get("response")), members(told.get("error"))
    if not isinstance(key, str):
        return None
    if response:
        return Result(key, read(200, _encode(_completion(response))), _encode(response))
    if not error or error.get("code") == 1:  # cancelled
        return Result(key, None, line)
    code = error.get("code")
    status = code if isinstance(code, int) and code >= 400 else _STATUSES.get(_count(code), 500)
    return Result(key, read(status, _encode({"error": error})), line)


def _completion(response: dict[str, Any]) -> dict[str, Any]:
    """Generated content as a chat completion, which is then read as all are."""
    candidate = members(next(iter(items(response.get("candidates"))), None))
    parts = [members(one) for one in items(members(candidate.get("content")).get("parts"))]
    told = {
        "content": "".join(str(part.get("text", "")) for part in parts if not part.get("thought")),
        "reasoning_content": "\n".join(str(part.get("text", "")) for part in parts if part.get("thought")),
    }
    blocked = members(response.get("promptFeedback")).get("blockReason")
    usage = members(response.get("usageMetadata"))
    return {
        "choices": [
            {"message": told, "finish_reason": "content_filter" if blocked else candidate.get("finishReason")}
        ],
        "usage": {
            "prompt_tokens": usage.get("promptTokenCount"),
            "completion_tokens": _count(usage.get("candidatesTokenCount"))
            + _count(usage.get("thoughtsTokenCount")),
        },
    }
