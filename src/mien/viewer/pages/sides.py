"""Sides: what a model says, chooses, does and can, side by side, and the traits that are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mien.errors import UnknownName, UsageError
from mien.report.sides import claims, gap_cells, likeness_cells, side_cells
from mien.viewer.app import href
from mien.viewer.figures import SIDES as FIGURE
from mien.viewer.figures import theme
from mien.viewer.sides import NAMES, runs_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mien.stats.sides import Pair, Sides
    from mien.viewer.app import App


def routes(app: App) -> list[web.RouteDef]:
    """Where the page and its figure are found."""

    def found(query: Mapping[str, str]) -> Sides:
        members = _members(query)
        if len(members) < 2:
            raise UsageError("a character has sides where a model was measured by two instruments or more")
        known = app.profiles
        return known.sides(*(known.inventory(run) or known.profile(run) for run in members.values()))

    def page(query: Mapping[str, str]) -> str:
        sides, members = found(query), _members(query)
        pair = _pair(sides, query.get("pair", ""))
        with app.reading() as (store, _):
            choices = runs_by_side(store.runs(), sides.model)
        return app.html(
            "sides.html",
            title=f"Sides of {sides.model}",
            sides=sides,
            sides_cells=side_cells(sides),
            alike=likeness_cells(sides),
            claims=claims(sides),
            choices=choices,
            members=members,
            pairs={_name(one): one for one in sides.pairs},
            pair=pair,
            here=_name(pair),
            rows=[(row, gap_cells(row)) for row in pair.rows],
            span=max((abs(row[end]) for row in pair.rows for end in ("low", "high")), default=1.0),
            run=members[pair.b],
            outline=app.drawn.outline(FIGURE, sides),
        )

    def figure(query: Mapping[str, str]) -> str:
        sides, members = found(query), _members(query)
        run = next(iter(members.values()))
        links = {trait: href("/transcripts", run=run, trait=trait) for trait in sides.traits}
        return app.drawn.specification(FIGURE, sides, theme(query), links)

    def picture(query: Mapping[str, str]) -> str:
        return app.drawn.picture(FIGURE, found(query), theme(query))

    return [
        app.get("/sides", page),
        app.get("/sides/figure", figure, content_type="application/json"),
        app.get("/sides/figure.svg", picture, content_type="image/svg+xml"),
    ]


def _members(query: Mapping[str, str]) -> dict[str, str]:
    """What an address says of the sides: a run for each that is shown."""
    return {side: query[side] for side in NAMES if query.get(side)}


def _name(pair: Pair) -> str:
    return f"{pair.a}-{pair.b}"


def _pair(sides: Sides, name: str) -> Pair:
    """The pair asked for, or what is claimed beside what is shown, or the first.

    Raises:
        UnknownName: there is none of this name.
    """
    known: dict[str, Any] = {_name(pair): pair for pair in sides.pairs}
    if name and name not in known:
        raise UnknownName("pair of sides", name, known)
    return known[name] if name else sides.says_and_shows or sides.pairs[0]
