"""Transcripts: a run's trials, searched, filtered, counted and sorted; each view has an address."""

from __future__ import annotations

import json
from contextlib import contextmanager
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING, Any, Final

from mien.store.browsing import categories, count_asked, counts, table, trials
from mien.store.filter import FACETS
from mien.store.people import noted
from mien.viewer.asked import read_filter

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator, Mapping

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
_MARKED: Final = {"starred": "★ starred", "noted": "noted"}
_HEADS: Final = {
    "verdict": "Verdict",
    "category": "Category",
    "language": "Language",
    "finish": "Response",
    "marked": "Marked",
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

    def as_csv(query: Mapping[str, str], file: IO[bytes]) -> str:
        from mien.runs.interop.tables import write_csv

        with app.reading(search=True) as (store, db), _text(file) as text:
            run, wanted, _ = read_filter(store, query)
            write_csv(table(db, run, wanted, noted(store.people.notes(run.id))), text)
        return f"{run.name}.csv"

    def as_jsonl(query: Mapping[str, str], file: IO[bytes]) -> str:
        with app.reading(search=True) as (store, db), _text(file) as text:
            run, wanted, _ = read_filter(store, query)
            rows = table(db, run, wanted, noted(store.people.notes(run.id)))
            text.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        return f"{run.name}.jsonl"

    return [
        app.get("/transcripts", page),
        app.get("/transcripts/chips", counted),
        app.file("/transcripts.csv", as_csv, content_type="text/csv"),
        app.file("/transcripts.jsonl", as_jsonl, content_type="application/x-ndjson"),
    ]


@contextmanager
def _text(file: IO[bytes]) -> Generator[TextIOWrapper]:
    """A file to write text to, which stays open."""
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    yield text
    text.flush()
    text.detach()


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
        "marked": _MARKED,
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
