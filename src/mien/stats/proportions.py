"""Shares of trials with their intervals, where trials of one cluster hang together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mien.stats.distributions import t_half_width

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mien.types import Floats


class Proportion(NamedTuple):
    """A share of n trials with its interval."""

    share: float
    low: float
    high: float
    n: int


def proportion(
    successes: ArrayLike, *, clusters: ArrayLike | None = None, confidence_level: float = 0.95
) -> Proportion:
    """A share with its interval from clustered trials.

    Wilson's interval (1927) at the effective sample size n / deff, with deff the ratio of the clustered
    variance to the binomial one (Korn and Graubard 1998, Survey Methodology 24, 193–201), never below what
    independent trials would give. For booleans that is 1. Scores s between 0 and 1, such as ½ for a tie, vary
    less: 1 − Σ s(1 − s)/(n + z²)/(share (1 − share)), the z² being successes and failures added in equal
    numbers, as Agresti and Coull (1998, The American Statistician 52, 119–126) add them.

    Args:
        successes: (T,) booleans, or scores between 0 and 1.
        clusters: (T,) labels; None makes every trial its own cluster.
        confidence_level: of the interval.

    Raises:
        ValueError: no trials.
    """
    hits = np.asarray(successes, dtype=np.float64)
    n = len(hits)
    if n == 0:
        raise ValueError("a share of no trials")
    share = float(hits.mean())
    codes = np.arange(n) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    n_clusters = int(codes.max()) + 1
    if n_clusters == 1:
        return Proportion(share, 0.0, 1.0, n)
    z = float(t_half_width(confidence_level, n_clusters - 1))
    binomial = share * (1 - share) / n
    effective = float(n)
    if binomial > 0:
        sums = np.bincount(codes, hits - share)
        clustered = n_clusters / (n_clusters - 1) * float(sums @ sums) / n**2
        independent = binomial - float(np.sum(hits * (1 - hits))) / (n * (n + z**2))
        effective = n * binomial / max(clustered, independent)
    centre = (share + z**2 / (2 * effective)) / (1 + z**2 / effective)
    margin = z / (1 + z**2 / effective) * np.sqrt(share * (1 - share) / effective + (z / effective) ** 2 / 4)
    return Proportion(share, max(float(centre - margin), 0.0), min(float(centre + margin), 1.0), n)


def clustered_share(scores: Floats, clusters: NDArray[np.str_], *, confidence_level: float) -> Proportion:
    """Mean of (T,) scores 0, ½ and 1 with its interval (`proportion`).

    Where all scores are alike, nothing tells how much clusters have in common: then each counts once.
    """
    if np.ptp(scores) > 0:
        return proportion(scores, clusters=clusters, confidence_level=confidence_level)
    once = np.unique(clusters, return_index=True)[1]
    found = proportion(scores[once], clusters=clusters[once], confidence_level=confidence_level)
    return found._replace(n=len(scores))
