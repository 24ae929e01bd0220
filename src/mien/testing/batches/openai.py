"""OpenAI's batches: ``/v1/files`` and ``/v1/batches``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import BodyPartReader

from mien.testing.batches.kept import (
    FOREIGN,
    Refused,
    chat,
    decoded,
    inner,
    json_object,
    json_reply,
    jsonl,
    page,
    require_once,
)
from mien.testing.replies import Reply, error

if TYPE_CHECKING:
    from aiohttp import web

    from mien.testing.batches.kept import Batch, Batches
    from mien.testing.options import Options


class OpenAI:
    """``/v1/files`` and ``/v1/batches``.

    Args:
        batches: what is kept.
    """

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    async def handle(self, method: str, path: str, request: web.BaseRequest, options: Options) -> Reply:
        """Answer a request about batches."""
        batches = self._batches
        match method, path.removeprefix("/v1/").split("/"):
            case "POST", ["files"]:
                return json_reply(await self._upload(request))
            case "GET", ["files", id, "content"]:
                return Reply(batches.file(id), headers={"Content-Type": "application/jsonl"})
            case "POST", ["batches"]:
                return json_reply(self._told(self._make(await json_object(request), options)))
            case "GET", ["batches"]:
                return json_reply(page(batches.latest_first, request, "after", self._told))
            case "GET", ["batches", id]:
                return json_reply(self._told(await batches.look(id, options)))
            case "POST", ["batches", id, "cancel"]:
                batches.get(id).cancelling = True
                return json_reply(self._told(batches.get(id)))
            case _:
                raise Refused(404, f"no such address: {method} {path}")

    async def _upload(self, request: web.BaseRequest) -> dict[str, Any]:
        fields: dict[str, bytes] = {}
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name:
                content = b""
                while piece := await part.read_chunk(1 << 16):  # read at once, it may not be long
                    content += piece
                fields[part.name] = content
        content, purpose = fields.get("file"), fields.get("purpose")
        if content is None or purpose != b"batch":
            raise Refused(400, "a file and the purpose `batch` are wanted")
        id = self._batches.keep("file-", content)
        return {"id": id, "object": "file", "bytes": len(content), "created_at": int(time.time())} | {
            "filename": "requests.jsonl",
            "purpose": "batch",
            "status": "processed",
        }

    def _make(self, told: dict[str, Any], options: Options) -> Batch:
        if told.get("endpoint") != "/v1/chat/completions":
            raise Refused(400, "this endpoint is not served in batches")
        lines = [msgspec.json.decode(line) for line in self._batches.file(told["input_file_id"]).splitlines()]
        require_once([line["custom_id"] for line in lines])
        if len({line["body"].get("model") for line in lines}) != 1:
            raise Refused(400, "all requests of a batch must ask the same model")
        name = inner(told, "metadata").get("mien", "")
        requests = {line["custom_id"]: chat(line["body"]) for line in lines}
        return self._batches.make("batch_", name, requests, options)

    def _told(self, batch: Batch) -> dict[str, Any]:
        ended = batch.outcome in ("completed", "expired", "cancelled")
        files = self._results(batch) if ended else (None, None)
        code = "token_limit_exceeded" if batch.fault == "crowded" else "invalid_request"
        message = "Enqueued token limit reached" if batch.fault == "crowded" else "a scripted failure"
        failure = {
            "object": "list",
            "data": [{"code": code, "message": message, "line": None, "param": None}],
        }
        return {
            "id": batch.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "input_file_id": "file-0",
            "created_at": int(batch.created),
            "status": batch.outcome or ("in_progress" if batch.looks else "validating"),
            "errors": failure if batch.outcome == "failed" else None,
            "output_file_id": files[0],
            "error_file_id": files[1],
            "request_counts": {
                "total": len(batch.requests),
                "completed": batch.count(answered=True),
                "failed": batch.count(answered=False),
            },
            "metadata": {"mien": batch.name} if batch.name else None,
        }

    def _results(self, batch: Batch) -> tuple[str | None, str | None]:
        names = f"file-{batch.id}-output", f"file-{batch.id}-errors"
        if names[0] not in self._batches.files:
            rows = [(reply.status, _line(key, reply)) for key, reply in batch.told.items()]
            errors: list[Any] = [line for status, line in rows if status != 200]
            if batch.outcome == "expired":
                problem = {"code": "batch_expired", "message": "This request could not be executed in time."}
                errors += [
                    {"id": f"batch_req_{key}", "custom_id": key, "response": None, "error": problem}
                    for key in batch.requests
                    if key not in batch.answers
                ]
            output = jsonl([line for status, line in rows if status == 200])
            if batch.fault == "unknown":
                output += b"{this is no JSON\n" + jsonl([_line(FOREIGN, error(500, "not yours"))])
            self._batches.files |= dict(zip(names, (output, jsonl(errors)), strict=True))
        output_file, error_file = (name if self._batches.files[name] else None for name in names)
        return output_file, error_file


def _line(key: str, reply: Reply) -> dict[str, Any]:
    body = decoded(reply.body) or reply.body.decode()
    response = {"status_code": reply.status, "request_id": f"req_{key}", "body": body}
    return {"id": f"batch_req_{key}", "custom_id": key, "response": response, "error": None}
