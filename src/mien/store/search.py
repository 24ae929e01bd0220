"""Full-text search over prompts and responses: an index beside the store, filled as responses come in.

It lives in a temporary file, for three reasons: a store that may not be written can be searched, too; runs
write no slower for it; and deleting a run or vacuuming the store cannot put it out of step for good, since
it is made anew with each start.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

from mien.store.schema import connect_read_only
from mien.store.temporary import TemporaryFolder
from mien.store.words import TOKENIZE, parted

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

#: A document's number is its run's times this, plus its trial's: results come in the trials' order.
RUN_STRIDE = 2**32
_BATCH = 2000  # documents a commit
_CALM = 1.0  # seconds between two looks for new responses
_LOCK_TIMEOUT = 10.0
# Responses have their length beside them, by which trials are sorted without a look into the calls.
_TABLES = f"""
    CREATE VIRTUAL TABLE document USING fts5(prompt, response, content='', tokenize="{TOKENIZE}");
    CREATE TABLE extent (
        run INTEGER NOT NULL, number INTEGER NOT NULL, length INTEGER NOT NULL, PRIMARY KEY (run, number)
    ) WITHOUT ROWID;
    CREATE INDEX extent_order ON extent (run, length, number);
"""


class SearchIndex:
    """Indexes a store's responses in a thread of its own, from `start` until `close`."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._folder = TemporaryFolder("mien-search-")
        self.path = self._folder.path / "search.db"
        #: Set once all responses that were there at the start are in it; later ones follow in a moment.
        self.complete = threading.Event()
        self._indexed: dict[tuple[int, float], set[int]] = {}
        self._asked, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="mien-search", daemon=True)
        with closing(sqlite3.connect(self.path)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_TABLES)

    def start(self) -> None:
        """Begin to index."""
        self._thread.start()

    def close(self) -> None:
        """Stop, and delete the index."""
        self._stopped.set()
        self._asked.set()
        if self._thread.is_alive():
            self._thread.join()
        self._folder.close()

    def wake(self) -> None:
        """Look for new responses soon."""
        self._asked.set()

    def attach(self, db: sqlite3.Connection) -> None:
        """Let a connection to the store search it, as ``search``."""
        db.execute("ATTACH ? AS search", (str(self.path),))

    def count(self, run: int) -> int:
        """How many of a run's responses are indexed so far."""
        return sum(len(numbers) for (known, _), numbers in list(self._indexed.items()) if known == run)

    def _run(self) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as index:
            index.execute("PRAGMA synchronous = OFF")
            while not self._stopped.is_set():
                self._asked.clear()
                self._catch_up(index)
                self.complete.set()
                self._asked.wait()
                self._stopped.wait(_CALM)

    def _catch_up(self, index: sqlite3.Connection) -> None:
        with closing(connect_read_only(self._store, lock_timeout=_LOCK_TIMEOUT)) as db:
            for run, created in db.execute("SELECT id, created FROM run ORDER BY id DESC").fetchall():
                known = self._indexed.setdefault((run, created), set())
                for batch in self._pending(db, run, known):
                    index.execute("BEGIN")
                    index.executemany(
                        "INSERT INTO document (rowid, prompt, response) VALUES (?, ?, ?)",
                        (
                            (run * RUN_STRIDE + number, parted(prompt), parted(text))
                            for number, prompt, text in batch
                        ),
                    )
                    index.executemany(
                        "INSERT OR REPLACE INTO extent VALUES (?, ?, ?)",
                        ((run, number, len(text)) for number, _, text in batch),
                    )
                    index.execute("COMMIT")
                    known.update(number for number, _, _ in batch)
                    if self._stopped.is_set():
                        return

    def _pending(
        self, db: sqlite3.Connection, run: int, known: set[int]
    ) -> Generator[list[tuple[int, str, str]]]:
        rows = db.execute(
            "SELECT number, prompt, said, call FROM trial WHERE run = ? AND call IS NOT NULL", (run,)
        )
        waiting = sorted(row for row in rows if row[0] not in known)
        for start in range(0, len(waiting), _BATCH):
            batch: list[tuple[int, str, str]] = []
            for number, prompt, said, call in waiting[start : start + _BATCH]:
                asked = db.execute("SELECT text FROM prompt WHERE key = ?", (prompt,)).fetchone()
                if said:
                    asked = db.execute("SELECT text FROM call WHERE key = ?", (said,)).fetchone() or asked
                found = db.execute("SELECT text FROM call WHERE key = ? AND failure = ''", (call,)).fetchone()
                if found:
                    batch.append((number, asked[0], found[0]))
            yield batch
