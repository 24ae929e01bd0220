"""Clauses on which models differ more than each from itself: they may be ambiguous, or contradict others."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mien.stats.estimates import Lean, Quantity, means

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from mien.evals.spec.verdicts import Verdict

_LEAST = 2  # items


class Read(NamedTuple):
    """A verdict on an answer.

    Attributes:
        clause: that it was held against.
        item: the conversation.
        model: who answered.
    """

    clause: str
    item: str
    model: str
    verdict: Verdict


class Disagreement(NamedTuple):
    """How much oftener verdicts on two models' answers differ than on two answers of one model.

    Attributes:
        clause: of which.
        items: that tell of it.
        excess: the difference of the two shares, with the ends of its interval over items.
    """

    clause: str
    items: int
    excess: float
    low: float
    high: float

    @property
    def found(self) -> bool:
        """Whether the models differ for certain."""
        return self.low > 0


def disagreement(read: Iterable[Read], *, confidence_level: float = 0.95) -> list[Disagreement]:
    """Of each clause that two items tell of, the largest first.

    Of an item, with the share p of a model's n answers that meet the clause, two answers of the model differ
    with probability 2p(1 − p) n/(n − 1), without bias, and one of each of two with p + p′ − 2pp′. The second
    less the mean of the first is (p − p′)² without what chance makes of it: 0 on average where the models
    are alike.

    Args:
        read: all verdicts; of a model that has one answer to an item, the item tells nothing.
        confidence_level: of the intervals.
    """
    met: dict[str, dict[str, dict[str, list[bool]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for one in read:
        if one.verdict in {"meets", "breaks"}:
            met[one.clause][one.item][one.model].append(one.verdict == "meets")
    found: list[Disagreement] = []
    for clause, items in met.items():
        told = {item: _excess([np.array(of) for of in models.values()]) for item, models in items.items()}
        known = {item: value for item, value in told.items() if value is not None}
        if len(known) < _LEAST:
            continue
        table = {"prompt_id": list(known), clause: list(known.values())}
        estimates = means(table, [Quantity(clause, Lean())])
        (low,), (high,) = (ends.tolist() for ends in estimates.intervals(confidence_level))
        found.append(Disagreement(clause, len(known), float(estimates.values[0]), low, high))
    return sorted(found, key=lambda one: -one.excess)


def _excess(models: Sequence[NDArray[np.bool_]]) -> float | None:
    """Of one item; None where fewer than two models have two answers."""
    answered = [of for of in models if len(of) > 1]
    if len(answered) < 2:
        return None
    shares = [float(of.mean()) for of in answered]
    within = [2 * p * (1 - p) * len(of) / (len(of) - 1) for p, of in zip(shares, answered, strict=True)]
    between = [p + q - 2 * p * q for p, q in combinations(shares, 2)]
    return float(np.mean(between) - np.mean(within))
