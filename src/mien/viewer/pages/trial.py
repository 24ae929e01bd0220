"""Trial: all that is known of one presentation to the model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mien.formatting import visible
from mien.store.browsing import beside
from mien.store.excerpts import excerpts
from mien.store.transcript import raw, shares, told, transcript, trial_at
from mien.store.words import parted, phrase
from mien.viewer.asked import read_filter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mien.store.filter import Filter
    from mien.viewer.app import App


def _sought(trial: Mapping[str, str], wanted: Filter) -> str:
    """What the words of a filter find in a trial, as JSON: each with whether it may stand within a word."""
    texts = (trial["prompt"], trial["response"])
    shown = excerpts([texts], phrase(wanted.words), (len(texts[0]) + 1, len(texts[1]) + 1))[0]
    found = sorted({visible(piece) for part in shown for piece, hit in part.pieces if hit})
    return json.dumps([(piece, parted(piece) != piece) for piece in found], ensure_ascii=False)


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""

    def page(query: Mapping[str, str]) -> str:
        with app.reading(search=True) as (store, db):
            run, wanted, _ = read_filter(store, query)
            found = transcript(db, run.id, query.get("id", ""))
            request, body = raw(db, found["call"])
            before, after = beside(db, run.id, wanted, found["number"])
            places = [None if n is None else trial_at(db, run.id, n) for n in (before, after)]
            others = [
                transcript(db, other.id, found["trial"])
                for other in store.runs()
                if other.id != run.id and shares(db, run.id, found["trial"], other.id)
            ]
        return app.html(
            "trial.html",
            title=f"Trial {found['number'] + 1} of {run.name}",
            trial=found,
            request=request,
            body=body,
            told=told(request),
            wanted=wanted,
            before=before,
            sought=_sought(found, wanted),
            places=places,
            others=others,
        )

    return [app.get("/trial", page)]
