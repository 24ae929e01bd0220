"""The rank of one item among n, with an interval from the covariance of all scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mien.stats.estimates.simultaneous import draws

if TYPE_CHECKING:
    from mien.types import Floats


N_DRAWS = 4000
FLAT = 1e6  # how many times wider a prior is that tells nothing


class Rank(NamedTuple):
    """A rank, 1 for the highest score, and the ends of its interval."""

    rank: int
    low: int
    high: int


def rank(
    scores: Floats,
    covariance: Floats,
    item: int,
    *,
    df: float,
    confidence_level: float = 0.95,
    n_draws: int = N_DRAWS,
    seed: int = 0,
) -> Rank:
    """Rank an item, and say between which ranks it lies.

    The interval holds the middle of the ranks that the item takes in draws from the joint law of the scores
    given the estimates (after Laird and Louis 1989, J. Educational Statistics 14, 29–46). The other items'
    scores have a normal prior whose variance is that of the estimates less noise: as they are, the estimates
    lie too far apart, and an item at the top would have too many above it. The item's own prior is flat, for
    it would else be drawn to the middle. Draws are multivariate t, for the covariance is an estimate, too.

    Args:
        scores: (n,) estimates.
        covariance: (n, n) of ``scores``; may be singular.
        item: index of the item.
        df: degrees of freedom of ``covariance``.
        confidence_level: of the interval.
        n_draws: draws to take.
        seed: of the draws.
    """
    mean, spread = _posterior(scores, covariance, item)
    drawn = mean + draws(spread, df, n_draws, seed=seed)
    taken = 1 + np.count_nonzero(drawn > drawn[:, [item]], axis=1)
    tail = (1 - confidence_level) / 2
    low, high = np.quantile(taken, [tail, 1 - tail], method="inverted_cdf").tolist()
    return Rank(1 + int(np.count_nonzero(scores > scores[item])), int(low), int(high))


def _posterior(scores: Floats, covariance: Floats, item: int) -> tuple[Floats, Floats]:
    """Mean (n,) and covariance (n, n) of the scores given their estimates; see `rank`."""
    noise = float(np.mean(np.diag(covariance)))
    if noise == 0:
        return scores, covariance
    prior = np.full(len(scores), max(float(np.var(scores, ddof=1)) - noise, 0.01 * noise))
    prior[item] *= FLAT
    gain = prior[:, None] * np.linalg.inv(np.diag(prior) + covariance)
    spread = gain @ covariance
    return gain @ scores, (spread + spread.T) / 2
