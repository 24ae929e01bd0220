"""What the lengths of two answers tell of which is the chosen one, and pairs of which they tell nothing."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from mien.craft.data.queries import lot
from mien.stats.proportions import clustered_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.craft.data.recipes import Pair
    from mien.stats.proportions import Proportion

#: Width of the classes in which lengths are matched, as a natural log: 10 % in length.
CLASS: Final = math.log(1.1)

#: A share of pairs with the longer answer chosen whose interval lies outside is far from half.
NEAR_HALF: Final = (0.4, 0.6)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths of the answers of n pairs, in characters.

    Attributes:
        chosen: median of the chosen answers; ``rejected`` of the others.
        ratio: median of chosen over rejected in one pair.
        longer: share of pairs whose chosen answer is the longer one, equals counting half, with its interval.
    """

    chosen: float
    rejected: float
    ratio: float
    longer: Proportion

    @property
    def one_sided(self) -> bool:
        """Whether the share is surely far from half."""
        return self.longer.low > NEAR_HALF[1] or self.longer.high < NEAR_HALF[0]


def lengths(pairs: Sequence[Pair], *, confidence_level: float = 0.95) -> Lengths:
    """Compare the lengths of chosen and rejected answers; the interval is Wilson's (1927).

    Args:
        pairs: n pairs, at least one; no answer is empty.
        confidence_level: of the interval.

    Raises:
        ValueError: there are no pairs.
    """
    import numpy as np

    if not pairs:
        raise ValueError("lengths of no pairs")
    ratios = [len(pair.chosen) / len(pair.rejected) for pair in pairs]
    longer = np.array([0.5 if ratio == 1 else float(ratio > 1) for ratio in ratios])
    clusters = np.array([pair.query.id for pair in pairs], dtype=np.str_)
    return Lengths(
        median(len(pair.chosen) for pair in pairs),
        median(len(pair.rejected) for pair in pairs),
        median(ratios),
        clustered_share(longer, clusters, confidence_level=confidence_level),
    )


def match_lengths(pairs: Sequence[Pair], *, seed: int) -> list[Pair]:
    """Select pairs in which the longer answer is chosen as often as the shorter, at every difference.

    With d = log(chosen length / rejected length), pairs are put into classes of |d|, each `CLASS` wide, and
    of each class as many with d > 0 are kept as with d < 0, by a seeded lot; all with d = 0 are kept. So the
    distribution of d is symmetric but for what lies within a class, and nobody can tell by the lengths of two
    answers which is chosen: whatever is guessed from |d| is right half of the time. After the balanced data
    of Singhal, Goyal, Xu and Durrett (2023), who use classes of the difference instead of the ratio.

    Args:
        pairs: of which to select; they keep their order.
        seed: of the lot.
    """
    sides: defaultdict[int, tuple[list[Pair], list[Pair]]] = defaultdict(lambda: ([], []))
    kept: set[str] = set()
    for pair in pairs:
        difference = math.log(len(pair.chosen) / len(pair.rejected))
        if difference:
            sides[int(abs(difference) / CLASS)][difference > 0].append(pair)
        else:
            kept.add(pair.query.id)
    for shorter, longer in sides.values():
        most = min(len(shorter), len(longer))
        for side in (shorter, longer):
            by_lot = sorted(side, key=lambda pair: lot(seed, "lengths", pair.query.id))
            kept.update(pair.query.id for pair in by_lot[:most])
    return [pair for pair in pairs if pair.query.id in kept]
