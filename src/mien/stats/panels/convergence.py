"""How far models agree on a trait's rank, by tier, and how far noise alone would keep them apart."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypedDict

import numpy as np

from mien.stats.correlation import ranks

if TYPE_CHECKING:
    from mien.types import Floats


#: Where the published tiers of 144 traits end: top 20, 21–50, 51–100, and the rest.
TIERS: Final = (20 / 144, 50 / 144, 100 / 144, 1.0)


class Tier(TypedDict):
    """Traits from one consensus rank to another, and the mean spread of their ranks over models.

    ``spread`` is the mean standard deviation as it shows, ``noise`` what errors of measurement alone would
    give, ``corrected`` the spread without them.
    """

    first: int
    last: int
    spread: float
    noise: float
    corrected: float


def convergence(scores: Floats, errors: Floats) -> list[Tier]:
    """The published table, mean standard deviation of ranks by tier, beside its noise floor.

    Traits stand in the order of their mean rank; the standard deviation of a trait's rank is that over
    models, with R − 1 in the denominator. The floor is the same figure for R models that share one true
    character, each measured with its own errors: draws around the mean scores, which are first shrunk by
    their own reliability, since errors make them lie too far apart. Variances of true differences and of
    errors add up, so that the corrected figure is √(spread² − noise²), at least 0: approximately, for ranks
    are bounded.

    Args:
        scores: (R, n), R ≥ 2.
        errors: (D, R, n) draws of the measurement errors.
    """
    n = scores.shape[1]
    mean = scores.mean(axis=0)
    shared = np.asarray(errors.mean(axis=1), dtype=np.float64)
    error = float(np.mean(shared**2))
    variance = float(np.var(mean, ddof=1))
    truth = mean * np.sqrt(max(1 - error / variance, 0.0)) if variance else mean
    seen = _by_consensus(scores)
    floor = np.array([_by_consensus(truth + drawn) for drawn in errors]).mean(axis=0)
    ends = [0, *(max(round(share * n), 1) for share in TIERS)]
    tiers: list[Tier] = []
    for first, last in pairwise(ends):
        if last <= first:
            continue
        spread, noise = float(seen[first:last].mean()), float(floor[first:last].mean())
        corrected = float(np.sqrt(max(spread**2 - noise**2, 0.0)))
        tiers.append(Tier(first=first + 1, last=last, spread=spread, noise=noise, corrected=corrected))
    return tiers


def _by_consensus(scores: Floats) -> Floats:
    """(n,) standard deviation over models of each trait's rank, in the order of the mean rank."""
    places = ranks(-scores)
    order = np.argsort(places.mean(axis=0), kind="stable")
    return np.asarray(places.std(axis=0, ddof=1)[order], dtype=np.float64)
