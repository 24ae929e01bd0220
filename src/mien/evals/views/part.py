"""What a part of the breadth of views is: what it says to a model, and how the answers become numbers."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mien.evals.answers import Answers
    from mien.evals.asker import Asker
    from mien.evals.item import Item
    from mien.evals.views.questions import Question
    from mien.stats.estimates import Quantity


class Part(Protocol):
    """A part of the breadth of views.

    Attributes:
        name: as options and rows call it.
        reads: what its judge is asked of answers, by name (`mien.evals.views.readings.OPTIONS`).
        heads: names of the quantities that are a matter of every diff; the others are what they are made of.
        quantities: what is estimated.
        ratios: which of them are ratios of means, and of which columns, above and below.
    """

    @property
    def name(self) -> str: ...

    @property
    def reads(self) -> tuple[str, ...]: ...

    @property
    def heads(self) -> tuple[str, ...]: ...

    @property
    def quantities(self) -> tuple[Quantity, ...]: ...

    @property
    def ratios(self) -> Mapping[str, tuple[str, str]]: ...

    def items(self, question: Question) -> tuple[Item, ...]:
        """What is asked of a question; nothing where it lacks what is needed."""
        ...

    def told(self, items: Sequence[Item]) -> tuple[Quantity, ...]:
        """The quantities that these items are to tell."""
        ...

    async def ask(self, item: Item, asker: Asker) -> bool:
        """Take an item through its questions; whether all answers are there."""
        ...

    def rows(self, found: Sequence[tuple[Item, Answers]]) -> list[dict[str, Any]]:
        """Numbers by column, with the question under ``prompt_id``; what cannot be told is left out."""
        ...

    def readings(self, item: Item, answers: Answers) -> list[str]:
        """What was read in each answer of an item, among it ``refused`` and ``unreadable``."""
        ...


def common_square(leans: Iterable[float]) -> float | None:
    """The square of what some leans have in common, without bias; None where fewer than two are known.

    The mean of their products two by two, ((Σx)² − Σx²)/(k (k − 1)): chance, which is another each time, has
    no part in it, while in the mean of |x| or x² it would look like a lean.
    """
    some = [one for one in leans if isfinite(one)]
    if len(some) < 2:
        return None
    total = sum(some)
    return (total**2 - sum(one**2 for one in some)) / (len(some) * (len(some) - 1))
