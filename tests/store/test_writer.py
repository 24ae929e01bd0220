"""The writer: all that is queued is written, in order and soon; what cannot be written is told."""

from __future__ import annotations

import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import StoreError
from mien.store import writer as writer_module
from mien.store.records import RunInfo
from mien.store.schema import connect
from mien.store.store import Store
from mien.store.writer import BATCH_ROWS, BATCH_SECONDS, MAX_WAITING, Writer
from mien.types import Call, Prompt, Trait, Trial, Verdict

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "mien.db"
    with Store(file) as store:
        store.add_run(
            RunInfo(
                name="r",
                model="m",
                instrument="revealed",
                protocol="",
                design="d-1",
                seed=0,
                traits=(Trait("a"), Trait("b")),
            ),
            [Trial(f"t{i}", 0, ("a", "b"), Prompt("p", "Hello")) for i in range(3)],
        )
    return file


def call(number: int, **members: Any) -> Call:
    return Call(key=f"k{number}", endpoint="e", model="m", text=f"answer {number}", **members)


def count(path: Path, table: str = "call") -> int:
    db = sqlite3.connect(path)
    try:
        return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    finally:
        db.close()


def test_all_that_is_queued_is_written(path: Path) -> None:
    writer = Writer(path, lock_timeout=5)
    for i in range(3 * BATCH_ROWS + 7):
        writer.put(call(i))
    writer.flush()
    assert count(path) == 3 * BATCH_ROWS + 7


def test_a_writer_goes_on_after_a_flush_and_needs_none(path: Path) -> None:
    writer = Writer(path, lock_timeout=5)
    writer.flush()
    for i in range(3):
        writer.put(call(i))
        writer.flush()
        assert count(path) == i + 1


def test_rows_are_committed_without_a_flush(path: Path) -> None:
    writer = Writer(path, lock_timeout=5)
    writer.put(call(0))
    deadline = time.monotonic() + 100 * BATCH_SECONDS
    while not count(path) and time.monotonic() < deadline:
        time.sleep(BATCH_SECONDS / 5)
    assert count(path) == 1
    writer.flush()


def test_commits_are_of_bounded_size(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    write = writer_module._write

    def watched(db: sqlite3.Connection, batch: list[Any]) -> None:
        sizes.append(len(batch))
        write(db, batch)

    monkeypatch.setattr(writer_module, "_write", watched)
    writer = Writer(path, lock_timeout=5)
    for i in range(1000):
        writer.put(call(i))
    writer.flush()
    assert sum(sizes) == 1000
    assert max(sizes) == BATCH_ROWS
    assert count(path) == 1000


def test_responses_and_verdicts_refer_to_calls_of_the_same_commit(path: Path) -> None:
    writer = Writer(path, lock_timeout=5)
    for i in range(3):
        writer.put(call(i))
        writer.put((f"k{i}", 1, f"t{i}"))
        writer.put((1, Verdict(trial=f"t{i}", judge="j", chosen="a", order=("b", "a"), call=f"k{i}")))
    writer.flush()
    db = sqlite3.connect(path)
    assert db.execute("SELECT id, call FROM trial ORDER BY id").fetchall() == [
        (f"t{i}", f"k{i}") for i in range(3)
    ]
    assert db.execute("SELECT trial, judge, chosen, shown, call FROM verdict ORDER BY trial").fetchall() == [
        (f"t{i}", "j", "a", '["b","a"]', f"k{i}") for i in range(3)
    ]
    db.close()


def test_a_lock_shorter_than_the_timeout_delays_but_loses_nothing(path: Path) -> None:
    other = connect(path, lock_timeout=0)
    other.execute("BEGIN IMMEDIATE")
    writer = Writer(path, lock_timeout=30)
    for i in range(10):
        writer.put(call(i))
    assert count(path) == 0
    flush = threading.Thread(target=writer.flush)
    flush.start()
    flush.join(4 * BATCH_SECONDS)
    assert flush.is_alive()  # it waits for the lock
    assert count(path) == 0
    other.execute("ROLLBACK")
    flush.join(30)
    assert count(path) == 10
    other.close()


def test_a_lock_beyond_the_timeout_is_told_with_what_to_do(path: Path) -> None:
    other = connect(path, lock_timeout=0)
    other.execute("BEGIN IMMEDIATE")
    writer = Writer(path, lock_timeout=0.05)
    writer.put(call(0))
    problem = r"mien\.db: another process is writing to it .*; wait for it, or use another --store"
    with pytest.raises(StoreError, match=problem):
        writer.flush()
    other.execute("ROLLBACK")
    other.close()
    # What follows would be a run with holes: nothing more is taken, and nothing is lost without a word.
    with pytest.raises(StoreError, match=problem):
        writer.put(call(1))
    with pytest.raises(StoreError, match=problem):
        writer.flush()
    assert count(path) == 0


def test_nobody_waits_for_room_in_a_writer_that_failed(path: Path) -> None:
    other = connect(path, lock_timeout=0)
    other.execute("BEGIN IMMEDIATE")
    writer = Writer(path, lock_timeout=0.05)
    with pytest.raises(StoreError, match="another process is writing to it"):
        for i in range(10 * MAX_WAITING):
            writer.put(call(i))
    other.execute("ROLLBACK")
    other.close()
    with pytest.raises(StoreError, match="another process is writing to it"):
        writer.flush()
    assert count(path) == 0


def test_making_a_run_waits_for_a_lock_and_gives_up(path: Path) -> None:
    other = connect(path, lock_timeout=0)
    with Store(path, lock_timeout=0.05) as store:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StoreError, match="another process is writing to it"):
            store.delete_run("r")
        assert time.monotonic() - began >= 0.05
        other.execute("ROLLBACK")
        store.delete_run("r")
        assert store.runs() == []
    other.close()


def test_what_sqlite_cannot_take_is_told_too(path: Path) -> None:
    writer = Writer(path, lock_timeout=5)
    writer.put(call(0, tokens_in=2**70))
    with pytest.raises(OverflowError):
        writer.flush()
    with pytest.raises(OverflowError):
        writer.put(call(1))


def test_a_batch_is_written_whole_or_not_at_all(path: Path) -> None:
    writer = Writer(path, lock_timeout=5)
    writer.put(call(0))
    writer.put((1, Verdict(trial="no such trial", judge="j", chosen="a")))
    with pytest.raises(StoreError, match="belongs to a run that has been deleted"):
        writer.flush()
    assert count(path) == 0


def test_a_full_disk_is_told_with_what_to_do(path: Path) -> None:
    pages = path.stat().st_size // 4096
    writer = Writer(path, lock_timeout=5)
    opened = writer_module.connect

    def narrow(*arguments: Any, **options: Any) -> sqlite3.Connection:
        db = opened(*arguments, **options)
        db.execute(f"PRAGMA max_page_count = {pages + 20}")
        return db

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(writer_module, "connect", narrow)
        body = bytes(range(256))
        for i in range(BATCH_ROWS):
            writer.put(call(i, body=body * 4))
        with pytest.raises(StoreError, match="full; free some space and run the same command again"):
            for i in range(BATCH_ROWS, 40 * BATCH_ROWS):
                writer.put(call(i, body=f"{i}".encode() + body * 4))
            writer.flush()
    # The store is whole, and goes on once there is room.
    with Store(path) as store:
        store.put_call(call(99_999))
        store.flush()
        assert store.call("k99999") is not None
