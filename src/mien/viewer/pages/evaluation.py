"""An evaluation: what it found, or what changed from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.evals.evaluation import Evaluation
from mien.report.evaluated import drawable, told
from mien.viewer.figures import theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mien.report.figures.theme import Chart
    from mien.viewer.app import App


def routes(app: App) -> list[web.RouteDef]:
    """Where the page and its figure are found."""

    def members(query: Mapping[str, str]) -> dict[str, str]:
        return {end: query.get(end, "") for end in (("a", "b") if "a" in query else ("name",))}

    def found(query: Mapping[str, str]) -> list[Evaluation]:
        return [Evaluation(name, app.store) for name in members(query).values()]

    def page(query: Mapping[str, str]) -> str:
        shown = found(query)
        kind = shown[0].record.kind
        title = f"{kind.capitalize()} of {shown[-1].name}"
        if len(shown) > 1:
            title += f" against {shown[0].name}"
        with app.reading() as (store, _):
            known = [one.name for one in store.evaluations.all(kind)]
        return app.html(
            "evaluation.html",
            title=title,
            told=told(shown),
            name=shown[0].name,
            others=[name for name in known if name != shown[0].name] if len(shown) == 1 else [],
            drawn=members(query) if drawable(shown, kind) else None,
        )

    def chart(query: Mapping[str, str]) -> Chart:
        from mien.report.registry import draw_evaluated

        shown = found(query)
        return draw_evaluated(shown[0].record.kind, shown)

    def figure(query: Mapping[str, str]) -> str:
        return app.drawn.described(chart(query), theme(query))

    def picture(query: Mapping[str, str]) -> str:
        return app.drawn.chart(chart(query), theme(query))

    return [
        app.get("/evaluation", page),
        app.get("/evaluation/figure", figure, content_type="application/json"),
        app.get("/evaluation/figure.svg", picture, content_type="image/svg+xml"),
    ]
