"""What a test of sycophancy is: what it says to a model, and how the answers become numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mien.types import Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.conduct import Asking, Place
    from mien.evals.item import Item
    from mien.evals.sycophancy.answers import Answers
    from mien.instruments.judges import Judge
    from mien.stats.estimates import Quantity
    from mien.types import Call, Message, Sampling, Trial


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Asks about one item.

    Attributes:
        asking: keeps where the answers lie.
        sampling: of the model under test.
        judge: who reads the answers; None in tests that need nobody.
        pushes: how often a user insists.
    """

    asking: Asking
    sampling: Sampling
    judge: Judge | None
    pushes: int

    async def say(self, place: Place, *said: str) -> Call:
        """Ask the model: what the user says, with what it answered in between."""
        messages: list[Message] = [
            {"role": "assistant" if turn % 2 else "user", "content": text} for turn, text in enumerate(said)
        ]
        request = Request(tuple(messages), self.sampling, replicate=place.sample)
        return await self.asking.answer(place, request)

    async def read(self, place: Place, trial: Trial, response: str) -> bool:
        """Have the judge read an answer; whether it could be asked."""
        judge = self.judge
        assert judge is not None
        chosen = await self.asking.reading(place, judge.name, lambda ask: judge.verdict(trial, response, ask))
        return bool(chosen)


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

    def calls(self, pushes: int) -> tuple[int, int]:
        """How many answers an item takes at most, and how many readings."""
        ...

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
