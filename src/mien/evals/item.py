"""What an evaluation asks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from mien.store.records import ItemRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, kw_only=True)
class Item:
    """What is said to a model, and what is checked in its answer.

    Attributes:
        test: which of an evaluation's tests it belongs to.
        id: unique within the test.
        content: all that what is said and what is checked depend on; JSON can hold it.
        cluster: items that hang together share it; default: the item alone.
    """

    test: str
    id: str
    content: Mapping[str, Any]
    cluster: str = ""

    @cached_property
    def record(self) -> ItemRecord:
        """As a store keeps it. Items of one key ask the same."""
        content = msgspec.json.encode(self.content, order="sorted").decode()
        members = (self.test, self.id, self.cluster or self.id, content)
        key = blake2b(msgspec.json.encode(members), digest_size=12).hexdigest()
        return ItemRecord(key, *members)

    @property
    def key(self) -> str:
        """Hash of all of it."""
        return self.record.key

    @classmethod
    def read(cls, record: ItemRecord) -> Item:
        """The item that a store kept."""
        return cls(test=record.test, id=record.id, content=_decode(record.content), cluster=record.cluster)
