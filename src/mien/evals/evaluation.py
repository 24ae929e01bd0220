"""An evaluation that a store holds."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from mien.evals.item import Item
from mien.runs.run import store_path
from mien.stats.estimates.circumstances import Circumstances
from mien.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mien.store.records import Answered, EvaluationRecord


class Evaluation:
    """An evaluation in a store: its items, and what was answered.

    Args:
        name: of the evaluation.
        store: the store's file; default: ``MIEN_STORE`` or ``mien.db``.

    Raises:
        UnknownName: there is none of this name.
        StoreError: the store cannot be read.
    """

    def __init__(self, name: str, store: str | Path | None = None) -> None:
        self.name, self.path = name, store_path(store)
        with Store(self.path, read_only=True) as opened:
            self.record: EvaluationRecord = opened.evaluations.named(name)

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """What its answers depend on beside model, judge and items."""
        return msgspec.json.decode(self.record.settings, type=dict[str, Any])

    @cached_property
    def items(self) -> dict[str, Item]:
        """Its items by their keys, in order."""
        with Store(self.path, read_only=True) as store:
            return {one.key: Item.read(one) for one in store.evaluations.items(self.record.id)}

    @cached_property
    def done(self) -> set[str]:
        """Keys of the items whose answers are all there."""
        with Store(self.path, read_only=True) as store:
            return store.evaluations.done(self.record.id)

    def answers(self) -> dict[str, list[Answered]]:
        """What was answered, by the item's key; of items of which nothing was asked yet, nothing."""
        found: dict[str, list[Answered]] = {key: [] for key in self.items}
        with Store(self.path, read_only=True) as store:
            for answer in store.evaluations.answers(self.record.id):
                found[answer.place.item].append(answer)
        return found

    @property
    def made(self) -> Circumstances:
        """Under what circumstances: how many items lack answers, who judged, and with what settings."""
        told = {name: _short(value) for name, value in self.settings.items()}
        return Circumstances(
            designed=self.record.items,
            missing=self.record.items - self.record.done,
            unit="item",
            ways={"judges": self.record.judge} if self.record.judge else {},
            settings=told,
        )


def evaluations(store: str | Path | None = None, kind: str = "") -> list[Evaluation]:
    """All evaluations of a store, or those of a kind, oldest first."""
    path = store_path(store)
    with Store(path, read_only=True) as opened:
        names = [record.name for record in opened.evaluations.all(kind)]
    return [Evaluation(name, path) for name in names]


def _short(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
