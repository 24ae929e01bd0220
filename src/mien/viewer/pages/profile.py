"""Profile: a run's traits by rank with their intervals, after the measurement's own health."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mien.report.health import health
from mien.runs import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mien.ratings import Profile
    from mien.viewer.app import App


class Profiles:
    """Fitted profiles, kept until a run has other verdicts."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._fitted = lru_cache(maxsize=32)(self._fit)

    def profile(self, name: str, judge: str) -> Profile:
        """The profile of a run by a judge, or by its first one."""
        with self._app.reading() as (store, _):
            run = store.run(name)
            judges = [known.name for known in store.judges(run.id)]
            judge = judge or (judges[0] if judges else "")
            verdicts = store.count_verdicts(run.id, judge)
        return self._fitted(name, judge, run.created, verdicts)

    def _fit(self, name: str, judge: str, created: float, verdicts: int) -> Profile:
        del created, verdicts  # what makes a fit another
        return Run(name, self._app.store).profile(judge or None)


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""
    profiles = Profiles(app)

    def page(query: Mapping[str, str]) -> str:
        name = query.get("run", "")
        found = profiles.profile(name, query.get("judge", ""))
        with app.reading() as (store, _):
            run = store.run(name)
            judges = [judge.name for judge in store.judges(run.id)]
            others = [other.name for other in store.runs() if other.name != name]
        rows = found.rows
        return app.html(
            "profile.html",
            title=name,
            profile=found,
            rows=rows,
            health=health(found),
            judges=judges,
            others=others,
            low=min(row["low"] for row in rows),
            high=max(row["high"] for row in rows),
        )

    return [app.get("/profile", page)]
