"""What a run learns, on its way into the store: a queue that a thread empties in transactions."""

from __future__ import annotations

import threading
import time
import zlib
from dataclasses import fields
from queue import Queue
from typing import TYPE_CHECKING

import msgspec

from mien.store.records import Asked, Said
from mien.store.schema import connect, explained, transaction
from mien.types import Call, Verdict

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

BATCH_ROWS, BATCH_SECONDS = 200, 0.05  # a commit comes after so many rows or so much time
MAX_WAITING = 5 * BATCH_ROWS  # items; where the disk is slower than the run, the run waits

# What waits to be written: a call; what a user said; a response (call, run, trial); a verdict with its run; a
# judge's call that brought none (run, trial, judge, call); where an answer of an evaluation lies; an
# evaluation's item that is done (evaluation, item).
Item = (
    Call
    | Asked
    | Said
    | tuple[str, int, str]
    | tuple[int, Verdict]
    | tuple[int, str, str, str]
    | tuple[int, str]
)

CALL_COLUMNS = tuple(f.name for f in fields(Call))
RAW_COLUMNS = ("request", "body")  # compressed

# A failed call may be asked again and then be answered; an answer is never replaced.
_PUT_CALL = (
    f"INSERT INTO call ({', '.join(CALL_COLUMNS)}) VALUES ({', '.join('?' * len(CALL_COLUMNS))}) "
    f"ON CONFLICT (key) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in CALL_COLUMNS[1:])} "
    "WHERE call.failure <> ''"
)
_PUT_RESPONSE = "UPDATE trial SET call = ? WHERE run = ? AND id = ?"
_PUT_SAID = "UPDATE trial SET said = ? WHERE run = ? AND id = ?"
_PUT_VERDICT = (
    "INSERT OR REPLACE INTO verdict (run, judge, trial, chosen, shown, call, logs) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_PUT_JUDGE_FAILURE = "INSERT OR REPLACE INTO judge_failure (run, trial, judge, call) VALUES (?, ?, ?, ?)"
_PUT_ASKED = """
    INSERT OR REPLACE INTO asked (evaluation, item, condition, turn, sample, reader, call, chosen)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_PUT_DONE = "UPDATE evaluation_item SET done = 1 WHERE evaluation = ? AND item = ?"


class Writer:
    """Writes items in the order given, at most `BATCH_ROWS` rows or `BATCH_SECONDS` apart.

    Once an item could not be written, nothing more is.

    Args:
        path: the store's file.
        lock_timeout: seconds to wait for another process that writes.
    """

    def __init__(self, path: Path, *, lock_timeout: float) -> None:
        self._path = path
        self._lock_timeout = lock_timeout
        self._queue: Queue[Item | None] = Queue(MAX_WAITING)
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None
        self._waiting: dict[str, Call] = {}

    def waiting(self, key: str) -> Call | None:
        """The call of this key, where it is still to be written."""
        return self._waiting.get(key)

    def put(self, item: Item) -> None:
        """Queue an item, once there is room for it.

        Raises:
            StoreError: an earlier item could not be written.
        """
        if self._error:
            raise self._error
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mien-writer", daemon=True)
            self._thread.start()
        if isinstance(item, Call):
            self._waiting[item.key] = item
        self._queue.put(item)

    def flush(self) -> None:
        """Wait until all that was queued is written.

        Raises:
            StoreError: it could not be written.
        """
        if self._thread:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        if self._error:
            raise self._error

    def _run(self) -> None:
        more = True
        try:
            with explained(self._path):
                db = connect(self._path, lock_timeout=self._lock_timeout)
                try:
                    while more:
                        batch, more = self._next_batch()
                        _write(db, batch)
                        self._forget(batch)
                finally:
                    db.close()
        except Exception as error:  # of whatever kind: rows must not get lost without a word
            self._error = error
        while more:  # nobody may wait for room that never comes
            more = self._queue.get() is not None

    def _forget(self, batch: list[Item]) -> None:
        """Of one key there may be a later call that waits: a failure that was asked again."""
        for item in batch:
            if isinstance(item, Call) and self._waiting.get(item.key) is item:
                del self._waiting[item.key]

    def _next_batch(self) -> tuple[list[Item], bool]:
        """The next items to commit together, and whether more may come."""
        batch: list[Item] = []
        item = self._queue.get()
        if self._queue.qsize() < BATCH_ROWS:
            # One nap instead of a wake-up for every item: this thread shares the interpreter with the run.
            time.sleep(BATCH_SECONDS)
        while item is not None:
            batch.append(item)
            if len(batch) == BATCH_ROWS or self._queue.empty():
                return batch, True
            item = self._queue.get()
        return batch, False


def _write(db: sqlite3.Connection, batch: list[Item]) -> None:
    if not batch:
        return
    with transaction(db):
        # Calls first: responses and verdicts refer to them.
        db.executemany(_PUT_CALL, (_call_row(item) for item in batch if isinstance(item, Call)))
        for item in batch:
            match item:
                case Asked():
                    db.execute(_PUT_ASKED, item)
                case Said():
                    db.execute(_PUT_SAID, item)
                case (int(run), Verdict() as verdict):
                    db.execute(_PUT_VERDICT, _verdict_row(run, verdict))
                case (_, _, _, _):
                    db.execute(_PUT_JUDGE_FAILURE, item)
                case (_, _):
                    db.execute(_PUT_DONE, item)
                case tuple():
                    db.execute(_PUT_RESPONSE, item)
                case Call():
                    pass


def _call_row(call: Call) -> tuple[object, ...]:
    # Level 1: bodies are small, and higher levels cost more time than they save space.
    return tuple(
        zlib.compress(getattr(call, column), 1) if column in RAW_COLUMNS else getattr(call, column)
        for column in CALL_COLUMNS
    )


def _verdict_row(run: int, verdict: Verdict) -> tuple[object, ...]:
    shown = msgspec.json.encode(verdict.order).decode()
    logs = msgspec.json.encode(verdict.logs).decode() if verdict.logs else ""
    return run, verdict.judge, verdict.trial, verdict.chosen, shown, verdict.call, logs
