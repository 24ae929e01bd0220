"""Diff: the traits that changed between two runs, and the trials that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mien.report.changes import finding, headline, summary
from mien.viewer.pages.profile import Profiles
from mien.viewer.pages.trial import one_trial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mien.viewer.app import App

_SHOWN = 6  # trials of a trait side by side

# Trials that both runs have, in which one chose the trait and the other did not.
_TURNED = """
    SELECT t.id FROM trial t INDEXED BY trial_order
         JOIN trial u ON u.run = :b AND u.id = t.id AND u.options = t.options AND u.prompt = t.prompt
         JOIN verdict v ON v.run = t.run AND v.judge = :judge_a AND v.trial = t.id
         JOIN verdict w ON w.run = u.run AND w.judge = :judge_b AND w.trial = u.id
    WHERE t.run = :a AND instr(t.options, :quoted)
          AND (v.chosen = :trait) = :lost AND (w.chosen = :trait) <> :lost
    ORDER BY t.number LIMIT :limit
"""


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""
    profiles = Profiles(app)

    def page(query: Mapping[str, str]) -> str:
        from mien import diffs

        names = query.get("a", ""), query.get("b", "")
        before, after = (profiles.profile(name, query.get("judge", "")) for name in names)
        diff = diffs.diff(before, after)
        trait = query.get("trait", "")
        shown = next((row for row in diff.rows if row["trait"] == trait), None)
        pairs = (
            _pairs(app, names, (before.judge, after.judge), trait, lost=shown["delta"] < 0) if shown else []
        )
        ends = [abs(row[end]) for row in diff.rows for end in ("low", "high")]
        return app.html(
            "diff.html",
            title=f"{diff.b} against {diff.a}",
            diff=diff,
            rows=diff.rows,
            headline=headline(diff),
            summary=summary(diff),
            finding=finding,
            span=max(ends),
            shown=shown,
            pairs=pairs,
        )

    return [app.get("/diff", page)]


def _pairs(
    app: App, names: tuple[str, str], judges: tuple[str, str], trait: str, *, lost: bool
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Trials that turned the way the trait did."""
    import json

    with app.reading() as (store, db):
        a, b = (store.run(name).id for name in names)
        values = {
            "a": a,
            "b": b,
            "judge_a": judges[0],
            "judge_b": judges[1],
            "trait": trait,
            "quoted": json.dumps(trait, ensure_ascii=False),
            "lost": lost,
            "limit": _SHOWN,
        }
        found = [trial for (trial,) in db.execute(_TURNED, values).fetchall()]
        return [(one_trial(db, a, trial), one_trial(db, b, trial)) for trial in found]
