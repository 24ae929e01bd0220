"""What is read of a run's trials to look through them: a page of them by a filter, and lists of ids."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mien.store.excerpts import Excerpt, excerpts
from mien.store.filter import FACETS, asked_for
from mien.store.schema import SAID
from mien.store.search import RUN_STRIDE
from mien.store.words import phrase

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from mien.store.filter import Filter
    from mien.store.records import RunRecord

PAGE: Final = 25
_EXCERPTS: Final = (240, 320)  # characters of a prompt and of a response in a list


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A trial in a list."""

    number: int
    trial: str
    options: tuple[str, ...]
    category: str
    language: str
    failure: str
    finish: str
    chosen: str
    marked: str
    prompt: Excerpt
    response: Excerpt


@dataclass(frozen=True, slots=True)
class Page:
    """Some trials of a filter, in its order, and whether others come before and after them."""

    rows: list[TrialRow]
    before: bool
    after: bool


def trials(db: sqlite3.Connection, run: int, wanted: Filter) -> Page:
    """A page of a run's trials. ``search`` must be attached to search for words, and to sort."""
    found = numbers(db, run, wanted, most=PAGE + 1)
    more = len(found) > PAGE
    back = wanted.before >= 0
    if back and not more:  # the first page, and full
        return trials(db, run, wanted.all)
    found = found[-PAGE:] if back else found[:PAGE]
    rows = _rows(db, run, wanted, found)
    return Page(rows, before=back or wanted.after >= 0, after=back or more)


def numbers(db: sqlite3.Connection, run: int, wanted: Filter, *, most: int = -1) -> list[int]:
    """The numbers of the trials that a filter leaves in, in its order: the first so many, or all.

    With `Filter.before` those that come last before that trial.
    """
    source, where, values = asked_for(wanted)
    back = wanted.before >= 0
    place = wanted.before if back else wanted.after
    falling = (wanted.sort == "longest") is not back
    sign, order = ("<", "DESC") if falling else (">", "ASC")
    if wanted.sort:
        if place >= 0:
            own = "SELECT length FROM search.extent WHERE run = :run AND number = :place"
            where.append(f"(e.length, e.number) {sign} (({own}), :place)")
        ordered = f"e.length {order}, e.number {order}"
    else:
        # Searched words come by the number of their document, which is that of the trial and a constant.
        of = "d.rowid" if "search.document" in source else "t.number"
        if place >= 0:
            where.append(f"{of} {sign} :place" + (f" + :run * {RUN_STRIDE}" if of == "d.rowid" else ""))
        ordered = f"{of} {order}"
    query = f"SELECT t.number FROM {source} WHERE {' AND '.join(where)} ORDER BY {ordered} LIMIT :most"
    values |= {"run": run, "judge": wanted.judge, "place": place, "most": most}
    found = [number for (number,) in db.execute(query, values)]
    return found[::-1] if back else found


def _rows(db: sqlite3.Connection, run: int, wanted: Filter, found: Sequence[int]) -> list[TrialRow]:
    query = f"""
        SELECT t.number, t.id, t.options, p.category, p.language, coalesce(c.failure, ''),
               coalesce(c.finish_reason, ''), coalesce(v.chosen, ''), {FACETS["marked"]}, {SAID},
               coalesce(c.text, '')
        FROM trial t INDEXED BY trial_order
             LEFT JOIN verdict v ON v.run = t.run AND v.judge = ?1 AND v.trial = t.id
             CROSS JOIN prompt p ON p.key = t.prompt
             LEFT JOIN call c ON c.key = t.call
             LEFT JOIN call s ON s.key = t.said
        WHERE t.run = ?2 AND t.number = ?3
        """
    rows = [db.execute(query, (wanted.judge, run, number)).fetchone() for number in found]
    shown = excerpts([(prompt, text) for *_, prompt, text in rows], phrase(wanted.words), _EXCERPTS)
    return [
        TrialRow(number, trial, tuple(json.loads(options)), *rest, prompt=prompt, response=response)
        for (number, trial, options, *rest, _, _), (prompt, response) in zip(rows, shown, strict=True)
    ]


def table(
    db: sqlite3.Connection, run: RunRecord, wanted: Filter, notes: Mapping[str, dict[str, str]]
) -> Iterator[dict[str, str]]:
    """The trials that a filter leaves in, in its order, as rows of a comparison table and a little more.

    Args:
        run: whose trials; ``wanted`` says which.
        notes: of them, from `mien.store.people.noted`.
    """
    query = f"""
        SELECT t.options, coalesce(v.chosen, ''), coalesce(c.text, ''), coalesce(c.failure, ''),
               t.call IS NULL, t.id, p.id, {SAID}, p.category, p.language
        FROM trial t INDEXED BY trial_order
             LEFT JOIN verdict v ON v.run = t.run AND v.judge = ?1 AND v.trial = t.id
             CROSS JOIN prompt p ON p.key = t.prompt
             LEFT JOIN call c ON c.key = t.call
             LEFT JOIN call s ON s.key = t.said
        WHERE t.run = ?2 AND t.number = ?3
        """
    nothing = {"starred_by": "", "notes": ""} if notes else {}
    for number in numbers(db, run.id, wanted.all):
        row = db.execute(query, (wanted.judge, run.id, number)).fetchone()
        options, chosen, response, failure, unasked, *told = row
        yield {
            "model": run.model,
            "instrument": run.instrument,
            **dict(zip(("trial_id", "prompt_id", "prompt", "category", "language"), told, strict=True)),
            **{f"option_{i}": option for i, option in enumerate(json.loads(options), 1)},
            "chosen": chosen,
            "judge": wanted.judge if chosen else "",
            "response": response,
            "failure": "" if chosen else failure or ("not asked" if unasked else "not read"),
            **notes.get(told[0], nothing),
        }


def beside(db: sqlite3.Connection, run: int, wanted: Filter, number: int) -> tuple[int | None, int | None]:
    """The numbers of the trials before and after one of a number, among those that a filter leaves in."""
    before = numbers(db, run, replace(wanted.all, before=number), most=1)
    after = numbers(db, run, replace(wanted.all, after=number), most=1)
    return before[0] if before else None, after[0] if after else None


def counts(db: sqlite3.Connection, run: int, wanted: Filter) -> tuple[int, dict[str, dict[str, int]]]:
    """How many trials a filter leaves in; and how many it would, by each member of `FACETS` and its value.

    Those of a member are counted with all others of the filter as they are.
    """
    source, where, values = asked_for(wanted, counted=True)
    columns = ", ".join(map(str, range(1, len(FACETS) + 1)))
    query = f"""
        SELECT {", ".join(FACETS.values())}, count(*) FROM {source}
        WHERE {" AND ".join(where)} GROUP BY {columns}
        """
    total = 0
    found: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for *members, n in db.execute(query, values | {"run": run, "judge": wanted.judge}):
        row: dict[str, str] = dict(zip(FACETS, members, strict=True))
        others = [name for name, value in wanted.chosen.items() if row[name] != value]
        total += n * (not others)
        for name, value in row.items():
            if others in ([], [name]):
                found[name][value] += n
    return total, {name: dict(of) for name, of in found.items()}


def ended(how: str) -> str:
    """The condition that a trial's call ended otherwise than it should, and so; see `FACETS`."""
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
