"""The socket, and serving until cancelled."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import TYPE_CHECKING

from mien.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mien.models.engine import Engine

_GRACE = 2.0  # seconds that what is under way gets when the server is stopped


def bind(host: str, port: int) -> socket.socket:
    """Take a port, before a model is opened for it, which may take long.

    Args:
        host: this machine's name or address to listen at.
        port: 0 for any free one.

    Raises:
        UsageError: the port is in use, or there is no such address.
    """
    bound = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        if sys.platform != "win32":  # a port that was just let go is free; there, it would be one in use, too
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as problem:
        if bound is not None:
            bound.close()
        reason = problem.strerror or str(problem)
        raise UsageError(f"cannot listen at {host}:{port}: {reason}; --port 0 takes any free port") from None
    return bound


async def serve(spec: str, engine: Engine, bound: socket.socket, ready: Callable[[str], None]) -> None:
    """Serve until cancelled.

    Args:
        spec: the model's full name.
        engine: the model.
        bound: from `bind`; closed at the end.
        ready: told the base URL once requests are taken.
    """
    from aiohttp import web

    from mien.models.inprocess.batching import Batcher
    from mien.models.serving.app import App

    async with Batcher(engine) as batcher:
        # A request whose sender has hung up is cancelled, and never run where it still waits.
        runner = web.AppRunner(
            App(spec, engine, batcher).application(),
            handler_cancellation=True,
            access_log=None,
            shutdown_timeout=_GRACE,
        )
        await runner.setup()
        try:
            await web.SockSite(runner, bound, backlog=1024).start()
            ready(_url(bound))
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"
