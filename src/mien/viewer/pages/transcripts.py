"""Transcripts: a run's trials, searched, filtered, counted and sorted; each view has an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mien.store.browsing import categories, count_asked, counts, trials
from mien.store.filter import FACETS
from mien.viewer.asked import read_filter

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from aiohttp import web

    from mien.store.filter import Filter
    from mien.viewer.app import App

_VERDICTS: Final = {
    "chosen": "an option",
    "neither": "neither",
    "tie": "tie",
    "refused": "refused",
    "unreadable": "unreadable",
    "none": "none yet",
}
_FINISHES: Final = {"stop": "complete", "length": "cut off", "failed": "failed"}
_HEADS: Final = {
    "verdict": "Verdict",
    "category": "Category",
    "language": "Language",
    "finish": "Response",
}


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""

    def page(query: Mapping[str, str]) -> str:
        app.search.wake()
        with app.reading(search=True) as (store, db):
            run, wanted, judges = read_filter(store, query)
            found = trials(db, run.id, wanted)
            answered = count_asked(db, run.id)
            chips = _chips(db, wanted, {})
        return app.html(
            "transcripts.html",
            title=f"Transcripts of {run.name}",
            run=run,
            wanted=wanted,
            page=found,
            judges=judges,
            answered=answered,
            indexed=None if app.search.complete.is_set() else app.search.count(run.id),
            chips=chips,
            total=None,
        )

    def counted(query: Mapping[str, str]) -> str:
        """The chips again, each with its number: of a large run that takes too long for the page to wait."""
        with app.reading(search=True) as (store, db):
            run, wanted, _ = read_filter(store, query)
            total, found = counts(db, run.id, wanted)
            chips = _chips(db, wanted, found)
        return app.html("chips.html", wanted=wanted, chips=chips, total=total)

    return [app.get("/transcripts", page), app.get("/transcripts/chips", counted)]


def _chips(
    db: sqlite3.Connection, wanted: Filter, found: Mapping[str, Mapping[str, int]]
) -> list[dict[str, Any]]:
    """The choices of each facet, with their numbers where these are known; then without those of no trial."""
    known, languages = categories(db)
    named = {
        "verdict": _VERDICTS,
        "category": dict(zip(known, known, strict=True)),
        "language": dict(zip(languages, languages, strict=True)),
        "finish": _FINISHES,
    }
    return [
        {
            "member": facet,
            "head": _HEADS[facet],
            "choices": [
                (value, text, of.get(value, 0) if of is not None else None)
                for value, text in named[facet].items()
                if of is None or of.get(value) or value == getattr(wanted, facet)
            ],
        }
        for facet in FACETS
        for of in (found.get(facet),)
    ]
