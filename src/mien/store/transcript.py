"""One trial in full: what was asked and answered, and what judges and people read in it."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from mien.errors import UsageError
from mien.store.schema import SAID

if TYPE_CHECKING:
    import sqlite3

_TRIAL = f"""
    SELECT t.run, r.name, r.model, t.id, t.number, t.options, t.prompt, p.id, {SAID}, p.category, p.language,
           coalesce(t.call, ''), coalesce(c.text, ''), coalesce(c.failure, ''), coalesce(c.finish_reason, ''),
           coalesce(c.reasoning, ''), coalesce(c.tokens_out, 0), c.latency
    FROM trial t JOIN run r ON r.id = t.run JOIN prompt p ON p.key = t.prompt
         LEFT JOIN call c ON c.key = t.call LEFT JOIN call s ON s.key = t.said
    WHERE t.run = ? AND t.id = ?
"""
_MEMBERS = (
    *("run", "name", "model", "trial", "number", "options", "prompt_key", "prompt_id", "prompt", "category"),
    *("language", "call", "response", "failure", "finish", "reasoning", "tokens", "latency"),
)


def transcript(db: sqlite3.Connection, run: int, trial: str) -> dict[str, Any]:
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
    found["notes"] = db.execute(
        "SELECT person, star, text, created FROM note WHERE run = ? AND trial = ? ORDER BY person",
        (run, trial),
    ).fetchall()
    return found


def trial_at(db: sqlite3.Connection, run: int, number: int) -> str:
    """The id of a run's trial of a number."""
    return db.execute("SELECT id FROM trial WHERE run = ? AND number = ?", (run, number)).fetchone()[0]


def shares(db: sqlite3.Connection, run: int, trial: str, other: int) -> bool:
    """Whether another run has the same trial: one id, the same options, the same prompt."""
    found = db.execute(
        "SELECT 1 FROM trial t JOIN trial u ON u.run = ? AND u.id = t.id AND u.options = t.options "
        "AND u.prompt = t.prompt AND u.said IS t.said WHERE t.run = ? AND t.id = ?",
        (other, run, trial),
    ).fetchone()
    return found is not None


def prompt_key(db: sqlite3.Connection, run: int, trial: str) -> str | None:
    """The key of a trial's prompt; None where the run has no such trial."""
    row = db.execute("SELECT prompt FROM trial WHERE run = ? AND id = ?", (run, trial)).fetchone()
    return row[0] if row else None


def options_of(db: sqlite3.Connection, run: int, trial: str) -> tuple[str, ...]:
    """A trial's options in the order of the trial."""
    row = db.execute("SELECT options FROM trial WHERE run = ? AND id = ?", (run, trial)).fetchone()
    return tuple(json.loads(row[0]))


def verdict_of(db: sqlite3.Connection, run: int, judge: str, trial: str) -> str:
    """What a judge read in a trial; empty without a verdict."""
    row = db.execute(
        "SELECT chosen FROM verdict WHERE run = ? AND judge = ? AND trial = ?", (run, judge, trial)
    ).fetchone()
    return row[0] if row else ""


def raw(db: sqlite3.Connection, key: str) -> tuple[str, str]:
    """The request and the body of a call, indented where they are JSON."""
    row = db.execute("SELECT request, body FROM call WHERE key = ?", (key,)).fetchone()
    return (_indented(row[0]), _indented(row[1])) if row else ("", "")


def _indented(compressed: bytes) -> str:
    text = zlib.decompress(compressed).decode(errors="replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


def told(request: str) -> str:
    """What the model was told beside the prompt: the system messages of a request."""
    try:
        messages = json.loads(request)["messages"]
        return "\n\n".join(str(m["content"]) for m in messages if m["role"] == "system")
    except (ValueError, KeyError, TypeError):
        return ""
