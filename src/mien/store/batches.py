"""Batches of requests at providers: in the store before they are sent, and until their answers are.

A batch is ``planned`` once its requests are committed, ``sending`` from just before the provider is asked to
make it, ``sent`` once the provider's name for it is known, and ``collected`` once its answers are calls like
any others. Its requests are kept until then: while they are, no other batch holds one of them.
"""

from __future__ import annotations

import time
import uuid
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mien.store.schema import explained, transaction
from mien.types import BatchRequest

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from pathlib import Path

State = Literal["planned", "sending", "sent", "collected"]

_COLUMNS = ("name", "spec", "state", "remote", "found", "outcome", "requests", "answered", "created", "sent")
_REQUEST = "SELECT key, replicate, body, adapted FROM batch_call WHERE batch = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """A batch as the store knows it.

    Attributes:
        name: its name here, and at a provider that lets batches be named.
        spec: the model, as the user named it.
        state: how far it is.
        remote: the provider's name for it; empty where that is not known.
        found: 1 where that was told by the provider's list, and not by the answer to its making; else 0.
        outcome: in what it ended, once it is collected: ``completed``, ``expired``, ``cancelled``,
            ``failed``, ``lost``.
        requests: how many it holds.
        answered: how many calls it has brought an answer to.
        created: when it was committed, Unix time.
        sent: when it was about to be made at the provider, Unix time; 0 before.
    """

    name: str
    spec: str
    state: State
    remote: str
    found: int
    outcome: str
    requests: int
    answered: int
    created: float
    sent: float

    def __str__(self) -> str:
        return self.remote or self.name


class Batches:
    """The batches of an open store. What is done here is committed once it returns.

    Args:
        db: the store's connection.
        path: the store's file.
    """

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path

    def all(self) -> list[BatchRecord]:
        """Every batch, oldest first."""
        with explained(self._path):
            rows = self._db.execute(f"SELECT {', '.join(_COLUMNS)} FROM batch ORDER BY created, name")
            return [BatchRecord(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]

    def open(self) -> list[BatchRecord]:
        """Those that are not collected, oldest first."""
        return [batch for batch in self.all() if batch.state != "collected"]

    def get(self, name: str) -> BatchRecord | None:
        """The one of this name; None where there is none."""
        return next((batch for batch in self.all() if batch.name == name), None)

    def add(self, spec: str, requests: Iterable[BatchRequest]) -> BatchRecord | None:
        """Commit a batch that is to be sent.

        Args:
            spec: the model.
            requests: what it is to hold; those that another batch holds already are left out.

        Returns:
            None where nothing is left.
        """
        name, now = f"mien-{uuid.uuid4().hex[:20]}", time.time()
        rows = (
            (request.key, name, request.replicate, zlib.compress(request.body, 1), request.adapted)
            for request in requests
        )
        with explained(self._path), transaction(self._db):
            self._db.execute(
                "INSERT INTO batch (name, spec, state, requests, created) VALUES (?, ?, 'planned', 0, ?)",
                (name, spec, now),
            )
            self._db.executemany("INSERT OR IGNORE INTO batch_call VALUES (?, ?, ?, ?, ?)", rows)
            self._count(name)
        return self.get(name)

    def awaited(self, *states: State) -> dict[str, str]:
        """Keys of the calls that batches in these states hold, each with its batch's name."""
        marks = ", ".join("?" * len(states))
        query = f"""
            SELECT c.key, c.batch FROM batch_call c JOIN batch b ON b.name = c.batch
            WHERE b.state IN ({marks})
            """
        with explained(self._path):
            return dict(self._db.execute(query, states))

    def requests(self, name: str) -> Iterator[BatchRequest]:
        """What a batch holds, in the order in which it was committed."""
        with explained(self._path):
            for row in self._db.execute(f"{_REQUEST} ORDER BY rowid", (name,)):
                yield _request(row)

    def request(self, name: str, key: str) -> BatchRequest | None:
        """One of them, by its key; None where the batch does not hold it."""
        with explained(self._path):
            row = self._db.execute(f"{_REQUEST} AND key = ?", (name, key)).fetchone()
        return row and _request(row)

    def keep(self, name: str, most: int) -> None:
        """Take away what a batch that is not sent holds beyond so many requests; of 0, the batch itself."""
        with explained(self._path), transaction(self._db):
            self._db.execute(
                "DELETE FROM batch_call WHERE batch = ?1 AND rowid NOT IN "
                "(SELECT rowid FROM batch_call WHERE batch = ?1 ORDER BY rowid LIMIT ?2)",
                (name, most),
            )
            self._count(name)

    def begin_sending(self, name: str) -> None:
        """Note that the provider is about to be asked to make it."""
        self._set(name, "state = 'sending', sent = ?", time.time())

    def plan_again(self, name: str) -> None:
        """Note that it is known not to be at the provider."""
        self._set(name, "state = 'planned', remote = '', found = 0, sent = 0")

    def sent(self, name: str, remote: str, *, found: bool = False) -> None:
        """Note the provider's name for it."""
        self._set(name, "state = 'sent', remote = ?, found = ?", remote, found)

    def collected(self, name: str, outcome: str, answered: int) -> None:
        """Note that all that it brought is in the store; its requests are free for other batches."""
        with explained(self._path), transaction(self._db):
            self._db.execute(
                "UPDATE batch SET state = 'collected', outcome = ?, answered = ? WHERE name = ?",
                (outcome, answered, name),
            )
            self._db.execute("DELETE FROM batch_call WHERE batch = ?", (name,))

    def _set(self, name: str, change: str, *values: object) -> None:
        with explained(self._path):
            self._db.execute(f"UPDATE batch SET {change} WHERE name = ?", (*values, name))

    def _count(self, name: str) -> None:
        self._db.execute(
            "UPDATE batch SET requests = (SELECT count(*) FROM batch_call WHERE batch = ?1) WHERE name = ?1",
            (name,),
        )
        self._db.execute("DELETE FROM batch WHERE name = ? AND requests = 0", (name,))


def _request(row: tuple[str, int, bytes, str]) -> BatchRequest:
    key, replicate, body, adapted = row
    return BatchRequest(key=key, replicate=replicate, body=zlib.decompress(body), adapted=adapted)
