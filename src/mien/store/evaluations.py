"""Evaluations: what models were asked beside runs, item by item, and where the answers lie."""

from __future__ import annotations

import time
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from mien.errors import UnknownName
from mien.store.records import Answered, Asked, EvaluationInfo, EvaluationRecord, ItemRecord
from mien.store.schema import explained, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_INFO = tuple(f.name for f in fields(EvaluationInfo))
_COLUMNS = (*_INFO, "id", "created")
_PUT_EVALUATION = f"""
    INSERT INTO evaluation ({", ".join(_INFO)}, created) VALUES ({"?, " * len(_INFO)}?)
    ON CONFLICT (name) DO UPDATE SET settings = excluded.settings
"""
_EVALUATIONS = f"""
    SELECT {", ".join(f"e.{c}" for c in _COLUMNS)}, count(i.item), coalesce(sum(i.done), 0)
    FROM evaluation e LEFT JOIN evaluation_item i ON i.evaluation = e.id
"""
_PUT_ITEM = "INSERT INTO item (key, test, id, cluster, content) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_ADD_ITEM = """
    INSERT INTO evaluation_item (evaluation, item, number) VALUES (?, ?, ?)
    ON CONFLICT (evaluation, item) DO UPDATE SET number = excluded.number
"""
_UNDO = """
    UPDATE evaluation_item SET done = 0
    WHERE evaluation = (SELECT id FROM evaluation WHERE name = ? AND settings <> ?)
"""
_ANSWERS = """
    SELECT a.evaluation, a.item, a.condition, a.turn, a.sample, a.reader, a.call, a.chosen,
           c.text, c.finish_reason, c.failure
    FROM evaluation_item i JOIN asked a ON a.evaluation = i.evaluation AND a.item = i.item
         JOIN call c ON c.key = a.call
    WHERE i.evaluation = ? ORDER BY i.number, a.reader, a.condition, a.turn, a.sample
"""


class Evaluations:
    """The evaluations of an open store; `mien.store.store.Store.evaluations` makes one.

    Args:
        db: the store's connection.
        path: its file, which errors name.
        put: queues what is written in the order of the calls.
    """

    def __init__(
        self, db: sqlite3.Connection, path: Path, put: Callable[[Asked | tuple[int, str]], None]
    ) -> None:
        self._db, self.path, self._put = db, path, put

    def all(self, kind: str = "") -> list[EvaluationRecord]:
        """All evaluations, or those of a kind, oldest first."""
        rows = self._select(f"{_EVALUATIONS} WHERE ?1 IN ('', e.kind) GROUP BY e.id ORDER BY e.id", kind)
        return [_record(row) for row in rows]

    def named(self, name: str) -> EvaluationRecord:
        """The evaluation of this name.

        Raises:
            UnknownName: there is none; the message names the nearest.
        """
        rows = self._select(f"{_EVALUATIONS} WHERE e.name = ? GROUP BY e.id", name)
        if not rows:
            known = [known for (known,) in self._select("SELECT name FROM evaluation")]
            raise UnknownName("evaluation", name, known)
        return _record(rows[0])

    def add(self, info: EvaluationInfo, items: Iterable[ItemRecord]) -> EvaluationRecord:
        """Make an evaluation with its items; or give one that is there other settings and more items.

        Whether an existing evaluation may be taken further is for the caller to decide. Under other settings
        none of its items counts as done before it has been gone through again.
        """
        with explained(self.path), transaction(self._db):
            self._db.execute(_UNDO, (info.name, info.settings))
            self._db.execute(_PUT_EVALUATION, (*(getattr(info, name) for name in _INFO), time.time()))
            evaluation = self.named(info.name)
            for number, item in enumerate(items):
                self._db.execute(_PUT_ITEM, item)
                self._db.execute(_ADD_ITEM, (evaluation.id, item.key, number))
        return self.named(info.name)

    def delete(self, name: str) -> None:
        """Delete an evaluation. Calls and items stay: facts, and paid for."""
        with explained(self.path), transaction(self._db):
            self._db.execute("DELETE FROM evaluation WHERE id = ?", (self.named(name).id,))

    def put_asked(self, asked: Asked) -> None:
        """Queue where an answer lies; it takes the place of an earlier one."""
        self._put(asked)

    def put_done(self, evaluation: int, item: str) -> None:
        """Queue that all answers of an item are there."""
        self._put((evaluation, item))

    def items(self, evaluation: int) -> list[ItemRecord]:
        """An evaluation's items, in order."""
        query = """
            SELECT m.key, m.test, m.id, m.cluster, m.content
            FROM evaluation_item i JOIN item m ON m.key = i.item WHERE i.evaluation = ? ORDER BY i.number
            """
        return [ItemRecord(*row) for row in self._each(query, evaluation)]

    def done(self, evaluation: int) -> set[str]:
        """Keys of the items whose answers are all there."""
        query = "SELECT item FROM evaluation_item WHERE evaluation = ? AND done"
        return {key for (key,) in self._each(query, evaluation)}

    def answers(self, evaluation: int) -> Iterator[Answered]:
        """What was asked, item by item; of each item first the model's own answers, then what read them."""
        for row in self._each(_ANSWERS, evaluation):
            yield Answered(Asked(*row[:8]), *row[8:])

    def _each(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        with explained(self.path):
            # Not `yield from`: it would close the cursor, which fails once the store is closed.
            for row in self._db.execute(query, values):  # noqa: UP028
                yield row

    def _select(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return list(self._each(query, *values))


def _record(row: tuple[Any, ...]) -> EvaluationRecord:
    return EvaluationRecord(**dict(zip((*_COLUMNS, "items", "done"), row, strict=True)))
