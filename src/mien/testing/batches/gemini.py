"""Gemini's batches: ``/v1/batches``, and files by ``/upload/v1/files``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from mien.testing.batches.kept import (
    FOREIGN,
    Refused,
    chat,
    decoded,
    inner,
    json_object,
    json_reply,
    jsonl,
    require_once,
    rfc3339,
)
from mien.testing.replies import Reply, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mien.testing.batches.kept import Batch, Batches
    from mien.testing.options import Options


class Gemini:
    """``/v1/batches``, and files by ``/upload/v1/files``.

    Args:
        batches: what is kept.
    """

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    async def handle(self, method: str, path: str, request: web.BaseRequest, options: Options) -> Reply:
        """Answer a request about batches."""
        batches = self._batches
        match method, path.removeprefix("/v1/").split("/"):
            case "POST", ["", "upload", "v1", "files"]:
                return await self._upload(request)
            case "POST", ["models", model] if model.endswith(":batchGenerateContent"):
                made = self._make(model.partition(":")[0], await json_object(request), options)
                return json_reply(self._told(made))
            case "GET", ["batches"]:
                return json_reply({"operations": [self._told(batch) for batch in batches.latest_first]})
            case "POST", ["batches", id] if id.endswith(":cancel"):
                batches.get(f"batches/{id.removesuffix(':cancel')}").cancelling = True
                return json_reply({})
            case "GET", ["batches", id]:
                return json_reply(self._told(await batches.look(f"batches/{id}", options)))
            case "GET", ["files", id] if id.endswith(":download"):
                content = batches.file(f"files/{id.removesuffix(':download')}")
                return Reply(content, headers={"Content-Type": "application/jsonl"})
            case _:
                raise Refused(404, f"no such address: {method} {path}")

    async def _upload(self, request: web.BaseRequest) -> Reply:
        if "start" in request.headers.get("X-Goog-Upload-Command", ""):
            place = f"http://{request.host}/upload/v1/files?upload_id=1"
            return Reply(b"{}", headers={"X-Goog-Upload-URL": place, "X-Goog-Upload-Status": "active"})
        name = self._batches.keep("files/", await request.content.read())
        file = {"name": name, "state": "ACTIVE", "mimeType": "application/jsonl"}
        return Reply(
            encode({"file": file}),
            headers={"Content-Type": "application/json", "X-Goog-Upload-Status": "final"},
        )

    def _make(self, model: str, told: dict[str, Any], options: Options) -> Batch:
        batch = told["batch"]
        source = batch.get("inputConfig") or batch.get("input_config")
        lines = [
            msgspec.json.decode(line)
            for line in self._batches.file(source.get("fileName") or source.get("file_name")).splitlines()
        ]
        require_once([line["key"] for line in lines])
        requests = {line["key"]: _from_contents(model, line["request"]) for line in lines}
        name = batch.get("displayName") or batch.get("display_name") or ""
        return self._batches.make("batches/", name, requests, options)

    def _told(self, batch: Batch) -> dict[str, Any]:
        state = {"completed": "SUCCEEDED"}.get(batch.outcome, batch.outcome.upper() or "RUNNING")
        told: dict[str, Any] = {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
            "model": f"models/{batch.model}",
            "displayName": batch.name,
            "state": f"BATCH_STATE_{state}",
            "createTime": rfc3339(batch.created),
            "name": batch.id,
            "batchStats": {
                "requestCount": str(len(batch.requests)),
                "successfulRequestCount": str(batch.count(answered=True)),
                "failedRequestCount": str(batch.count(answered=False)),
            },
        }
        answer: dict[str, Any] = {"name": batch.id, "metadata": told, "done": bool(batch.outcome)}
        if batch.outcome == "completed":
            file = f"files/{batch.id.replace('/', '-')}"
            self._batches.files[file] = self._results(batch)
            told["output"] = {"responsesFile": file}
            answer["response"] = {"responsesFile": file}
        if batch.outcome == "failed":
            answer["error"] = {"code": 8 if batch.fault == "crowded" else 3, "message": "a scripted failure"}
        return answer

    def _results(self, batch: Batch) -> bytes:
        rows = [{"key": key} | _content(reply) for key, reply in batch.told.items()]
        strange = [{"key": FOREIGN, "error": {"code": 13, "message": "not yours"}}]
        broken = b"{this is no JSON\n" + jsonl(strange) if batch.fault == "unknown" else b""
        return broken + jsonl(rows)


def _either(told: Mapping[str, Any], name: str) -> Any:
    """A member by either of the two spellings that Google's services take."""
    return told.get(name, told.get(re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)))


def _from_contents(model: str, told: dict[str, Any]) -> bytes:
    def text(content: Mapping[str, Any]) -> str:
        return "".join(part.get("text", "") for part in content.get("parts", ()))

    system = _either(told, "systemInstruction")
    messages = [{"role": "system", "content": text(system)}] if system else []
    messages += [
        {"role": "assistant" if one.get("role") == "model" else "user", "content": text(one)}
        for one in told["contents"]
    ]
    config: dict[str, Any] = _either(told, "generationConfig") or {}
    members: dict[str, Any] = {"model": model, "messages": messages}
    for name, theirs in (
        ("temperature", "temperature"),
        ("top_p", "topP"),
        ("max_tokens", "maxOutputTokens"),
    ):
        if (value := _either(config, theirs)) is not None:
            members[name] = value
    if schema := _either(config, "responseJsonSchema"):
        asked = {"name": "answer", "strict": True, "schema": schema}
        members["response_format"] = {"type": "json_schema", "json_schema": asked}
    return chat(members)


def _content(reply: Reply) -> dict[str, Any]:
    told = decoded(reply.body)
    if reply.status != 200 or not told.get("choices"):
        message = inner(told, "error").get("message", "no message")
        return {
            "error": {"code": 3 if reply.status < 429 and reply.status != 200 else 13, "message": message}
        }
    choice, usage = told["choices"][0], told["usage"]
    reason = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
    content = {"role": "model", "parts": [{"text": choice["message"]["content"]}]}
    return {
        "response": {
            "candidates": [{"content": content, "finishReason": reason.get(choice["finish_reason"], "STOP")}],
            "modelVersion": told["model"],
            "usageMetadata": {
                "promptTokenCount": usage["prompt_tokens"],
                "candidatesTokenCount": usage["completion_tokens"],
                "totalTokenCount": usage["total_tokens"],
            },
        }
    }
