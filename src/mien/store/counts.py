"""How far runs have come: what was asked, answered, read and spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mien.types import ALL_JUDGES

if TYPE_CHECKING:
    import sqlite3


class RunCounts(NamedTuple):
    """A run, and how many of its trials were asked: all that needs no look at every call.

    Attributes:
        designed: whether its trials were to be asked; those of an imported table were not.
    """

    id: int
    name: str
    model: str
    instrument: str
    created: float
    designed: bool
    n_trials: int
    answered: int


class Spending(NamedTuple):
    """What a run's calls came to: failures, US dollars, and when the latest was made, Unix time."""

    failures: int
    cost: float | None
    latest: float | None


class TrialCounts(NamedTuple):
    """What became of a run's trials under one judge; each trial is counted once.

    Attributes:
        read: with the judge's verdict.
        unread: answered, and without one.
        failed: asked, and not answered.
        unasked: not asked yet.
        elsewhere: of shards of the run that are not in this store.
    """

    read: int
    unread: int
    failed: int
    unasked: int
    elsewhere: int


def run_counts(db: sqlite3.Connection) -> list[RunCounts]:
    """All runs, newest first."""
    query = """
        SELECT r.id, r.name, r.model, r.instrument, r.created, r.design <> '',
               (SELECT count(*) FROM trial t WHERE t.run = r.id),
               (SELECT count(t.call) FROM trial t WHERE t.run = r.id)
        FROM run r ORDER BY r.id DESC
        """
    return [RunCounts(*row) for row in db.execute(query)]


def trial_counts(db: sqlite3.Connection, run: int, judge: str) -> TrialCounts:
    """Count a run's trials by what became of them under a judge; under none that it has, none is read.

    Under `mien.types.ALL_JUDGES` a trial is read where anybody has read it.
    """
    values = {"run": run, "judge": judge}
    of_judge = "SELECT trial FROM verdict WHERE run = :run AND judge = :judge"
    any_judge = "SELECT DISTINCT trial FROM verdict WHERE run = :run AND :judge IS NOT NULL"
    read_by = any_judge if judge == ALL_JUDGES else of_judge
    trials: int = db.execute("SELECT count(*) FROM trial WHERE run = :run", values).fetchone()[0]
    read: int = db.execute(f"SELECT count(*) FROM ({read_by})", values).fetchone()[0]
    of_shards: int = (
        db.execute("SELECT max(trials) FROM shard WHERE run = :run", values).fetchone()[0] or trials
    )
    if read == trials:  # what became of the others takes a look at their calls
        return TrialCounts(read, 0, 0, 0, of_shards - trials)
    unread = (
        f"t.id NOT IN ({any_judge})" if judge == ALL_JUDGES else f"NOT EXISTS ({of_judge} AND trial = t.id)"
    )
    query = f"""
        SELECT count(CASE WHEN c.failure = '' THEN 1 END), count(CASE WHEN c.failure <> '' THEN 1 END),
               count(CASE WHEN c.key IS NULL THEN 1 END)
        FROM trial t LEFT JOIN call c ON c.key = t.call WHERE t.run = :run AND {unread}
        """
    lacking: tuple[int, int, int] = db.execute(query, values).fetchone()
    return TrialCounts(read, *lacking, of_shards - trials)


def failure_counts(db: sqlite3.Connection, run: int) -> dict[str, int]:
    """Why trials of a run have no response: how many for each reason, most frequent first."""
    query = """
        SELECT c.failure, count(*) FROM trial t JOIN call c ON c.key = t.call
        WHERE t.run = ? AND c.failure <> '' GROUP BY c.failure ORDER BY count(*) DESC
        """
    return dict(db.execute(query, (run,)).fetchall())


def adapted_counts(db: sqlite3.Connection, run: int) -> dict[str, int]:
    """In what calls of a run, the judges' included, were sent otherwise than asked: how many for each way."""
    query = """
        SELECT c.adapted, count(*) FROM call c WHERE c.adapted <> '' AND c.key IN (
            SELECT call FROM trial WHERE run = ? UNION SELECT call FROM verdict WHERE run = ?
        ) GROUP BY c.adapted ORDER BY count(*) DESC
        """
    return dict(db.execute(query, (run, run)).fetchall())


class FailedTrials(NamedTuple):
    """Trials of one prompt that failed for one reason: the model's, or that of the judge named."""

    reason: str
    prompt_id: str
    judge: str
    trials: int


def failed_trials(db: sqlite3.Connection, run: int) -> list[FailedTrials]:
    """What a run's model, and then its judges, failed at: by reason, the most frequent first, and by prompt.

    A judge has failed at a trial while it has given no verdict on it.
    """
    query = """
        WITH failed AS (
            SELECT '' AS judge, t.prompt, c.failure FROM trial t JOIN call c ON c.key = t.call
            WHERE t.run = :run AND c.failure <> ''
            UNION ALL
            SELECT f.judge, t.prompt, c.failure
            FROM judge_failure f JOIN trial t ON t.run = f.run AND t.id = f.trial
                 JOIN call c ON c.key = f.call
                 LEFT JOIN verdict v ON v.run = f.run AND v.trial = f.trial AND v.judge = f.judge
            WHERE f.run = :run AND c.failure <> '' AND v.trial IS NULL
        )
        SELECT failed.failure, p.id, failed.judge, count(*),
               sum(count(*)) OVER (PARTITION BY failed.judge, failed.failure) AS of_reason
        FROM failed JOIN prompt p ON p.key = failed.prompt
        GROUP BY failed.judge, failed.failure, failed.prompt
        ORDER BY failed.judge, of_reason DESC, failed.failure, count(*) DESC, p.id
        """
    return [FailedTrials(*row[:4]) for row in db.execute(query, {"run": run})]


def spending(db: sqlite3.Connection, run: int) -> Spending:
    """Sum a run's calls, which takes a look at each."""
    query = """
        SELECT count(CASE WHEN c.failure <> '' THEN 1 END), sum(c.cost), max(c.created)
        FROM trial t JOIN call c ON c.key = t.call WHERE t.run = ?
        """
    return Spending(*db.execute(query, (run,)).fetchone())


def verdict_counts(db: sqlite3.Connection, run: int) -> list[tuple[str, int]]:
    """A run's judges, the first first, and how many verdicts each has given."""
    query = """
        SELECT j.name, (SELECT count(*) FROM verdict v WHERE v.run = j.run AND v.judge = j.name)
        FROM judge j WHERE j.run = ? ORDER BY j.created
        """
    return db.execute(query, (run,)).fetchall()
