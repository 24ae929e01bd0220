"""Looking through a run's trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.store.browsing import Filter, answered_trials, choices, count_asked, trials, turned
from mien.store.records import JudgeRecord
from mien.store.schema import connect_read_only
from mien.store.store import Store
from mien.types import Call, Verdict
from tests.store.test_store import add_run, put

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Runs 1 and 2 with the same trials: t0 turned from warm to blunt, and t1 failed in run 1."""
    with Store(tmp_path / "mien.db") as store:
        one, two = add_run(store, "one"), add_run(store, "two")
        for judge in ("j", "k"):
            store.add_judge(one.id, JudgeRecord(name=judge, model=judge, settings="{}"))
        put(store, one, "t0", "hi", "warm")
        store.put_call(Call(key="failed", endpoint="e", model="m", failure="HTTP 500"))
        store.put_response(one.id, "t1", "failed")
        put(store, one, "t2", "ho", "blunt")
        store.put_verdict(one.id, Verdict(trial="t2", judge="k", chosen="neither"))
        put(store, two, "t0", "no", "blunt", judge="k")
        put(store, two, "t2", "ha", "blunt", judge="k")
    connection = connect_read_only(tmp_path / "mien.db", lock_timeout=5)
    yield connection
    connection.close()


def shown(db: sqlite3.Connection, **wanted: str) -> list[str]:
    rows, more = trials(db, 1, Filter(judge="j", **wanted))
    assert not more
    return [row.trial for row in rows]


def test_a_filter_leaves_in_what_it_names(db: sqlite3.Connection) -> None:
    assert shown(db) == ["t0", "t1", "t2"]
    assert shown(db, trait="warm") == ["t0", "t1"]
    assert shown(db, trait="blunt", took="passed") == ["t0"]
    assert shown(db, verdict="none") == ["t1"]
    assert shown(db, finish="failed") == ["t1"]
    assert shown(db, disagreement="yes") == ["t2"]


def test_a_filter_is_an_address_and_back() -> None:
    wanted = Filter(run="r", trait="warm", took="chosen", after=24)
    assert wanted.link() == {"run": "r", "trait": "warm", "took": "chosen", "after": 24}
    assert Filter.read({name: str(value) for name, value in wanted.link().items()}) == wanted
    assert Filter.read({"after": "²"}) == Filter.read({}) == Filter()


def test_a_failed_call_was_asked_and_is_no_response(db: sqlite3.Connection) -> None:
    assert count_asked(db, 1) == 3
    assert [(trial, options) for trial, options, _ in answered_trials(db, 1)] == [
        ("t0", '["warm","blunt"]'),
        ("t2", '["blunt","direct"]'),
    ]


def test_what_a_judge_chose(db: sqlite3.Connection) -> None:
    assert choices(db, 1, "j") == {"t0": "warm", "t2": "blunt"}
    assert choices(db, 1, "nobody") == {}


def test_trials_that_turned(db: sqlite3.Connection) -> None:
    judges = ("j", "k")
    assert turned(db, (1, 2), judges, "warm", lost=True, most=6) == ["t0"]
    assert turned(db, (1, 2), judges, "blunt", lost=False, most=6) == ["t0"]
    assert turned(db, (1, 2), judges, "blunt", lost=True, most=6) == []
    assert turned(db, (1, 2), judges, "warm", lost=True, most=0) == []
