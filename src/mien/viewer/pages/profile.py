"""Profile: a run's traits by rank with their intervals, after the measurement's own health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.report.diagnostics import diagnostics
from mien.report.inventories import told
from mien.runs.run import default_judge
from mien.viewer.app import href
from mien.viewer.comparable import by_traits
from mien.viewer.figures import chosen, figures, theme
from mien.viewer.sides import sides_beside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mien.stats.profiles.profile import Profile
    from mien.viewer.app import App


def routes(app: App) -> list[web.RouteDef]:
    """Where the page and its figures are found."""

    def fitted(query: Mapping[str, str]) -> Profile:
        return app.profiles.profile(query.get("run", ""), query.get("judge", ""))

    def page(query: Mapping[str, str]) -> str:
        if (rated := app.profiles.inventory(query.get("run", ""))) is not None:
            return app.html(
                "evaluation.html", title=rated.estimates.label, told=told(rated), others=[], drawn=None
            )
        found = fitted(query)
        with app.reading() as (store, db):
            run = store.run(found.run)
            readers = store.judges(run.id)
            judges = [*dict.fromkeys((default_judge(run, readers), *(reader.name for reader in readers)))]
            runs = store.runs()
            others = by_traits(db, run, runs)
            read = found.n_trials - found.verdicts["missing"]
            newer = store.count_verdicts(run.id, found.judge) - read
        rows = found.rows
        known = figures("profile", len(found.traits))
        shown = chosen(query.get("figure", ""), known)
        return app.html(
            "profile.html",
            title=found.run,
            profile=found,
            newer=newer,
            rows=rows,
            diagnostics=diagnostics(found),
            judges=judges,
            others=others,
            sides=sides_beside(runs, run),
            low=min(row["low"] for row in rows),
            high=max(row["high"] for row in rows),
            figures=known,
            figure=shown,
            outline=app.drawn.outline(known[shown], found),
            members={"run": found.run, "judge": found.judge},
        )

    def figure(query: Mapping[str, str]) -> str:
        found = fitted(query)
        known = figures("profile", len(found.traits))
        members = {"run": found.run, "judge": found.judge}
        links = {trait: href("/transcripts", **members, trait=trait) for trait in found.traits}
        name = chosen(query.get("figure", ""), known)
        return app.drawn.specification(known[name], found, theme(query), links)

    def picture(query: Mapping[str, str]) -> str:
        found = fitted(query)
        known = figures("profile", len(found.traits))
        return app.drawn.picture(known[chosen(query.get("figure", ""), known)], found, theme(query))

    return [
        app.get("/profile", page),
        app.get("/profile/figure", figure, content_type="application/json"),
        app.get("/profile/figure.svg", picture, content_type="image/svg+xml"),
    ]
