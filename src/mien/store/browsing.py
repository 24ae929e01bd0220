"""What is read of a run's trials to look through them: a page of them by a filter, and lists of ids."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from mien.store.schema import SAID
from mien.store.search import RUN_STRIDE, phrase
from mien.types import NON_CHOICES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

PAGE = 25
_EXCERPT = 320  # characters of a response in a list


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which trials of a run to show; what is empty leaves all in. It stands in a page's address as it is.

    Attributes:
        trait: among the options.
        took: ``chosen`` or ``passed`` (over), of the trait.
        verdict: ``chosen`` (any option), ``neither``, ``tie``, ``refused``, ``unreadable`` or
            ``none``.
        disagreement: only trials that judges read differently.
        finish: why the response ended, such as ``length``; ``failed`` for trials without one.
        words: to search for.
        after: number of the trial before the first.
    """

    run: str = ""
    judge: str = ""
    trait: str = ""
    took: str = ""
    verdict: str = ""
    category: str = ""
    language: str = ""
    disagreement: str = ""
    finish: str = ""
    words: str = ""
    after: int = -1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filter:
        """The filter in an address; an ``after`` that is no number starts at the first trial."""
        members: dict[str, Any] = {f.name: query.get(f.name, "") for f in fields(cls)}
        after = members["after"]
        members["after"] = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else -1
        return cls(**members)

    def link(self, **changed: object) -> dict[str, object]:
        """The filter's members that are set, to write an address with."""
        members = {f.name: getattr(self, f.name) for f in fields(self)} | changed
        return {name: value for name, value in members.items() if value not in ("", -1)}


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A trial in a list."""

    number: int
    trial: str
    options: tuple[str, ...]
    category: str
    language: str
    prompt: str
    response: str
    failure: str
    finish: str
    chosen: str


def trials(db: sqlite3.Connection, run: int, wanted: Filter) -> tuple[list[TrialRow], bool]:
    """A page of a run's trials, and whether more follow. ``search`` must be attached for `Filter.words`."""
    query, values = _query(wanted)
    values |= {"run": run, "judge": wanted.judge, "limit": PAGE + 1}
    found = [
        TrialRow(number, trial, tuple(json.loads(options)), *rest)
        for number, trial, options, *rest in db.execute(query, values)
    ]
    return found[:PAGE], len(found) > PAGE


def _query(wanted: Filter) -> tuple[str, dict[str, object]]:
    where, values = _conditions(wanted)
    where.append("t.run = :run")
    values["after"] = wanted.after
    source = "trial t INDEXED BY trial_order"
    if query := phrase(wanted.words):
        source = f"search.document d CROSS JOIN {source} ON t.number = d.rowid - :run * {RUN_STRIDE}"
        where += [
            "d.document MATCH :query",
            f"d.rowid > :run * {RUN_STRIDE} + :after AND d.rowid < (:run + 1) * {RUN_STRIDE}",
        ]
        values["query"] = query
    else:
        where.append("t.number > :after")
    return (
        f"""
        SELECT t.number, t.id, t.options, p.category, p.language, {SAID},
               coalesce(substr(c.text, 1, {_EXCERPT}), ''), coalesce(c.failure, ''),
               coalesce(c.finish_reason, ''), coalesce(v.chosen, '')
        FROM {source}
             LEFT JOIN verdict v ON v.run = t.run AND v.judge = :judge AND v.trial = t.id
             CROSS JOIN prompt p ON p.key = t.prompt
             LEFT JOIN call c ON c.key = t.call
             LEFT JOIN call s ON s.key = t.said
        WHERE {" AND ".join(where)}
        ORDER BY {"d.rowid" if query else "t.number"} LIMIT :limit
        """,
        values,
    )


def _conditions(wanted: Filter) -> tuple[list[str], dict[str, object]]:
    where: list[str] = []
    values: dict[str, object] = {}
    if wanted.trait:
        where.append("instr(t.options, :quoted)")
        values["quoted"] = json.dumps(wanted.trait, ensure_ascii=False)
        if wanted.took == "chosen":
            where.append("v.chosen = :trait")
        elif wanted.took == "passed":
            where.append("v.chosen <> :trait AND v.chosen NOT IN ('neither', 'tie', 'refused', 'unreadable')")
        values["trait"] = wanted.trait
    if wanted.verdict in NON_CHOICES:
        where.append("v.chosen = :verdict")
        values["verdict"] = wanted.verdict
    elif wanted.verdict == "chosen":
        where.append("v.chosen NOT IN ('neither', 'tie', 'refused', 'unreadable')")
    elif wanted.verdict == "none":
        where.append("v.chosen IS NULL")
    if wanted.disagreement:
        where.append(
            "EXISTS (SELECT 1 FROM judge j CROSS JOIN verdict o ON o.run = j.run AND o.judge = j.name "
            "AND o.trial = t.id WHERE j.run = t.run AND o.chosen <> v.chosen)"
        )
    for name in ("category", "language"):
        if getattr(wanted, name):
            where.append(f"p.{name} = :{name}")
            values[name] = getattr(wanted, name)
    if wanted.finish == "stop":
        where.append(f"t.call IS NOT NULL AND NOT {ended('TRUE')}")
    elif wanted.finish == "failed":
        where.append(ended("failure <> ''"))
    elif wanted.finish:
        where.append(ended("finish_reason = :finish"))
        values["finish"] = wanted.finish
    return where, values


def ended(how: str) -> str:
    """The condition that a trial's call ended otherwise than it should, and so.

    Such calls have an index of their own: looking for it among all calls, long responses and all, would take
    five times as long where there are few.
    """
    return (
        "EXISTS (SELECT 1 FROM call INDEXED BY call_incomplete WHERE key = t.call "
        f"AND (finish_reason <> 'stop' OR failure <> '') AND {how})"
    )


def categories(db: sqlite3.Connection) -> tuple[list[str], list[str]]:
    """The categories and the languages of the store's prompts."""
    rows = db.execute("SELECT DISTINCT category, language FROM prompt").fetchall()
    return sorted({c for c, _ in rows if c}), sorted({language for _, language in rows if language})


def count_asked(db: sqlite3.Connection, run: int) -> int:
    """Number of a run's trials that were asked, also of those whose call failed."""
    return db.execute("SELECT count(call) FROM trial WHERE run = ?", (run,)).fetchone()[0]


def answered_trials(db: sqlite3.Connection, run: int) -> list[tuple[str, str, str]]:
    """Id, options as JSON and key of the prompt of each trial with a response, in order.

    Not those in which a model wrote what the user says: no other run answers the same.
    """
    query = f"""
        SELECT t.id, t.options, t.prompt FROM trial t
        WHERE t.run = ? AND t.call IS NOT NULL AND t.said IS NULL AND NOT {ended("failure <> ''")}
        ORDER BY t.number
        """
    return db.execute(query, (run,)).fetchall()


def choices(db: sqlite3.Connection, run: int, judge: str) -> dict[str, str]:
    """What a judge chose, by trial."""
    return dict(db.execute("SELECT trial, chosen FROM verdict WHERE run = ? AND judge = ?", (run, judge)))


# Trials that both runs have, in which one chose the trait and the other did not.
_TURNED = """
    SELECT t.id FROM trial t INDEXED BY trial_order
         JOIN trial u ON u.run = :b AND u.id = t.id AND u.options = t.options AND u.prompt = t.prompt
              AND u.said IS t.said
         JOIN verdict v ON v.run = t.run AND v.judge = :judge_a AND v.trial = t.id
         JOIN verdict w ON w.run = u.run AND w.judge = :judge_b AND w.trial = u.id
    WHERE t.run = :a AND instr(t.options, :quoted)
          AND (v.chosen = :trait) = :lost AND (w.chosen = :trait) <> :lost
    ORDER BY t.number LIMIT :limit
"""


def turned(
    db: sqlite3.Connection,
    runs: tuple[int, int],
    judges: tuple[str, str],
    trait: str,
    *,
    lost: bool,
    most: int,
) -> list[str]:
    """Trials that two runs share, in which one chose a trait and the other did not.

    Args:
        judges: whose verdicts to take of each run.
        lost: whether the first run chose it, and not the second.
        most: how many at most.
    """
    values = {
        "a": runs[0],
        "b": runs[1],
        "judge_a": judges[0],
        "judge_b": judges[1],
        "trait": trait,
        "quoted": json.dumps(trait, ensure_ascii=False),
        "lost": lost,
        "limit": most,
    }
    return [trial for (trial,) in db.execute(_TURNED, values)]
