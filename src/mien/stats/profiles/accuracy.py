"""How often a judge reads the trait that the model was told to take, and which traits it confuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from mien.stats.choice.confusions import confusions
from mien.stats.comparisons import NEITHER_CODE
from mien.stats.proportions import proportion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.stats.comparisons import Comparisons


class Share(TypedDict):
    """A share of n trials with its interval."""

    accuracy: float
    low: float
    high: float
    n: int


class TraitShare(Share):
    """`Share` of one trait's trials."""

    trait: str


class PairShare(TypedDict):
    """How often one of a pair was read for the other; see `mien.stats.choice.confusions`."""

    pair: list[str]
    confused: int
    n: int
    rate: float
    low: float
    high: float


class Accuracy(Share):
    """How often the judge read the trait that the model was told to take.

    ``traits`` go from worst to best, ``pairs`` (those confused at least once) from the most confusable.
    """

    traits: list[TraitShare]
    pairs: list[PairShare]


def accuracy(comparisons: Comparisons, confidence_level: float) -> Accuracy:
    """The share of right readings among the verdicts that name an option or ``neither``.

    Refusals and unreadable verdicts say nothing about whether the trait could be told.
    """
    read = comparisons.chosen >= NEITHER_CODE
    told, cluster = comparisons.options[read, 0], comparisons.cluster[read]
    right = comparisons.chosen[read] == 0

    def share(of: NDArray[np.bool_]) -> Share:
        found = proportion(right[of], clusters=cluster[of], confidence_level=confidence_level)
        return Share(accuracy=found.share, low=found.low, high=found.high, n=found.n)

    traits = [
        TraitShare(trait=name, **share(told == i)) for i, name in enumerate(comparisons.traits) if i in told
    ]
    traits.sort(key=lambda row: row["accuracy"])
    pairs = _pairs(comparisons, read, confidence_level)
    return Accuracy(**share(np.ones_like(right)), traits=traits, pairs=pairs)


def _pairs(comparisons: Comparisons, read: NDArray[np.bool_], confidence_level: float) -> list[PairShare]:
    names = comparisons.traits
    found = confusions(
        comparisons.options[read], comparisons.chosen[read], len(names), confidence_level=confidence_level
    )
    seen = np.flatnonzero(found.confused)
    return [
        PairShare(
            pair=[names[item] for item in found.pairs[i]],
            confused=int(found.confused[i]),
            n=int(found.n[i]),
            rate=float(found.rate[i]),
            low=float(found.low[i]),
            high=float(found.high[i]),
        )
        for i in seen[np.argsort(-found.rate[seen], kind="stable")]
    ]
