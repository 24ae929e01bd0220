"""Errors in the words of the protocol."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)


class Refused(Exception):
    """A request that gets an error for an answer, worded as OpenAI words them."""

    def __init__(self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None):
        super().__init__(message)
        self.status = status
        kind = "invalid_request_error" if status < 500 else "server_error"
        error = {"message": message, "type": kind, "param": param, "code": code}
        self.body = msgspec.json.encode({"error": error})


@web.middleware
async def in_openais_words(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Give every error the protocol's form: clients look for the message there."""
    try:
        return await handler(request)
    except Refused as problem:
        refused = problem
    except web.HTTPException as problem:
        refused = Refused(f"{request.method} {request.path}: {problem.reason}", status=problem.status)
    except Exception as problem:
        _log.exception("a request failed")
        refused = Refused(f"the model failed: {problem!r}", status=500)
    return web.Response(body=refused.body, status=refused.status, content_type="application/json")
