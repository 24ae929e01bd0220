"""Whether two requirements are met by the same answers less often than chance would have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mien.types import Floats


class Together(NamedTuple):
    """How often two requirements are met at once.

    Attributes:
        both: answers that meet both.
        expected: of them, if neither requirement knew of the other, given how often each is met.
        p: the chance that so few, or fewer, meet both then.
        least: the smallest p that there could have been: above the level, nothing would show.
    """

    both: int
    expected: float
    p: float
    least: float


def met_together(n: ArrayLike, a: ArrayLike, b: ArrayLike, both: ArrayLike) -> Together:
    """Test whether answers that meet one requirement meet another less often than they would by chance.

    Given that ``a`` of the ``n`` answers to an item meet one and ``b`` the other, those that meet both follow
    the hypergeometric distribution if the two are met independently; their sum over items is what is tested,
    one-sided and exactly, as in the test of Mantel and Haenszel (1959, Journal of the National Cancer
    Institute 22, 719–748) by Birch (1964, Journal of the Royal Statistical Society B 26, 313–324). Items of
    which all or no answers meet one of them tell nothing, and that is right: a requirement that is never met
    contradicts none that can be told from these answers.

    Args:
        n: (I,) answers to each item, in which both requirements have a say.
        a: (I,) of them that meet the one.
        b: (I,) of them that meet the other.
        both: (I,) of them that meet both.

    Raises:
        ValueError: the numbers cannot be.
    """
    from scipy.stats import hypergeom

    total, one, other, met = (np.asarray(values, dtype=np.int64) for values in (n, a, b, both))
    fewest, most = np.maximum(one + other - total, 0), np.minimum(one, other)
    if np.any((met < fewest) | (met > most) | (one > total) | (other > total) | (met < 0)):
        raise ValueError("more answers meet both than meet each, or fewer than must")
    chances: Floats = np.ones(1)
    pmf: Any = hypergeom.pmf
    for size, first, second, low, high in zip(total, one, other, fewest, most, strict=True):
        ways: Floats = pmf(np.arange(low, high + 1), size, first, second)
        chances = np.convolve(chances, ways)
    seen = int(met.sum() - fewest.sum())
    expected = float(np.sum(np.where(total > 0, one * other / np.maximum(total, 1), 0.0)))
    below = np.cumsum(chances)
    p, least = (float(min(below[place], 1.0)) for place in (seen, 0))
    return Together(int(met.sum()), expected, p, least)
