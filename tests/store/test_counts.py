"""How far runs have come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.store.counts import RunCounts, run_counts, spending, trial_counts, verdict_counts
from mien.store.records import JudgeRecord
from mien.store.schema import connect_read_only
from mien.store.store import Store
from mien.types import Call
from tests.store.test_store import add_run, put

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_asked_read_and_spent(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    with Store(path) as store:
        old, new = add_run(store, "old"), add_run(store, "new")
        for judge in ("j", "k"):
            store.add_judge(old.id, JudgeRecord(name=judge, model=judge, settings="{}"))
        put(store, old, "t0", "hi", "warm")
        store.put_call(Call(key="failed", endpoint="e", model="m", failure="HTTP 500", cost=0.5, created=9.0))
        store.put_response(old.id, "t1", "failed")
    db = connect_read_only(path, lock_timeout=5)
    assert run_counts(db) == [
        RunCounts(new.id, "new", "provider/m", "revealed", new.created, True, 3, 0),
        RunCounts(old.id, "old", "provider/m", "revealed", old.created, True, 3, 2),
    ]
    assert spending(db, old.id) == (1, 0.5, 9.0)
    assert spending(db, new.id) == (0, None, None)
    assert trial_counts(db, old.id, "j") == (1, 0, 1, 1, 0)
    assert trial_counts(db, old.id, "k") == (0, 1, 1, 1, 0)
    assert trial_counts(db, new.id, "j") == (0, 0, 0, 3, 0)
    assert verdict_counts(db, old.id) == [("j", 1), ("k", 0)]
    db.close()
