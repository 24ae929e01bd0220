"""Which pairs of options are taken for one another, from trials whose right reading is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import scipy.special

from mien.stats.distributions import beta_ppf

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mien.types import Floats, Ints


STRENGTH_BOUNDS: Final = (np.log(1e-2), np.log(1e4))  # of the prior, in trials


class Confusions(NamedTuple):
    """Pairs of items that stood together, and how often one was read for the other.

    Attributes:
        pairs: (P, 2) items, the smaller first.
        confused: (P,) trials in which one of the pair was told and the other read.
        n: (P,) trials in which one of the pair was told and the other was a foil.
        rate: (P,) confused over n, drawn towards the mean of all pairs.
        low: (P,) lower end of the rate's interval.
        high: (P,) upper end.
    """

    pairs: Ints
    confused: Ints
    n: Ints
    rate: Floats
    low: Floats
    high: Floats


def confusions(
    options: ArrayLike, read: ArrayLike, n_items: int, *, confidence_level: float = 0.95
) -> Confusions:
    """Count confusions by pair, and pool them: a pair has too few trials to speak for itself.

    Rates of pairs are taken to be Beta(s·m, s·(1 − m)), with m the mean over all trials and s what maximises
    the beta-binomial likelihood of the counts: parametric empirical Bayes (Morris 1983, J. Am. Statist. Ass.
    78, 47–55). ``rate`` is the posterior mean (confused + s·m)/(n + s), the interval the middle of the
    posterior. Trials count as independent, and m and s as known. Where all trials are confused, or none is,
    no pair can be told from another, and intervals go from 0 to 1.

    Args:
        options: (T, K) items shown; the first is the one told.
        read: (T,) position of the option read, 0 … K−1; negative where none was.
        n_items: number of items.
        confidence_level: of the intervals.
    """
    shown, verdict = np.asarray(options, dtype=np.int64), np.asarray(read, dtype=np.int64)
    told, foils = shown[:, [0]], shown[:, 1:]
    keys = np.minimum(told, foils) * n_items + np.maximum(told, foils)
    places: Ints = np.arange(1, shown.shape[1], dtype=np.int64)
    mistaken = np.equal.outer(verdict, places)
    found, index = np.unique(keys, return_inverse=True)
    index = index.reshape(keys.shape)
    n = np.bincount(index.ravel(), minlength=len(found))
    confused = np.bincount(index[mistaken], minlength=len(found))
    pairs = np.stack([found // n_items, found % n_items], axis=1)
    total = int(confused.sum())
    if total in (0, int(n.sum())):
        rate = np.full(len(found), float(total > 0))
        return Confusions(pairs, confused, n, rate, np.zeros(len(found)), np.ones(len(found)))
    mean = total / float(n.sum())
    strength = prior_strength(confused, n, mean)
    a, b = confused + strength * mean, n - confused + strength * (1 - mean)
    tail = (1 - confidence_level) / 2
    low, high = beta_ppf(tail, a, b), beta_ppf(1 - tail, a, b)
    return Confusions(pairs, confused, n, a / (a + b), low, high)


def prior_strength(confused: Ints, n: Ints, mean: float) -> float:
    """How many trials a beta prior with this mean is worth, by the beta-binomial likelihood of the counts."""
    import scipy.optimize

    def loss(log_strength: float) -> float:
        return -log_likelihood(confused, n, mean, float(np.exp(log_strength)))

    found = scipy.optimize.minimize_scalar(loss, bounds=STRENGTH_BOUNDS, method="bounded")
    return float(np.exp(found.x))


def log_likelihood(confused: Ints, n: Ints, mean: float, strength: float) -> float:
    """Beta-binomial, of the counts, but for a constant."""
    a, b = strength * mean, strength * (1 - mean)
    before = np.asarray(scipy.special.betaln(a, b), dtype=np.float64)
    after = np.asarray(scipy.special.betaln(confused + a, n - confused + b), dtype=np.float64)
    return float(np.sum(after - before))
