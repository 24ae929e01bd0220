"""The store's tables, version by version, and how its file is opened."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from mien.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

APPLICATION_ID = 0x4D49454E  # "MIEN", in the file's header: how a store is told from other databases

#: The schema, a script a version. To change it, append a script; never change one that was released.
MIGRATIONS = (
    """
    CREATE TABLE call (
        key TEXT PRIMARY KEY, endpoint TEXT NOT NULL, model TEXT NOT NULL, replicate INTEGER NOT NULL,
        request BLOB NOT NULL, body BLOB NOT NULL, failure TEXT NOT NULL, status INTEGER NOT NULL,
        text TEXT NOT NULL, reasoning TEXT NOT NULL, finish_reason TEXT NOT NULL,
        tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, cost REAL, latency REAL NOT NULL,
        created REAL NOT NULL
    );
    CREATE TABLE run (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, model TEXT NOT NULL, instrument TEXT NOT NULL,
        protocol TEXT NOT NULL, design TEXT NOT NULL, seed INTEGER, traits TEXT NOT NULL,
        created REAL NOT NULL
    );
    CREATE TABLE prompt (
        key TEXT PRIMARY KEY, id TEXT NOT NULL, text TEXT NOT NULL, category TEXT NOT NULL,
        language TEXT NOT NULL, source TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE trial (
        run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, id TEXT NOT NULL, number INTEGER NOT NULL,
        round INTEGER NOT NULL, options TEXT NOT NULL,
        prompt TEXT NOT NULL REFERENCES prompt, call TEXT REFERENCES call,
        PRIMARY KEY (run, id)
    ) WITHOUT ROWID;
    CREATE TABLE judge (
        run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, name TEXT NOT NULL, model TEXT NOT NULL,
        settings TEXT NOT NULL, created REAL NOT NULL,
        PRIMARY KEY (run, name)
    ) WITHOUT ROWID;
    CREATE TABLE verdict (
        run INTEGER NOT NULL, judge TEXT NOT NULL, trial TEXT NOT NULL, chosen TEXT NOT NULL,
        shown TEXT NOT NULL, call TEXT NOT NULL,
        PRIMARY KEY (run, judge, trial), FOREIGN KEY (run, trial) REFERENCES trial ON DELETE CASCADE
    ) WITHOUT ROWID;
    CREATE TABLE label (
        run INTEGER NOT NULL, person TEXT NOT NULL, trial TEXT NOT NULL, chosen TEXT NOT NULL,
        created REAL NOT NULL,
        PRIMARY KEY (run, person, trial), FOREIGN KEY (run, trial) REFERENCES trial ON DELETE CASCADE
    ) WITHOUT ROWID;
    CREATE TABLE quirk (
        endpoint TEXT NOT NULL, model TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (endpoint, model, name)
    ) WITHOUT ROWID;
    """,
)


def connect(path: Path, *, lock_timeout: float) -> sqlite3.Connection:
    """Open a store to write, making it or taking it to the newest version where needed.

    Raises:
        StoreError: the file is no store, or of a newer version; it is left untouched.
        sqlite3.Error: it cannot be opened.
    """
    db = sqlite3.connect(path, timeout=lock_timeout, isolation_level=None)
    version = _version(db, path)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA journal_mode = WAL")
    # A commit survives the process. With FULL it would survive a power cut, too, and be far slower.
    db.execute("PRAGMA synchronous = NORMAL")
    for number in range(version, len(MIGRATIONS)):
        db.executescript(
            f"BEGIN IMMEDIATE; {MIGRATIONS[number]} PRAGMA application_id = {APPLICATION_ID}; "
            f"PRAGMA user_version = {number + 1}; COMMIT;"
        )
    return db


def connect_read_only(path: Path, *, lock_timeout: float) -> sqlite3.Connection:
    """Open a store for reading alone, also on a medium that cannot be written.

    Raises:
        StoreError: there is no such file, it is no store, or it is of another version.
        sqlite3.Error: it cannot be opened.
    """
    if not path.is_file():
        raise StoreError(f"no store at {path}; `mien measure` or `mien import` makes one")
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    db = sqlite3.connect(address, uri=True, timeout=lock_timeout, isolation_level=None)
    try:
        version = _version(db, path)
    except sqlite3.OperationalError:
        # WAL wants to make a file beside the store, which a read-only medium does not allow.
        db.close()
        db = sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)
        version = _version(db, path)
    if version < len(MIGRATIONS):
        raise StoreError(f"{path} is of an older schema; any command that writes upgrades it")
    return db


def _version(db: sqlite3.Connection, path: Path) -> int:
    application: int = db.execute("PRAGMA application_id").fetchone()[0]
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    empty = not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION_ID and not (empty and application == 0):
        raise StoreError(f"{path} is not a mien store; name another file with --store")
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path} was written by a newer mien (schema {version}; this one knows {len(MIGRATIONS)}): "
            "upgrade mien"
        )
    return version


@contextmanager
def transaction(db: sqlite3.Connection) -> Generator[None]:
    """Commit at the end of the block, or undo it when it fails."""
    # IMMEDIATE: two writers queue up here instead of failing half-way.
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if db.in_transaction:  # SQLite itself rolls back when the disk is full
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


@contextmanager
def explained(path: Path) -> Generator[None]:
    """Turn SQLite's errors into `StoreError`s that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {_explain(error)}") from error


def _explain(error: sqlite3.Error) -> str:
    message = str(error)
    name = getattr(error, "sqlite_errorname", "")
    if "locked" in message or name.startswith("SQLITE_BUSY"):
        return "another process is writing to it and does not finish; wait for it, or use another --store"
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return f"{message}; free some space and run the same command again: what was written is kept"
    if name.startswith("SQLITE_READONLY"):
        return "it cannot be written; name another file with --store"
    if name.startswith("SQLITE_CANTOPEN"):
        return "it cannot be opened or made there; name another file with --store"
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return f"is not a mien store ({message}); name another file with --store"
    return message
