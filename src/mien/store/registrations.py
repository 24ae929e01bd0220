"""Studies that were registered: what was said of each before its first call."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from mien.store.schema import connect, connect_read_only, explained, is_store, transaction

if TYPE_CHECKING:
    from pathlib import Path

LOCK_TIMEOUT = 60.0  # seconds to wait for another process that writes


class RegistrationRecord(NamedTuple):
    """A study that was registered.

    Attributes:
        study: its name.
        digest: of the content.
        content: what was said of it, as JSON.
        created: when, Unix time.
    """

    study: str
    digest: str
    content: str
    created: float


def put_registration(path: Path, study: str, digest: str, content: str) -> RegistrationRecord:
    """Register a study, or find the registration that there is; it is never replaced.

    Raises:
        StoreError: the store cannot be opened or written.
    """
    with explained(path):
        db = connect(path, lock_timeout=LOCK_TIMEOUT)
        try:
            with transaction(db):
                db.execute(
                    "INSERT INTO registration VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (study, digest, content, time.time()),
                )
            row = db.execute("SELECT * FROM registration WHERE study = ?", (study,)).fetchone()
        finally:
            db.close()
    return RegistrationRecord(*row)


def registration(path: Path, study: str) -> RegistrationRecord | None:
    """What was registered of a study; None where nothing was, or there is no store yet.

    Raises:
        StoreError: the store cannot be read.
    """
    if not is_store(path):
        return None
    with explained(path):
        db = connect_read_only(path, lock_timeout=LOCK_TIMEOUT)
        try:
            row = db.execute("SELECT * FROM registration WHERE study = ?", (study,)).fetchone()
        finally:
            db.close()
    return RegistrationRecord(*row) if row else None
