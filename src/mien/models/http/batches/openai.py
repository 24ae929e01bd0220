"""OpenAI's batches, as OpenAI, Groq and LiteLLM serve them: a file of requests, and one of answers."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import aiohttp
import msgspec

from mien.models.http.batches.desk import reopened
from mien.models.http.batches.service import Result, Standing
from mien.models.http.decoding import decode, items, members
from mien.models.http.replies import read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from mien.models.http.batches.desk import Desk

_ENDPOINT = "/v1/chat/completions"
_OUTCOMES = ("completed", "expired", "cancelled", "failed")
# Errors of requests that nobody has looked at.
_UNASKED = frozenset(("batch_expired", "batch_cancelled"))
_PAGE, _MOST_PAGES = 100, 50
_SLACK = 3600.0  # seconds by which clocks may differ

_encode = msgspec.json.encode


class OpenAIBatches:
    """See `mien.models.http.batches.service.Service`.

    Args:
        desk: of the endpoint.
    """

    most_requests: ClassVar[int] = 50_000
    most_bytes: ClassVar[int] = 200_000_000
    named: ClassVar[bool] = True
    frame: ClassVar[tuple[bytes, bytes, bytes]] = (b"", b"\n", b"\n")

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._url = desk.endpoint.url

    @staticmethod
    def header(key: str) -> dict[str, str]:
        """The header that bears a key."""
        return {"Authorization": f"Bearer {key}"} if key else {}

    def body(self, sent: Mapping[str, Any]) -> bytes:
        """The members as they are: a batch streams nothing, and some refuse to be told."""
        return msgspec.json.encode({k: v for k, v in sent.items() if k != "stream"}, order="sorted")

    def line(self, key: str, body: bytes) -> bytes:
        return _encode({"custom_id": key, "method": "POST", "url": _ENDPOINT, "body": msgspec.Raw(body)})

    async def upload(self, name: str, file: IO[bytes]) -> str:
        def build() -> dict[str, Any]:
            form = aiohttp.MultipartWriter("form-data")
            form.append("batch", {"Content-Type": "text/plain"}).set_content_disposition(
                "form-data", name="purpose"
            )
            form.append(reopened(file), {"Content-Type": "application/jsonl"}).set_content_disposition(
                "form-data", name="file", filename=f"{name}.jsonl"
            )
            return {"data": form, "headers": {"Content-Type": form.headers["Content-Type"]}}

        told = await self._desk.post(f"{self._url}/files", build)
        return str(told.members.get("id", ""))

    async def make(self, name: str, model: str, uploaded: str, file: IO[bytes]) -> Standing:
        told = await self._desk.once(
            f"{self._url}/batches",
            json={
                "input_file_id": uploaded,
                "endpoint": _ENDPOINT,
                "completion_window": "24h",
                "metadata": {"mien": name},
            },
        )
        return _standing(told.members)

    async def find(self, name: str, *, total: int, since: float) -> list[Standing]:
        after = ""
        for _ in range(_MOST_PAGES):
            told = await self._desk.ask(f"{self._url}/batches?limit={_PAGE}{after}")
            batches = [_standing(members(one)) for one in items(told and told.members.get("data"))]
            if found := [batch for batch in batches if batch.name == name]:
                return found
            if not (told and told.members.get("has_more") and batches):
                break
            if batches[-1].created and batches[-1].created < since - _SLACK:
                break
            after = f"&after={quote(batches[-1].id)}"
        return []

    async def standing(self, id: str) -> Standing | None:
        told = await self._desk.ask(f"{self._url}/batches/{quote(id, safe='')}")
        return told and _standing(told.members)

    async def results(self, standing: Standing) -> AsyncIterator[Result]:
        for file in standing.results:
            async for line in self._desk.lines(f"{self._url}/files/{quote(file, safe='')}/content"):
                if result := _result(line):
                    yield result

    async def cancel(self, id: str) -> None:
        await self._desk.post(f"{self._url}/batches/{quote(id, safe='')}/cancel")


def _standing(told: dict[str, Any]) -> Standing:
    counts, status = members(told.get("request_counts")), str(told.get("status", ""))
    errors = [members(one) for one in items(members(told.get("errors")).get("data"))]
    return Standing(
        id=str(told.get("id", "")),
        name=str(members(told.get("metadata")).get("mien", "")),
        state=status,
        outcome=status if status in _OUTCOMES else "",
        done=_count(counts.get("completed")) + _count(counts.get("failed")),
        total=_count(counts.get("total")),
        created=float(_count(told.get("created_at"))),
        results=tuple(
            file
            for name in ("output_file_id", "error_file_id")
            if isinstance(file := told.get(name), str) and file
        ),
        problem="; ".join(str(error.get("message", "")) for error in errors[:3]),
        crowded=any("token_limit" in str(error.get("code", "")) for error in errors),
    )


def _count(told: object) -> int:
    return told if isinstance(told, int) and told > 0 else 0


def _result(line: bytes) -> Result | None:
    decoded = decode(line)
    told = members(decoded.value if decoded else None)
    key, response, error = told.get("custom_id"), members(told.get("response")), members(told.get("error"))
    if not isinstance(key, str):
        return None
    if response:
        body = _encode(response.get("body"))
        return Result(key, read(_count(response.get("status_code")) or 200, body), body)
    if str(error.get("code", "")) in _UNASKED:
        return Result(key, None, line)
    return Result(key, read(_status(error.get("code")), _encode({"error": error})), line)


def _status(code: object) -> int:
    """The HTTP status that an error's code is; 500 where it is none."""
    return int(str(code)) if re.fullmatch(r"[45]\d\d", str(code)) else 500
