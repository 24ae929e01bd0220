"""Anthropic's Message Batches: ``/v1/messages/batches``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

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
    rfc3339,
)
from mien.testing.replies import Reply

if TYPE_CHECKING:
    from aiohttp import web

    from mien.testing.batches.kept import Batch, Batches
    from mien.testing.options import Options

_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class Anthropic:
    """``/v1/messages/batches``.

    Args:
        batches: what is kept.
    """

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    async def handle(self, method: str, path: str, request: web.BaseRequest, options: Options) -> Reply:
        """Answer a request about batches."""
        batches = self._batches
        if not request.headers.get("anthropic-version"):
            raise Refused(400, "anthropic-version: header is required")
        match method, path.removeprefix("/v1/messages/").split("/"):
            case "POST", ["batches"]:
                return json_reply(self._told(self._make(await json_object(request), options)))
            case "GET", ["batches"]:
                return json_reply(page(batches.latest_first, request, "after_id", self._told))
            case "GET", ["batches", id]:
                return json_reply(self._told(await batches.look(id, options)))
            case "GET", ["batches", id, "results"]:
                return Reply(self._results(batches.get(id)), headers={"Content-Type": "application/x-jsonl"})
            case "POST", ["batches", id, "cancel"]:
                batches.get(id).cancelling = True
                return json_reply(self._told(batches.get(id)))
            case _:
                raise Refused(404, f"no such address: {method} {path}")

    def _make(self, told: dict[str, Any], options: Options) -> Batch:
        lines: list[dict[str, Any]] = told.get("requests") or []
        require_once([line["custom_id"] for line in lines])
        for line in lines:
            if not _CUSTOM_ID.fullmatch(line["custom_id"]):
                raise Refused(400, "custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'")
            if not isinstance(line["params"].get("max_tokens"), int):
                raise Refused(400, "max_tokens: Field required")
        requests = {line["custom_id"]: _from_messages(line["params"]) for line in lines}
        return self._batches.make("msgbatch_", "", requests, options)

    def _told(self, batch: Batch) -> dict[str, Any]:
        left = len(batch.requests) - len(batch.answers)
        ended = bool(batch.outcome)
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if ended else "canceling" if batch.cancelling else "in_progress",
            "request_counts": {
                "processing": 0 if ended else left,
                "succeeded": batch.count(answered=True),
                "errored": batch.count(answered=False) + (left if batch.outcome == "failed" else 0),
                "canceled": left if batch.outcome == "cancelled" else 0,
                "expired": left if batch.outcome == "expired" else 0,
            },
            "created_at": rfc3339(batch.created),
            "expires_at": rfc3339(batch.created + 24 * 3600),
            "ended_at": rfc3339(batch.created) if ended else None,
            "archived_at": None,
            "cancel_initiated_at": rfc3339(batch.created) if batch.outcome == "cancelled" else None,
            "results_url": f"/v1/messages/batches/{batch.id}/results" if ended else None,
        }

    def _results(self, batch: Batch) -> bytes:
        rows = [{"custom_id": key, "result": _message(reply)} for key, reply in batch.told.items()]
        kind = {"cancelled": "canceled", "expired": "expired"}.get(batch.outcome)
        failure = {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": "a scripted failure"},
        }
        left: dict[str, Any] = {"type": kind} if kind else {"type": "errored", "error": failure}
        rows += [{"custom_id": key, "result": left} for key in batch.requests if key not in batch.answers]
        strange = [{"custom_id": FOREIGN, "result": {"type": "expired"}}]
        broken = b"{this is no JSON\n" + jsonl(strange) if batch.fault == "unknown" else b""
        return broken + jsonl(rows)


def _from_messages(params: dict[str, Any]) -> bytes:
    members = dict(params)
    system = members.pop("system", None)
    if not isinstance(system, str | None):
        system = "\n\n".join(block["text"] for block in system)
    if system:
        members["messages"] = [{"role": "system", "content": system}, *members["messages"]]
    return chat(members)


def _message(reply: Reply) -> dict[str, Any]:
    told = decoded(reply.body)
    if reply.status != 200 or not told.get("choices"):
        kind = "invalid_request_error" if reply.status < 429 and reply.status != 200 else "api_error"
        problem = {"type": kind, "message": inner(told, "error").get("message", "no message")}
        return {"type": "errored", "error": {"type": "error", "error": problem, "request_id": None}}
    choice, usage = told["choices"][0], told["usage"]
    text = choice["message"]["content"]
    reason = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}
    message = {
        "id": told["id"].replace("chatcmpl-", "msg_"),
        "type": "message",
        "role": "assistant",
        "model": told["model"],
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": reason.get(choice["finish_reason"], "end_turn"),
        "stop_sequence": None,
        "usage": {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]},
    }
    return {"type": "succeeded", "message": message}
