"""Trial: all that is known of one presentation to the model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mien.errors import UsageError
from mien.store.browsing import raw, told

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from aiohttp import web

    from mien.viewer.app import App

_TRIAL = """
    SELECT t.run, r.name, r.model, t.id, t.number, t.options, t.prompt, p.id, p.text, p.category, p.language,
           coalesce(t.call, ''), coalesce(c.text, ''), coalesce(c.failure, ''), coalesce(c.finish_reason, ''),
           coalesce(c.reasoning, ''), coalesce(c.tokens_out, 0), c.latency
    FROM trial t JOIN run r ON r.id = t.run JOIN prompt p ON p.key = t.prompt
         LEFT JOIN call c ON c.key = t.call
    WHERE t.run = ? AND t.id = ?
"""
_MEMBERS = (
    *("run", "name", "model", "trial", "number", "options", "prompt_key", "prompt_id", "prompt", "category"),
    *("language", "call", "response", "failure", "finish", "reasoning", "tokens", "latency"),
)


def one_trial(db: sqlite3.Connection, run: int, trial: str) -> dict[str, Any]:
    """A trial with its response and what judges and people read in it.

    Raises:
        UsageError: the run has no such trial.
    """
    row = db.execute(_TRIAL, (run, trial)).fetchone()
    if row is None:
        raise UsageError(f"the run has no trial {trial!r}")
    found: dict[str, Any] = dict(zip(_MEMBERS, row, strict=True))
    found["options"] = tuple(json.loads(found["options"]))
    found["verdicts"] = db.execute(
        "SELECT v.judge, v.chosen, coalesce(c.text, '') FROM verdict v LEFT JOIN judge j "
        "ON j.run = v.run AND j.name = v.judge LEFT JOIN call c ON c.key = v.call "
        "WHERE v.run = ? AND v.trial = ? ORDER BY j.created",
        (run, trial),
    ).fetchall()
    # By the primary key where the people are known, for a run may have many labels.
    people = db.execute("SELECT DISTINCT person FROM label WHERE run = ?", (run,)).fetchall()
    labels = (
        (
            person,
            db.execute(
                "SELECT chosen FROM label WHERE run = ? AND person = ? AND trial = ?", (run, person, trial)
            ).fetchone(),
        )
        for (person,) in people
    )
    found["labels"] = [(person, label[0]) for person, label in labels if label]
    return found


def routes(app: App) -> list[web.RouteDef]:
    """Where the page is found."""

    def page(query: Mapping[str, str]) -> str:
        with app.reading() as (store, db):
            run = store.run(query.get("run", ""))
            found = one_trial(db, run.id, query.get("id", ""))
            request, body = raw(db, found["call"])
            near = [
                db.execute(
                    "SELECT id FROM trial WHERE run = ? AND number = ?", (run.id, found["number"] + step)
                ).fetchone()
                for step in (-1, 1)
            ]
            others = [
                one_trial(db, other.id, found["trial"])
                for other in store.runs()
                if other.id != run.id
                and db.execute(
                    "SELECT 1 FROM trial WHERE run = ? AND id = ? AND options = "
                    "(SELECT options FROM trial WHERE run = ? AND id = ?) AND prompt = ?",
                    (other.id, found["trial"], run.id, found["trial"], found["prompt_key"]),
                ).fetchone()
            ]
        return app.html(
            "trial.html",
            title=f"Trial {found['number'] + 1} of {run.name}",
            trial=found,
            request=request,
            body=body,
            told=told(request),
            before=near[0] and near[0][0],
            after=near[1] and near[1][0],
            others=others,
        )

    return [app.get("/trial", page)]
