"""Runs: what is in the store, and how far the runs under way have come."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from mien.viewer.app import App

_AT_ONCE = 0.1  # seconds in which a page sums what it can; the rest comes with the live table
_SECONDS_A_CALL = 5e-6
_AGAIN = 10  # times as long as a sum took: for so long it is not made anew while a run is under way
_TICK = 1.0  # seconds between two looks at runs under way
_UNDER_WAY = 30.0  # seconds since the last call

# What needs no look at every call.
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


class _Sum(NamedTuple):
    """What a run's calls came to, of how many, when that was summed, and how long it took."""

    failures: int
    cost: float | None
    latest: float | None
    answered: int
    made: float
    seconds: float


class _Runs:
    def __init__(self, app: App) -> None:
        self._app = app
        self._sums: dict[tuple[int, float], _Sum] = {}

    def page(self, _: Mapping[str, str]) -> str:
        rows = self._rows({}, 0.0, until=time.monotonic() + _AT_ONCE)
        return self._app.html("runs.html", title="Runs", runs=rows)

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

    def _rows(
        self, before: Mapping[int, int], seconds: float, *, until: float = math.inf
    ) -> list[dict[str, Any]]:
        with self._app.reading() as (_, db):
            counted = db.execute(_COUNTS).fetchall()
            return [self._row(db, row, before, seconds, until) for row in counted]

    def _sum(
        self, db: sqlite3.Connection, run: int, created: float, answered: int, until: float
    ) -> _Sum | None:
        """A run's sum, or its last one, or None where there is no time for it."""
        known, now = self._sums.get((run, created)), time.monotonic()
        if known and (known.answered == answered or now < known.made + _AGAIN * known.seconds):
            return known
        if now + answered * _SECONDS_A_CALL > until:
            return known
        failures, cost, latest = db.execute(_SPENT, (run,)).fetchone()
        took = time.monotonic() - now
        found = _Sum(failures, cost, latest, answered, now + took, took)
        self._sums[run, created] = found
        return found

    def _row(
        self,
        db: sqlite3.Connection,
        row: tuple[Any, ...],
        before: Mapping[int, int],
        seconds: float,
        until: float,
    ) -> dict[str, Any]:
        run, name, model, instrument, created, n_trials, answered = row
        spent = self._sum(db, run, created, answered, until)
        verdicts = db.execute(
            "SELECT j.name, (SELECT count(*) FROM verdict v WHERE v.run = j.run AND v.judge = j.name) "
            "FROM judge j WHERE j.run = ? ORDER BY j.created",
            (run,),
        ).fetchall()
        gained = answered - before.get(run, answered)
        latest = (spent and spent.latest) or created
        under_way = answered < n_trials and (gained > 0 or time.time() - latest < _UNDER_WAY)
        return {
            "id": run,
            "name": name,
            "model": model,
            "instrument": instrument,
            "created": time.strftime("%Y-%m-%d %H:%M", time.gmtime(created)),
            "n_trials": n_trials,
            "answered": answered,
            "spent": spent,
            "verdicts": verdicts,
            "under_way": under_way,
            "rate": gained / seconds if under_way and gained and seconds else None,
        }


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""
    runs = _Runs(app)
    return [app.get("/", runs.page), web.get("/live", runs.live)]
