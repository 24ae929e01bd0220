"""The store's tables, version by version, and how its file is opened."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from mien.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

APPLICATION_ID = 0x4D49454E  # "MIEN", in the file's header: how a store is told from other databases

#: What the user says in a trial, p being its prompt, and s the call in which a model wrote it.
SAID = "coalesce(nullif(s.text, ''), p.text)"

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
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, model TEXT NOT NULL,
        instrument TEXT NOT NULL, protocol TEXT NOT NULL, design TEXT NOT NULL, seed INTEGER,
        traits TEXT NOT NULL, created REAL NOT NULL
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
    """
    CREATE INDEX trial_order ON trial (run, number);
    """,
    """
    ALTER TABLE run ADD COLUMN pressure TEXT NOT NULL DEFAULT 'none';
    ALTER TABLE run ADD COLUMN turn INTEGER NOT NULL DEFAULT 1;
    """,
    """
    CREATE INDEX call_incomplete ON call (key, finish_reason, failure)
        WHERE finish_reason <> 'stop' OR failure <> '';
    """,
    """
    CREATE TABLE preference (
        run_a INTEGER NOT NULL, trial_a TEXT NOT NULL, run_b INTEGER NOT NULL, trial_b TEXT NOT NULL,
        question TEXT NOT NULL, person TEXT NOT NULL, shown_left TEXT NOT NULL, chosen TEXT NOT NULL,
        created REAL NOT NULL,
        PRIMARY KEY (run_a, trial_a, run_b, trial_b, question, person),
        FOREIGN KEY (run_a, trial_a) REFERENCES trial ON DELETE CASCADE,
        FOREIGN KEY (run_b, trial_b) REFERENCES trial ON DELETE CASCADE,
        CHECK (run_a < run_b)
    ) WITHOUT ROWID;
    CREATE INDEX preference_b ON preference (run_b, trial_b);
    """,
    """
    ALTER TABLE call ADD COLUMN adapted TEXT NOT NULL DEFAULT '';
    """,
    """
    CREATE TABLE judge_failure (
        run INTEGER NOT NULL, trial TEXT NOT NULL, judge TEXT NOT NULL, call TEXT NOT NULL,
        PRIMARY KEY (run, trial, judge), FOREIGN KEY (run, trial) REFERENCES trial ON DELETE CASCADE
    ) WITHOUT ROWID;
    """,
    # The shards of a run that the file holds; none where it holds the whole. `trials` are those of the whole.
    """
    CREATE TABLE shard (
        run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, number INTEGER NOT NULL, of INTEGER NOT NULL,
        trials INTEGER NOT NULL,
        PRIMARY KEY (run, number)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE registration (
        study TEXT PRIMARY KEY, digest TEXT NOT NULL, content TEXT NOT NULL, created REAL NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE batch (
        name TEXT PRIMARY KEY, spec TEXT NOT NULL, state TEXT NOT NULL, remote TEXT NOT NULL DEFAULT '',
        found INTEGER NOT NULL DEFAULT 0, outcome TEXT NOT NULL DEFAULT '', requests INTEGER NOT NULL,
        answered INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL, sent REAL NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE TABLE batch_call (
        key TEXT PRIMARY KEY, batch TEXT NOT NULL REFERENCES batch ON DELETE CASCADE,
        replicate INTEGER NOT NULL, body BLOB NOT NULL, adapted TEXT NOT NULL
    );
    CREATE INDEX batch_call_of ON batch_call (batch);
    """,
    # Log-probabilities of a soft verdict, as JSON; empty for others.
    """
    ALTER TABLE verdict ADD COLUMN logs TEXT NOT NULL DEFAULT '';
    """,
    # Items are shared by evaluations that ask the same. `asked` says where each answer of an evaluation lies;
    # `reader` is empty for the model's own, else who read it, and `chosen` what was read.
    """
    CREATE TABLE item (
        key TEXT PRIMARY KEY, test TEXT NOT NULL, id TEXT NOT NULL, cluster TEXT NOT NULL,
        content TEXT NOT NULL
    );
    CREATE TABLE evaluation (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
        model TEXT NOT NULL, judge TEXT NOT NULL, settings TEXT NOT NULL, created REAL NOT NULL
    );
    CREATE TABLE evaluation_item (
        evaluation INTEGER NOT NULL REFERENCES evaluation ON DELETE CASCADE,
        item TEXT NOT NULL REFERENCES item, number INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (evaluation, item)
    ) WITHOUT ROWID;
    CREATE TABLE asked (
        evaluation INTEGER NOT NULL, item TEXT NOT NULL, condition TEXT NOT NULL, turn INTEGER NOT NULL,
        sample INTEGER NOT NULL, reader TEXT NOT NULL, call TEXT NOT NULL, chosen TEXT NOT NULL,
        PRIMARY KEY (evaluation, item, condition, turn, sample, reader),
        FOREIGN KEY (evaluation, item) REFERENCES evaluation_item ON DELETE CASCADE
    ) WITHOUT ROWID;
    """,
    # The call in which a model wrote what the user says in a trial; its prompt is a note then.
    """
    ALTER TABLE trial ADD COLUMN said TEXT;
    """,
    # What people mark of trials: a star (1) or none (0), and a text, which may be empty.
    """
    CREATE TABLE note (
        run INTEGER NOT NULL, trial TEXT NOT NULL, person TEXT NOT NULL, star INTEGER NOT NULL,
        text TEXT NOT NULL, created REAL NOT NULL,
        PRIMARY KEY (run, trial, person), FOREIGN KEY (run, trial) REFERENCES trial ON DELETE CASCADE
    ) WITHOUT ROWID;
    """,
)


def connect(path: Path, *, lock_timeout: float) -> sqlite3.Connection:
    """Open a store to write, making it or taking it to the newest version where needed.

    Raises:
        StoreError: the file is no store, or of a newer version; it is left untouched.
        sqlite3.Error: it cannot be opened.
    """
    # By an address, so that others may be attached by theirs.
    address = f"file:{quote(str(path.absolute()))}"
    db = sqlite3.connect(address, uri=True, timeout=lock_timeout, isolation_level=None)
    try:
        version = _version(db, path)
        db.execute("PRAGMA foreign_keys = ON")
        _use_wal(db, lock_timeout)
        # A commit survives the process. With FULL it would survive a power cut, too, and be far slower.
        db.execute("PRAGMA synchronous = NORMAL")
        # Calls come in the random order of their keys: with a small cache, or frequent checkpoints, the same
        # pages of the index would be written over and over.
        db.execute("PRAGMA cache_size = -16000")  # KiB
        db.execute("PRAGMA wal_autocheckpoint = 8000")  # pages
        if version < len(MIGRATIONS):
            _migrate(db, path)
    except BaseException:
        db.close()  # not left to the garbage collector: it may hold a lock
        raise
    return db


def upgrade(path: Path, *, lock_timeout: float) -> None:
    """Take a store of an older version to the newest, so that it can be read; else nothing is done.

    Raises:
        StoreError, sqlite3.Error: see `connect`.
    """
    if path.is_file() and (version := _seen_version(path)) and version < len(MIGRATIONS):
        connect(path, lock_timeout=lock_timeout).close()


def is_store(path: Path) -> bool:
    """Whether there is something to read: an empty file is a store that somebody is about to make."""
    return path.is_file() and _seen_version(path) != 0


def _seen_version(path: Path) -> int | None:
    """None where it cannot be told: whoever opens the file says why."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)) as db:
            return _version(db, path)
    except (StoreError, sqlite3.Error):
        return None


def _use_wal(db: sqlite3.Connection, lock_timeout: float) -> None:
    deadline = time.monotonic() + lock_timeout
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # SQLite waits for most locks, but not for the one that this takes in a new file.
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() >= deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    with transaction(db):
        # Asked again: another process may have been first.
        for number in range(_version(db, path), len(MIGRATIONS)):
            for statement in _statements(MIGRATIONS[number]):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number + 1}")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _statements(script: str) -> Generator[str]:
    """A script's statements, each of which ends with a line."""
    statement = ""  # executescript() would commit what is open
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def connect_read_only(path: Path, *, lock_timeout: float) -> sqlite3.Connection:
    """Open a store for reading alone, also on a medium that cannot be written.

    Raises:
        StoreError: there is no such file, it is no store, or it is of another version.
        sqlite3.Error: it cannot be opened.
    """
    return _open_readable(path, lock_timeout)[0]


def attachable(path: Path, *, lock_timeout: float) -> str:
    """The address by which a store is attached to a connection that takes such, for reading alone.

    Raises:
        StoreError: see `connect_read_only`.
        sqlite3.Error: it cannot be opened.
    """
    db, address = _open_readable(path, lock_timeout)
    db.close()
    return address


def _open_readable(path: Path, lock_timeout: float) -> tuple[sqlite3.Connection, str]:
    if not path.is_file():
        raise StoreError(f"no store at {path}; `mien measure` or `mien import` makes one")
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        return _readable(address, path, lock_timeout), address
    except sqlite3.OperationalError as error:
        if not error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
            raise
    if _holds(path.with_name(f"{path.name}-journal")):
        raise StoreError(f"{path} was being merged when that was stopped; the same mien merge goes on")
    # WAL wants to make a file beside the store, which a read-only medium does not allow.
    wal = path.with_name(f"{path.name}-wal")
    if _holds(wal):
        raise StoreError(
            f"{path} cannot be read where nothing can be written, since its newest rows are in {wal.name}; "
            "copy both to another folder"
        )
    address = f"{address}&immutable=1"
    return _readable(address, path, lock_timeout), address


def _holds(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _readable(address: str, path: Path, lock_timeout: float) -> sqlite3.Connection:
    db = sqlite3.connect(address, uri=True, timeout=lock_timeout, isolation_level=None)
    try:
        version = _version(db, path)
        if version == 0:
            raise StoreError(f"{path} is empty; `mien measure` or `mien import` makes a store of it")
        if version < len(MIGRATIONS):
            raise StoreError(f"{path} is of an older schema; any command that writes upgrades it")
    except BaseException:
        db.close()
        raise
    return db


def _version(db: sqlite3.Connection, path: Path) -> int:
    # In this order: another process may be making the store right now.
    empty = not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    application: int = db.execute("PRAGMA application_id").fetchone()[0]
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
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
    except PermissionError as error:
        raise StoreError(f"{path}: it may not be read; name another file with --store") from error


# What to do about SQLite's errors, by how their names begin.
_ANOTHER_WRITES = "another process is writing to it and does not finish; wait for it, or use another --store"
_NO_SPACE = "{message}; free some space and run the same command again: what was written is kept"
_ADVICE = {
    "SQLITE_BUSY": _ANOTHER_WRITES,
    "SQLITE_LOCKED": _ANOTHER_WRITES,
    "SQLITE_FULL": _NO_SPACE,
    "SQLITE_IOERR": _NO_SPACE,
    "SQLITE_READONLY": "it cannot be written; name another file with --store",
    "SQLITE_CANTOPEN": "it cannot be opened or made there; name another file with --store",
    "SQLITE_NOTADB": "is not a mien store ({message}); name another file with --store",
    "SQLITE_CORRUPT": "is damaged ({message}); name another file with --store",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "what was to be written belongs to a run that has been deleted meanwhile",
}


def _explain(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    advice = next((text for prefix, text in _ADVICE.items() if name.startswith(prefix)), "{message}")
    return advice.format(message=error)
