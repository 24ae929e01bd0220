"""Runs: what is in the store, and how far the runs under way have come."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from mien.viewer.app import App

_TICK = 1.0  # seconds between two looks at runs under way
_UNDER_WAY = 30.0  # seconds since the last call

# Counts that are cheap at any length of run; what takes a look at every call is left to the page of the run.
_COUNTS = """
    SELECT r.id, r.name, r.model, r.instrument, r.created,
           (SELECT count(*) FROM trial t WHERE t.run = r.id),
           (SELECT count(t.call) FROM trial t WHERE t.run = r.id)
    FROM run r ORDER BY r.id DESC
"""
_SPENT = """
    SELECT count(CASE WHEN c.failure <> '' THEN 1 END), sum(c.cost), max(c.created)
    FROM trial t JOIN call c ON c.key = t.call WHERE t.run = ?
"""


class _Runs:
    def __init__(self, app: App) -> None:
        self._app = app
        self._spent: dict[int, tuple[tuple[float, int], tuple[int, float | None, float]]] = {}

    def page(self, _: Mapping[str, str]) -> str:
        return self._app.html("runs.html", title="Runs", runs=self._rows({}, 0.0))

    async def live(self, request: web.Request) -> web.StreamResponse:
        """The table of runs as server-sent events, whenever it changes."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.headers["Cache-Control"] = "no-store"
        await response.prepare(request)
        before: dict[int, int] = {}
        last, sent = time.monotonic(), ""
        while True:
            now = time.monotonic()
            rows = await asyncio.to_thread(self._rows, before, now - last)
            before, last = {row["id"]: row["answered"] for row in rows}, now
            text = self._app.html("runs_table.html", runs=rows)
            if text != sent:
                lines = "".join(f"data: {line}\n" for line in text.splitlines())
                await response.write(f"event: runs\n{lines}\n".encode())
                sent = text
            else:
                await response.write(b": still here\n\n")  # fails once the reader has gone
            await asyncio.sleep(_TICK)

    def _rows(self, before: Mapping[int, int], seconds: float) -> list[dict[str, Any]]:
        with self._app.reading() as (_, db):
            return [self._row(db, row, before, seconds) for row in db.execute(_COUNTS).fetchall()]

    def _row(
        self, db: sqlite3.Connection, row: tuple[Any, ...], before: Mapping[int, int], seconds: float
    ) -> dict[str, Any]:
        run, name, model, instrument, created, n_trials, answered = row
        known, spent = self._spent.get(run, ((0.0, -1), (0, None, 0.0)))
        if known != (created, answered):
            spent = db.execute(_SPENT, (run,)).fetchone()
            self._spent[run] = (created, answered), spent
        failures, cost, latest = spent
        verdicts = db.execute(
            "SELECT j.name, (SELECT count(*) FROM verdict v WHERE v.run = j.run AND v.judge = j.name) "
            "FROM judge j WHERE j.run = ? ORDER BY j.created",
            (run,),
        ).fetchall()
        under_way = answered < n_trials and time.time() - (latest or created) < _UNDER_WAY
        gained = answered - before.get(run, answered)
        return {
            "id": run,
            "name": name,
            "model": model,
            "instrument": instrument,
            "created": time.strftime("%Y-%m-%d %H:%M", time.gmtime(created)),
            "n_trials": n_trials,
            "answered": answered,
            "failures": failures,
            "cost": cost,
            "verdicts": verdicts,
            "under_way": under_way,
            "rate": gained / seconds if under_way and gained and seconds else None,
        }


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""
    runs = _Runs(app)
    return [app.get("/", runs.page), web.get("/live", runs.live)]
