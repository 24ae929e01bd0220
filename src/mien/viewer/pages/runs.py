"""Runs: what is in the store, and how far the runs under way have come."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

from mien.evals.kinds import KINDS
from mien.store.counts import Spending, run_counts, spending, verdict_counts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from mien.store.counts import RunCounts
    from mien.viewer.app import App

_AT_ONCE = 0.1  # seconds in which a page sums what it can; the rest comes with the live table
_SECONDS_A_CALL = 5e-6
_AGAIN = 10  # times as long as a sum took: for so long it is not made anew while a run is under way
_TICK = 1.0  # seconds between two looks at runs under way
_UNDER_WAY = 30.0  # seconds since the last call


class _Sum(NamedTuple):
    """What a run's calls came to, of how many, when that was summed, and how long it took."""

    spent: Spending
    answered: int
    made: float
    seconds: float


class _Runs:
    def __init__(self, app: App) -> None:
        self._app = app
        self._sums: dict[tuple[int, float], _Sum] = {}

    def page(self, _: Mapping[str, str]) -> str:
        rows = self._rows({}, 0.0, until=time.monotonic() + _AT_ONCE)
        with self._app.reading() as (store, _db):
            evaluations = store.evaluations.all()
        return self._app.html("runs.html", title="Runs", runs=rows, evaluations=evaluations, told_kinds=KINDS)

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
            return [self._row(db, run, before, seconds, until) for run in run_counts(db)]

    def _spent(self, db: sqlite3.Connection, run: RunCounts, until: float) -> Spending | None:
        """What a run has spent, or had when that was last summed, or None where there is no time for it."""
        known, now = self._sums.get((run.id, run.created)), time.monotonic()
        if known and (known.answered == run.answered or now < known.made + _AGAIN * known.seconds):
            return known.spent
        if now + run.answered * _SECONDS_A_CALL > until:
            return known and known.spent
        found = spending(db, run.id)
        took = time.monotonic() - now
        self._sums[run.id, run.created] = _Sum(found, run.answered, now + took, took)
        return found

    def _row(
        self,
        db: sqlite3.Connection,
        run: RunCounts,
        before: Mapping[int, int],
        seconds: float,
        until: float,
    ) -> dict[str, Any]:
        spent = self._spent(db, run, until)
        gained = run.answered - before.get(run.id, run.answered)
        latest = (spent and spent.latest) or run.created
        under_way = run.answered < run.n_trials and (gained > 0 or time.time() - latest < _UNDER_WAY)
        return {
            **run._asdict(),
            "created": time.strftime("%Y-%m-%d %H:%M", time.gmtime(run.created)),
            "spent": spent,
            "verdicts": verdict_counts(db, run.id),
            "under_way": under_way,
            "rate": gained / seconds if under_way and gained and seconds else None,
        }


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""
    runs = _Runs(app)
    return [app.get("/", runs.page), web.get("/live", runs.live)]
