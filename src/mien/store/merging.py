"""Several stores made one: shards of a run, or what two people have measured.

Each file goes in by one transaction, with SQL over whole tables, so that a merge that is killed has taken
some files and nothing of the others, and the same merge goes on. What the merged store has stays: a file
whose answer to the same question is another one loses it, together with what judges and people read in it. So
one answer always stands with its own verdicts, and merging again adds nothing.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import InputError, UsageError
from mien.store.mergeable import require_mergeable
from mien.store.records import INFO_COLUMNS
from mien.store.schema import attachable, connect, explained, transaction
from mien.store.store import FORGET_SHARDS, LOCK_TIMEOUT
from mien.store.writer import CALL_COLUMNS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Generator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a file has added to the merged store.

    Attributes:
        source: the file.
        runs: names of its runs.
        evaluations: names of its evaluations.
        calls: calls that are new, or answered where the store had a failure.
        trials: trials that are new.
        verdicts: verdicts that are new.
        labels: labels, preferences and notes of people that are new.
        conflicts: calls that both have answered, and otherwise: the store's stand.
        dropped_verdicts: verdicts of the file that rested on such a call of its own. What they read is to be
            judged again.
        dropped_labels: labels, preferences and notes that did; they are in the file as before.
    """

    source: Path
    runs: tuple[str, ...]
    evaluations: tuple[str, ...]
    calls: int
    trials: int
    verdicts: int
    labels: int
    conflicts: int
    dropped_verdicts: int
    dropped_labels: int


def merge(
    out: str | Path,
    sources: Sequence[str | Path],
    *,
    partial: bool = False,
    same_servers: bool = False,
    on_merged: Callable[[Merged], None] | None = None,
) -> list[Merged]:
    """Bring stores together in one.

    Nothing is written where any of them cannot be taken in.

    Args:
        out: the merged store; made if there is none.
        sources: what is taken in, in this order; they stay as they are.
        partial: whether shards may be missing.
        same_servers: whether an address of this machine, such as ``http://localhost:8000``, meant the same
            server on each machine that it was asked on.
        on_merged: told of each file once it is in.

    Raises:
        InputError: a file has a run of the same name that is another, or a judge that was asked otherwise;
            the message names file and field.
        UsageError: shards are missing, a file is named twice, or an address may be two servers.
        StoreError: a file is no store of this version.
    """
    out, paths = Path(out), [Path(source) for source in sources]
    _require_each_once(out, paths)
    new = not out.exists()
    if not new:  # what was stopped in it is undone, and an older one is taken to this version
        with explained(out):
            connect(out, lock_timeout=LOCK_TIMEOUT).close()
    all_paths = paths if new else [out, *paths]
    require_mergeable(all_paths, partial=partial, same_servers=same_servers)
    merged: list[Merged] = []
    with explained(out), closing(connect(out, lock_timeout=LOCK_TIMEOUT)) as db:
        if new:  # nobody reads it meanwhile, and rows need not go into a log first
            db.execute("PRAGMA journal_mode = DELETE")
        for path in paths:
            merged.append(_take_in(db, path))
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else the log holds all files at once
            if on_merged:
                on_merged(merged[-1])
        db.execute("PRAGMA journal_mode = WAL")
    return merged


def _require_each_once(out: Path, sources: Sequence[Path]) -> None:
    if not sources:
        raise UsageError("name the stores to merge")
    known = {out.resolve(): "the merged store itself"}
    for path in sources:
        if (place := path.resolve()) in known:
            raise UsageError(f"{path} is {known[place]}; name each store once")
        known[place] = "named twice"


def _take_in(db: sqlite3.Connection, path: Path) -> Merged:
    """Take in a file by one transaction."""
    with _attached(db, path), transaction(db):
        _copy(db, "prompt")
        _copy(db, "quirk")
        _copy(db, "registration")
        db.execute(_FIND_CONFLICTS)
        calls = _changed(db, _PUT_CALLS)
        db.execute(_PUT_RUNS)
        db.execute(_MAP_RUNS)
        db.execute(_LENGTHEN_RUNS)
        db.execute(_PUT_SHARDS)
        _require_same_trials(db, path)
        new = "SELECT count(*) FROM main.trial"
        before = db.execute(new).fetchone()[0]
        db.execute(_PUT_TRIALS)
        trials = db.execute(new).fetchone()[0] - before
        db.execute(_FIND_LOST)
        db.execute(_PUT_JUDGES)
        verdicts = _changed(db, _PUT_VERDICTS)
        db.execute(_PUT_JUDGE_FAILURES)
        labels = sum(_changed(db, put) for put in (_PUT_LABELS, _PUT_PREFERENCES, _PUT_NOTES))
        evaluations = _take_in_evaluations(db)
        runs = db.execute("SELECT merged, name FROM map JOIN main.run ON run.id = merged").fetchall()
        for run, _ in runs:
            db.execute(FORGET_SHARDS, (run,))
        conflicts, dropped_verdicts, dropped_labels = db.execute(_COUNT_LOST).fetchone()
    return Merged(
        source=path,
        runs=tuple(name for _, name in runs),
        evaluations=evaluations,
        calls=calls,
        trials=trials,
        verdicts=verdicts,
        labels=labels,
        conflicts=conflicts,
        dropped_verdicts=dropped_verdicts,
        dropped_labels=dropped_labels,
    )


def _take_in_evaluations(db: sqlite3.Connection) -> tuple[str, ...]:
    """Take in evaluations, but for items that rest on an answer of which the store's own stands."""
    _copy(db, "item")
    for statement in (_PUT_EVALUATIONS, _MAP_EVALUATIONS, _FIND_LOST_ITEMS, _PUT_ITEMS, _PUT_ASKED):
        db.execute(statement)
    return tuple(name for (name,) in db.execute("SELECT name FROM source.evaluation ORDER BY id"))


def _require_same_trials(db: sqlite3.Connection, path: Path) -> None:
    if clash := db.execute(_FIND_CLASH).fetchone():
        where = "run {!r}, trial {}".format(*clash)
        raise InputError("is another trial than in the merged store", source=path, where=where)


@contextmanager
def _attached(db: sqlite3.Connection, path: Path) -> Generator[None]:
    """Give the file's tables the name ``source``, beside empty tables to find out with."""
    with explained(path):
        db.execute("ATTACH ? AS source", (attachable(path, lock_timeout=LOCK_TIMEOUT),))
    try:
        for name, columns in _FOUND.items():
            db.execute(f"CREATE TEMP TABLE {name} ({columns}) WITHOUT ROWID")
        yield
    finally:
        for name in _FOUND:
            db.execute(f"DROP TABLE IF EXISTS temp.{name}")
        db.execute("DETACH source")


def _changed(db: sqlite3.Connection, statement: str) -> int:
    return db.execute(statement).rowcount


def _copy(db: sqlite3.Connection, table: str) -> None:
    db.execute(f"INSERT OR IGNORE INTO main.{table} SELECT * FROM source.{table}")


# What is found out of a file: calls that the store has answered otherwise; the store's numbers of its runs;
# and trials whose response is not the one that the store has, so that what was read in it is of no use there;
# the same of evaluations and their items.
_FOUND = {
    "conflict": "key TEXT PRIMARY KEY",
    "map": "run INTEGER PRIMARY KEY, merged INTEGER NOT NULL",
    "lost": "run INTEGER, trial TEXT, PRIMARY KEY (run, trial)",
    "map_evaluation": "evaluation INTEGER PRIMARY KEY, merged INTEGER NOT NULL",
    "lost_item": "evaluation INTEGER, item TEXT, PRIMARY KEY (evaluation, item)",
}
_FIND_CONFLICTS = """
    INSERT INTO temp.conflict SELECT s.key FROM source.call s JOIN main.call m ON m.key = s.key
    WHERE s.failure = '' AND m.failure = '' AND (s.text <> m.text OR s.finish_reason <> m.finish_reason)
"""
_PUT_CALLS = f"""
    INSERT INTO main.call ({", ".join(CALL_COLUMNS)})
    SELECT {", ".join(CALL_COLUMNS)} FROM source.call WHERE true
    ON CONFLICT (key) DO UPDATE SET {", ".join(f"{c} = excluded.{c}" for c in CALL_COLUMNS[1:])}
    WHERE call.failure <> '' AND excluded.failure = ''
"""
_PUT_RUNS = f"""
    INSERT INTO main.run ({", ".join(INFO_COLUMNS)}, created)
    SELECT {", ".join(INFO_COLUMNS)}, created FROM source.run ORDER BY id
    ON CONFLICT (name) DO NOTHING
"""
_MAP_RUNS = "INSERT INTO temp.map SELECT s.id, m.id FROM source.run s JOIN main.run m ON m.name = s.name"
# A design's name ends with its number of rounds; those of one content differ in it alone.
_LENGTHEN_RUNS = """
    UPDATE main.run SET design = s.design FROM source.run s
    WHERE s.name = run.name
    AND (length(s.design), s.design) > (length(run.design), run.design)
"""
_PUT_SHARDS = """
    INSERT INTO main.shard SELECT map.merged, s.number, s.of, s.trials
    FROM source.shard s JOIN map USING (run)
    WHERE true ON CONFLICT DO UPDATE SET trials = max(trials, excluded.trials)
"""
_FIND_CLASH = """
    SELECT run.name, s.id FROM source.trial s JOIN map USING (run)
         JOIN main.trial m ON m.run = map.merged AND m.id = s.id JOIN main.run ON run.id = m.run
    WHERE s.options <> m.options OR s.prompt <> m.prompt OR s.number <> m.number LIMIT 1
"""
_PUT_TRIALS = """
    INSERT INTO main.trial (run, id, number, round, options, prompt, call, said)
    SELECT map.merged, s.id, s.number, s.round, s.options, s.prompt, s.call, s.said
    FROM source.trial s JOIN map USING (run) WHERE true
    ON CONFLICT (run, id) DO UPDATE SET call = excluded.call, said = excluded.said
    WHERE excluded.call IS NOT NULL AND excluded.call IS NOT trial.call AND (
        trial.call IS NULL
        OR (SELECT failure FROM main.call WHERE key = trial.call) <> ''
        AND (SELECT failure FROM main.call WHERE key = excluded.call) = ''
    )
"""
_FIND_LOST = """
    INSERT INTO temp.lost SELECT s.run, s.id FROM source.trial s JOIN map USING (run)
         JOIN main.trial m ON m.run = map.merged AND m.id = s.id
    WHERE s.call IS NOT m.call OR s.call IN (SELECT key FROM temp.conflict)
"""
_PUT_JUDGES = """
    INSERT OR IGNORE INTO main.judge SELECT map.merged, s.name, s.model, s.settings, s.created
    FROM source.judge s JOIN map USING (run)
"""
_KEPT = "NOT EXISTS (SELECT 1 FROM temp.lost l WHERE l.run = s.run AND l.trial = s.trial)"
_PUT_VERDICTS = f"""
    INSERT OR IGNORE INTO main.verdict
    SELECT map.merged, s.judge, s.trial, s.chosen, s.shown, s.call, s.logs
    FROM source.verdict s JOIN map USING (run)
    WHERE {_KEPT} AND s.call NOT IN (SELECT key FROM temp.conflict)
"""
_PUT_JUDGE_FAILURES = f"""
    INSERT OR IGNORE INTO main.judge_failure SELECT map.merged, s.trial, s.judge, s.call
    FROM source.judge_failure s JOIN map USING (run)
    WHERE {_KEPT} AND NOT EXISTS (
        SELECT 1 FROM main.verdict v WHERE v.run = map.merged AND v.judge = s.judge AND v.trial = s.trial
    )
"""
# What a person said later takes the place of what they said before.
_PUT_LABELS = f"""
    INSERT INTO main.label SELECT map.merged, s.person, s.trial, s.chosen, s.created
    FROM source.label s JOIN map USING (run) WHERE {_KEPT}
    ON CONFLICT DO UPDATE SET chosen = excluded.chosen, created = excluded.created
    WHERE excluded.created > label.created
"""
# Of two runs the one with the lower number comes first, and their numbers may stand the other way round here.
_KEPT_BOTH = """
    NOT EXISTS (
        SELECT 1 FROM temp.lost l
        WHERE (l.run, l.trial) = (s.run_a, s.trial_a) OR (l.run, l.trial) = (s.run_b, s.trial_b)
    )
"""
_PUT_PREFERENCES = f"""
    INSERT INTO main.preference
    SELECT min(a.merged, b.merged), iif(a.merged < b.merged, s.trial_a, s.trial_b),
           max(a.merged, b.merged), iif(a.merged < b.merged, s.trial_b, s.trial_a), s.question, s.person,
           iif(a.merged < b.merged, s.shown_left, iif(s.shown_left = 'a', 'b', 'a')),
           iif(a.merged < b.merged OR s.chosen = 'tie', s.chosen, iif(s.chosen = 'a', 'b', 'a')), s.created
    FROM source.preference s JOIN map a ON a.run = s.run_a JOIN map b ON b.run = s.run_b WHERE {_KEPT_BOTH}
    ON CONFLICT DO UPDATE
    SET shown_left = excluded.shown_left, chosen = excluded.chosen, created = excluded.created
    WHERE excluded.created > preference.created
"""
_PUT_NOTES = f"""
    INSERT INTO main.note SELECT map.merged, s.trial, s.person, s.star, s.text, s.created
    FROM source.note s JOIN map USING (run) WHERE {_KEPT}
    ON CONFLICT DO UPDATE SET star = excluded.star, text = excluded.text, created = excluded.created
    WHERE excluded.created > note.created
"""
_PUT_EVALUATIONS = """
    INSERT INTO main.evaluation (name, kind, model, judge, settings, created)
    SELECT name, kind, model, judge, settings, created FROM source.evaluation ORDER BY id
    ON CONFLICT (name) DO NOTHING
"""
_MAP_EVALUATIONS = """
    INSERT INTO temp.map_evaluation SELECT s.id, m.id
    FROM source.evaluation s JOIN main.evaluation m ON m.name = s.name
"""
_FIND_LOST_ITEMS = """
    INSERT OR IGNORE INTO temp.lost_item SELECT s.evaluation, s.item FROM source.asked s
    WHERE s.call IN (SELECT key FROM temp.conflict)
"""
_ITEM_KEPT = """
    NOT EXISTS (SELECT 1 FROM temp.lost_item l WHERE l.evaluation = s.evaluation AND l.item = s.item)
"""
_PUT_ITEMS = f"""
    INSERT INTO main.evaluation_item SELECT map.merged, s.item, s.number, s.done AND {_ITEM_KEPT}
    FROM source.evaluation_item s JOIN map_evaluation map USING (evaluation)
    WHERE true ON CONFLICT DO UPDATE SET done = max(done, excluded.done)
"""
# An answer takes the place of a failure.
_PUT_ASKED = f"""
    INSERT INTO main.asked
    SELECT map.merged, s.item, s.condition, s.turn, s.sample, s.reader, s.call, s.chosen
    FROM source.asked s JOIN map_evaluation map USING (evaluation) WHERE {_ITEM_KEPT}
    ON CONFLICT DO UPDATE SET call = excluded.call, chosen = excluded.chosen
    WHERE (SELECT failure FROM main.call WHERE key = asked.call) <> ''
    AND (SELECT failure FROM main.call WHERE key = excluded.call) = ''
"""
_COUNT_LOST = f"""
    SELECT (SELECT count(*) FROM temp.conflict),
           (SELECT count(*) FROM source.verdict s
            WHERE NOT ({_KEPT}) OR s.call IN (SELECT key FROM temp.conflict)),
           (SELECT count(*) FROM source.label s WHERE NOT ({_KEPT}))
           + (SELECT count(*) FROM source.note s WHERE NOT ({_KEPT}))
           + (SELECT count(*) FROM source.preference s WHERE NOT ({_KEPT_BOTH}))
"""
