"""Which runs of a store can be compared: by their traits, and by their responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from mien.store.records import RunRecord

_INVENTORY = "inventory"  # rates traits one by one, on a scale of its own


def by_traits(db: sqlite3.Connection, run: RunRecord, runs: Iterable[RunRecord]) -> list[str]:
    """Names of the runs that have a diff with this one: of the same traits, and read by somebody."""
    names = [trait.name for trait in run.traits]
    return [
        other.name
        for other in runs
        if other.id != run.id
        and [trait.name for trait in other.traits] == names
        and (other.instrument == _INVENTORY) == (run.instrument == _INVENTORY)
        and db.execute("SELECT EXISTS (SELECT 1 FROM verdict WHERE run = ?)", (other.id,)).fetchone()[0]
    ]


def answered(db: sqlite3.Connection, runs: Iterable[RunRecord]) -> list[RunRecord]:
    """The runs that have a response."""
    return [run for run in runs if next(_prompts(db, run), None)]


def by_prompts(db: sqlite3.Connection, run: RunRecord, runs: Sequence[RunRecord]) -> list[str]:
    """Names of the runs that answered a prompt which this one answered."""
    own = set(_prompts(db, run))
    return [
        other.name
        for other in runs
        if other.id != run.id and any(prompt in own for prompt in _prompts(db, other))
    ]


def _prompts(db: sqlite3.Connection, run: RunRecord) -> Iterator[str]:
    """Keys of the prompts that a run answered, read as far as they are asked for."""
    query = "SELECT prompt FROM trial WHERE run = ? AND call IS NOT NULL AND said IS NULL"
    return (prompt for (prompt,) in db.execute(query, (run.id,)))
