"""Serving until cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from mien.viewer.routes import application

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from mien.viewer.app import App

_GRACE = 1.0  # seconds that what is under way gets when the server is stopped


async def serve(app: App, bound: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until cancelled.

    Args:
        app: what to serve.
        bound: from `mien.models.serving.bind`; closed at the end.
        ready: told once requests are taken.
    """
    runner = web.AppRunner(
        application(app), handler_cancellation=True, access_log=None, shutdown_timeout=_GRACE
    )
    await runner.setup()
    try:
        await web.SockSite(runner, bound).start()
        ready()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
