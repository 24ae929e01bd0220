"""The addresses: from a request to a page, or to a page that says what went wrong."""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from mien.errors import MienError, UnknownName, UsageError
from mien.formatting import visible
from mien.viewer.pages import (
    arena,
    diff,
    evaluation,
    label,
    manner,
    profile,
    report,
    runs,
    sides,
    transcripts,
    trial,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from mien.viewer.app import App

_log = logging.getLogger(__name__)
_STATIC = Path(__file__).parent / "static"
_SURROGATE = re.compile("[\ud800-\udfff]")
_MOST_BYTES = 16 * 2**20


def application(app: App) -> web.Application:
    """What aiohttp serves."""

    @web.middleware
    async def explained(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Say what went wrong on a page of the app's own."""
        try:
            _require_text(request.query.values())
            if request.method == "POST":
                _require_text(value for value in (await request.post()).values() if isinstance(value, str))
            return await handler(request)
        except Exception as error:
            status, problem = _problem(request, error)
        text = app.html("problem.html", title="That did not work", problem=problem)
        return web.Response(text=text, status=status, content_type="text/html")

    async def working(_: web.Application) -> AsyncIterator[None]:
        app.search.start()
        app.profiles.start()
        yield
        app.profiles.close()
        await asyncio.to_thread(app.drawn.close)
        await asyncio.to_thread(app.search.close)

    served = web.Application(middlewares=[app.guard.check, explained], client_max_size=_MOST_BYTES)
    served.router.add_static("/static/", _STATIC)
    for page in (runs, profile, transcripts, trial, diff, sides, manner, evaluation, label, arena, report):
        served.add_routes(page.routes(app))
    served.cleanup_ctx.append(working)
    return served


def _require_text(values: Iterable[str]) -> None:
    """Refuse what no store and no page can hold.

    Raises:
        UsageError: a value holds NUL, or half a character.
    """
    if any("\0" in value or _SURROGATE.search(value) for value in values):
        raise UsageError("this address or form holds something that is no text")


def _problem(request: web.Request, error: Exception) -> tuple[int, str]:
    """The status of what went wrong, and what to say."""
    match error:
        case web.HTTPNotFound():
            return 404, f"There is no page {visible(request.path)}."
        case web.HTTPException():
            return error.status, error.reason
        case UnknownName():
            return 404, str(error)
        case MienError():
            return 400, str(error)
        case _:
            _log.error("a page failed: %s", request.path_qs, exc_info=error)
            return 500, "mien failed at this page; what it printed where it runs says why."
