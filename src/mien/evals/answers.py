"""What was answered to an item, by where it was asked, and what became of the answers to many."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Self

from mien.evals.conduct import Place
from mien.types import REFUSED, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mien.store.records import Answered

#: What a reading is that says nothing of what was looked for.
UNTOLD = ("", REFUSED, UNREADABLE)


class Answers:
    """The answers to an item.

    Args:
        found: as the store gives them.
    """

    def __init__(self, found: Sequence[Answered]) -> None:
        self._own: dict[Place, Answered] = {}
        self._read: dict[Place, Answered] = {}
        for one in found:
            place = Place(one.place.condition, one.place.turn, one.place.sample)
            (self._read if one.place.reader else self._own)[place] = one

    def own(self, place: Place) -> Answered | None:
        """The model's own answer; None where there is none."""
        found = self._own.get(place)
        return None if found is None or found.failure else found

    def read(self, place: Place) -> str:
        """What the judge chose; empty where it has not, or failed."""
        found = self._read.get(place)
        return "" if found is None or found.failure else found.place.chosen

    @property
    def cut_off(self) -> int:
        """How many of the model's answers the limit on their length cut off."""
        return sum(one.finish_reason == "length" for one in self._own.values())

    @property
    def n(self) -> int:
        """How many answers of the model there are."""
        return sum(not one.failure for one in self._own.values())


class Readings(NamedTuple):
    """What became of the answers to some items.

    Attributes:
        items: how many there are.
        done: of these, those whose answers are all there.
        read: readings that tell something.
        refused: readings of answers that declined.
        unreadable: readings that tell nothing.
        cut_off: answers that the limit on their length cut off.
    """

    items: int
    done: int
    read: int
    refused: int
    unreadable: int
    cut_off: int

    @classmethod
    def of(cls, read: Iterable[str], answers: Sequence[Answers], *, done: int) -> Self:
        """Counted: what was read, in the answers to each item."""
        counts = Counter(read)
        return cls(
            items=len(answers),
            done=done,
            read=sum(n for what, n in counts.items() if what not in UNTOLD),
            refused=counts[REFUSED],
            unreadable=counts[UNREADABLE],
            cut_off=sum(one.cut_off for one in answers),
        )
