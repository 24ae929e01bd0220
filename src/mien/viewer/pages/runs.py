"""Runs: what is in the store, and how far the runs under way have come."""

from __future__ import annotations

import math
import threading
import time
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from mien.evals.kinds import KINDS
from mien.store.counts import Spending, run_counts, spending, verdict_counts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from aiohttp import web

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


class _Look(NamedTuple):
    """The table as it was seen, how many trials each run had answered, by its number, and when that was."""

    table: str
    answered: Mapping[int, int]
    at: float


class _Runs:
    def __init__(self, app: App) -> None:
        self._app = app
        self._sums: dict[tuple[int, float], _Sum] = {}
        self._look = _Look("", {}, -math.inf)
        self._looking = threading.Lock()

    def page(self, _: Mapping[str, str]) -> str:
        now = time.monotonic()
        table = self._table(self._rows(self._look, now, until=now + _AT_ONCE))
        with self._app.reading() as (store, _db):
            evaluations = store.evaluations.all()
        return self._app.html(
            "runs.html",
            title="Runs",
            table=table,
            seen=_mark(table),
            evaluations=evaluations,
            told_kinds=KINDS,
        )

    def live(self, query: Mapping[str, str]) -> str:
        """The table as it is now, or nothing for who has seen it so; all tabs share a look at the store."""
        with self._looking:
            now = time.monotonic()
            if now - self._look.at >= _TICK:
                rows = self._rows(self._look, now)
                self._look = _Look(self._table(rows), {row["id"]: row["answered"] for row in rows}, now)
            table = self._look.table
        mark = _mark(table)
        return "" if query.get("seen") == mark else self._app.html("live.html", table=table, seen=mark)

    def _table(self, rows: Sequence[Mapping[str, Any]]) -> str:
        return self._app.html("runs_table.html", runs=rows)

    def _rows(self, before: _Look, now: float, *, until: float = math.inf) -> list[dict[str, Any]]:
        with self._app.reading() as (_, db):
            return [self._row(db, run, before, now, until) for run in run_counts(db)]

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
        self, db: sqlite3.Connection, run: RunCounts, before: _Look, now: float, until: float
    ) -> dict[str, Any]:
        spent = self._spent(db, run, until)
        gained = run.answered - before.answered.get(run.id, run.answered)
        latest = (spent and spent.latest) or run.created
        lately = gained > 0 or time.time() - latest < _UNDER_WAY
        under_way = run.designed and run.answered < run.n_trials and lately
        return {
            **run._asdict(),
            "created": time.strftime("%Y-%m-%d %H:%M", time.gmtime(run.created)),
            "spent": spent,
            "verdicts": verdict_counts(db, run.id),
            "under_way": under_way,
            "rate": gained / (now - before.at) if under_way and gained else None,
        }


def _mark(table: str) -> str:
    """What tells a table from any other."""
    return blake2b(table.encode(), digest_size=8).hexdigest()


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""
    runs = _Runs(app)
    return [app.get("/", runs.page), app.get("/live", runs.live)]
