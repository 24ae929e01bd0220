"""An evaluation: what it found, or what changed from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.evals.evaluation import Evaluation
from mien.report.evaluated import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mien.viewer.app import App


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""

    def page(query: Mapping[str, str]) -> str:
        ends = ("a", "b") if "a" in query else ("name",)
        found = [Evaluation(query.get(end, ""), app.store) for end in ends]
        kind = found[0].record.kind
        title = f"{kind.capitalize()} of {found[-1].name}"
        if len(found) > 1:
            title += f" against {found[0].name}"
        with app.reading() as (store, _):
            known = [one.name for one in store.evaluations.all(kind)]
        others = [name for name in known if name != found[0].name] if len(found) == 1 else []
        return app.html("evaluation.html", title=title, told=told(found), name=found[0].name, others=others)

    return [app.get("/evaluation", page)]
