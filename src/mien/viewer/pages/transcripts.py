"""Transcripts: a run's trials, searched and filtered; every view has an address of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mien.errors import UnknownName
from mien.store.browsing import Filter, categories, count_asked, trials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mien.viewer.app import App


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""

    def page(query: Mapping[str, str]) -> str:
        wanted = Filter.read(query)
        app.search.wake()
        with app.reading(search=True) as (store, db):
            run = store.run(wanted.run)
            judges = [judge.name for judge in store.judges(run.id)]
            if wanted.judge and wanted.judge not in judges:
                raise UnknownName(f"judge of run {run.name!r}", wanted.judge, judges)
            wanted = replace(wanted, judge=wanted.judge or (judges[0] if judges else ""))
            found, more = trials(db, run.id, wanted)
            known, languages = categories(db)
            answered = count_asked(db, run.id)
        return app.html(
            "transcripts.html",
            title=f"Transcripts of {run.name}",
            run=run,
            wanted=wanted,
            rows=found,
            more=more,
            judges=judges,
            categories=known,
            languages=languages,
            answered=answered,
            indexed=app.search.count(run.id),
        )

    return [app.get("/transcripts", page)]
