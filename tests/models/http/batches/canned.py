"""A server that answers what it is told to, in turn for each path, the last for ever."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import aiohttp

from mien.models.http.batches.desk import Desk
from mien.models.http.providers import Endpoint
from tests.listening import Server
from tests.processes import LIMIT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

KEY_VARIABLE, KEY = "MIEN_API_KEY", "sk-very-secret-0123456789"

Canned = dict[str, list[tuple[int, Any]]]
"""Status and body of each answer, by path with query; a body of bytes goes as it is, and half of it where the
status is 0."""


@contextmanager
def serving(canned: Canned) -> Generator[str]:
    """The base address of a server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answers = canned.get(self.path, [(404, {"error": {"message": "nothing here"}})])
            status, body = answers.pop(0) if len(answers) > 1 else answers[0]
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status or 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content if status else content[: len(content) // 2])
            self.close_connection = not status

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with Server(Handler) as server:
        yield server.url


def at_the_desk(canned: Canned, use: Callable[[Desk], Awaitable[Any]]) -> Any:
    """What comes of using a desk against such a server; the key is in the environment where one is wanted."""

    async def main(base: str) -> Any:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LIMIT)) as session:
            endpoint = Endpoint(url=base, name="host", key_variable=KEY_VARIABLE, key_required=False)
            return await use(Desk(session, endpoint, {"Authorization": f"Bearer {endpoint.key}"}))

    with serving(canned) as base:
        return asyncio.run(main(base))


def jsonl(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
