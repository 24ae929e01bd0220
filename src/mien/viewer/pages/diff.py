"""Diff: the traits that changed between two runs, and the trials that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mien.report.changes import headline, summary
from mien.report.told import told_of_changes
from mien.store.browsing import turned
from mien.store.transcript import transcript
from mien.viewer.app import href
from mien.viewer.figures import chosen, figures, theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mien.stats.diffs import Diff
    from mien.stats.inventories import Inventory
    from mien.stats.profiles.profile import Profile
    from mien.viewer.app import App

_SHOWN = 6  # trials of a trait side by side


def routes(app: App) -> list[web.RouteDef]:
    """Where the page and its figures are found."""

    def ends(query: Mapping[str, str]) -> tuple[Profile, Profile]:
        a, b, judge = (query.get(name, "") for name in ("a", "b", "judge"))
        return app.profiles.profile(a, judge), app.profiles.profile(b, judge)

    def found(query: Mapping[str, str]) -> Diff:
        return app.profiles.diff(*ends(query))

    def page(query: Mapping[str, str]) -> str:
        before, after = (app.profiles.inventory(query.get(end, "")) for end in ("a", "b"))
        if before is not None and after is not None:
            return _of_inventories(app, before, after)
        diff = found(query)
        trait = query.get("trait", "")
        shown = next((row for row in diff.rows if row["trait"] == trait), None)
        pairs = _pairs(app, ends(query), trait, lost=shown["delta"] < 0) if shown else []
        reach = [abs(row[end]) for row in diff.rows for end in ("low", "high")]
        known = figures("diff", len(diff.names))
        name = chosen(query.get("figure", ""), known)
        return app.html(
            "diff.html",
            title=f"{diff.b} against {diff.a}",
            diff=diff,
            rows=diff.rows,
            headline=headline(diff),
            summary=summary(diff),
            span=max(reach),
            shown=shown,
            pairs=pairs,
            figures=known,
            figure=name,
            outline=app.drawn.outline(known[name], diff),
            members=_members(query),
        )

    def figure(query: Mapping[str, str]) -> str:
        diff = found(query)
        known = figures("diff", len(diff.names))
        name = chosen(query.get("figure", ""), known)
        members = _members(query) | {"figure": name}
        links = {trait: href("/diff", **members, trait=trait) + "#trials" for trait in diff.names}
        return app.drawn.specification(known[name], diff, theme(query), links)

    def picture(query: Mapping[str, str]) -> str:
        diff = found(query)
        known = figures("diff", len(diff.names))
        return app.drawn.picture(known[chosen(query.get("figure", ""), known)], diff, theme(query))

    return [
        app.get("/diff", page),
        app.get("/diff/figure", figure, content_type="application/json"),
        app.get("/diff/figure.svg", picture, content_type="image/svg+xml"),
    ]


def _of_inventories(app: App, before: Inventory, after: Inventory) -> str:
    """What changed in how a model rates itself."""
    from mien.stats import diffs

    changed = diffs.diff(before.estimates, after.estimates)
    told = told_of_changes(changed, [f"{headline(changed)}."])
    title = f"{changed.b} against {changed.a}"
    return app.html("evaluation.html", title=title, told=told, others=[], drawn=None)


def _members(query: Mapping[str, str]) -> dict[str, str]:
    """What an address says of the diff: the runs, and the judge where one is named."""
    return {name: query[name] for name in ("a", "b", "judge") if query.get(name)}


def _pairs(
    app: App, ends: tuple[Profile, Profile], trait: str, *, lost: bool
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Trials that turned the way the trait did."""
    before, after = ends
    with app.reading() as (store, db):
        a, b = (store.run(name).id for name in (before.run, after.run))
        judges = (before.judge, after.judge)
        found = turned(db, (a, b), judges, trait, lost=lost, most=_SHOWN)
        return [(transcript(db, a, trial), transcript(db, b, trial)) for trial in found]
