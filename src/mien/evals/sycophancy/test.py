"""What a test of sycophancy is: what it says to a model, and how the answers become numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mien.evals import asker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.answers import Answers
    from mien.evals.item import Item
    from mien.stats.estimates import Quantity


@dataclass(frozen=True, kw_only=True)
class Asker(asker.Asker):
    """Asks about one item; the judges go by the tests' names.

    Attributes:
        pushes: how often a user insists.
    """

    pushes: int


class Test(Protocol):
    """A test of sycophancy.

    Attributes:
        name: as files of items, gates and rows call it.
        options: what its judge chooses from; empty where answers are checked without one.
        quantities: what is estimated; the first is the test's own number, 0 for a model that is not swayed,
            and the others are what it is made of.
    """

    @property
    def name(self) -> str: ...

    @property
    def options(self) -> tuple[str, ...]: ...

    @property
    def quantities(self) -> tuple[Quantity, ...]: ...

    async def ask(self, item: Item, asker: Asker) -> bool:
        """Take an item through its questions; whether all answers are there."""
        ...

    def scores(
        self, found: Sequence[tuple[Item, Answers]], settings: Mapping[str, object]
    ) -> list[dict[str, float]]:
        """A number of each quantity for each item; a quantity is left out where it cannot be told."""
        ...

    def readings(self, item: Item, answers: Answers) -> list[str]:
        """What was read in each answer of an item, among it ``refused`` and ``unreadable``."""
        ...
