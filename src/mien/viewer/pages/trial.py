"""Trial: all that is known of one presentation to the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.store.transcript import neighbours, raw, shares, told, transcript

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mien.viewer.app import App


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""

    def page(query: Mapping[str, str]) -> str:
        with app.reading() as (store, db):
            run = store.run(query.get("run", ""))
            found = transcript(db, run.id, query.get("id", ""))
            request, body = raw(db, found["call"])
            before, after = neighbours(db, run.id, found["number"])
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
            before=before,
            after=after,
            others=others,
        )

    return [app.get("/trial", page)]
