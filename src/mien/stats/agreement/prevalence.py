"""The share that a judge who errs would have found without erring."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mien.stats.agreement.kappa import Kappa, cohen_kappa
from mien.stats.distributions import norm_ppf
from mien.stats.proportions import Proportion, proportion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Found(NamedTuple):
    """A share of hits, some of them found by a judge.

    Attributes:
        share: of hits.
        n: independent observations that it rests on, or as good as.
        read: share of all that the judge read; the rest is known without error.
        settled: share of all that are hits without the judge.
    """

    share: float
    n: float
    read: float = 1.0
    settled: float = 0.0


class Corrected(NamedTuple):
    """A share as it would be without a judge's errors, with its interval."""

    share: float
    low: float
    high: float


class Acuity(NamedTuple):
    """How well a judge tells hits from misses, on cases whose truth is known.

    Attributes:
        sensitivity: share of true hits that it calls hits.
        specificity: share of true misses that it calls misses.
        kappa: agreement with the truth beyond chance.
        sensitivity_spread: variance of the sensitivity from group to group of cases, beyond chance.
        specificity_spread: of the specificity.
    """

    sensitivity: Proportion
    specificity: Proportion
    kappa: Kappa
    sensitivity_spread: float = 0.0
    specificity_spread: float = 0.0

    @property
    def power(self) -> float:
        """Youden's index, sensitivity + specificity − 1: 1 of a perfect judge, 0 of one that guesses.

        A change of the true share shows as so much of its size.
        """
        return self.sensitivity.share + self.specificity.share - 1


def acuity(
    truth: Sequence[bool], found: Sequence[bool], groups: Sequence[str], *, confidence_level: float = 0.95
) -> Acuity | None:
    """How well a judge reads N cases; None where no hits are among them, or no misses.

    Args:
        truth: (N,) what each case is.
        found: (N,) what the judge called it.
        groups: (N,) what the cases are about.
        confidence_level: of the intervals.
    """
    true, named, labels = (np.asarray(each) for each in (truth, found, groups))
    hits, misses = np.asarray(true, dtype=np.bool_), ~np.asarray(true, dtype=np.bool_)
    if not hits.any() or not misses.any():
        return None
    right = true == named
    sensitivity, specificity = (
        proportion(right[side], confidence_level=confidence_level) for side in (hits, misses)
    )
    spreads = [_spread(right[side], labels[side]) for side in (hits, misses)]
    kappa = cohen_kappa(true, named, confidence_level=confidence_level)
    return Acuity(sensitivity, specificity, kappa, *spreads)


def corrected(
    found: Found, judge: Acuity, *, in_one_group: bool = False, confidence_level: float = 0.95
) -> Corrected | None:
    """What a share that a judge found would be without the judge's errors.

    With sensitivity s and specificity t the judge finds q = (1 − t) + (s + t − 1) θ of a true share θ, and so
    θ̂ = (q + t − 1)/(s + t − 1) (Rogan and Gladen 1978, American Journal of Epidemiology 107, 71–76). Where
    it reads a share w alone, and of the rest a share d of all are hits without it, q = d + (1 − t) w +
    (s + t − 1)(θ − d). The interval holds every θ for which what was found lies within its noise,

        (q̂ − q(θ))² ≤ z² {q(θ) (1 − q(θ))/n + (θ − d)² var ŝ + (d + w − θ)² var t̂}:

    Wilson's interval of a share, and Fieller's of a ratio, in one; that of what is settled without the judge
    is somewhat too wide. A share that errors alone would exceed, or fall short of, counts as what they come
    to: θ̂ lies between d and d + w.

    Args:
        found: what was found; its readings and the judge's cases are independent.
        judge: how well it reads.
        in_one_group: the share is that of one group, whose sensitivity and specificity may be other than
            those of all.
        confidence_level: of the interval.

    Returns:
        None where the judge is not known to read better than by chance: then every true share may show so.
    """
    power, d, w, n = judge.power, found.settled, found.read, found.n
    z = norm_ppf((1 + confidence_level) / 2) ** 2
    of_s, of_t = _variance(judge.sensitivity), _variance(judge.specificity)
    if power <= 0 or power**2 <= z * (of_s + of_t):
        return None
    if in_one_group:
        of_s, of_t = of_s + judge.sensitivity_spread, of_t + judge.specificity_spread
    at_none = d + w * (1 - judge.specificity.share) - power * d  # q(0)
    above = min(max(found.share - at_none, power * d), power * (d + w))
    # The condition as a θ² + b θ + c ≤ 0.
    a = power**2 + z * (power**2 / n - of_s - of_t)
    b = -2 * above * power - z * (power * (1 - 2 * at_none) / n - 2 * d * of_s - 2 * (d + w) * of_t)
    c = above**2 - z * (at_none * (1 - at_none) / n + d**2 * of_s + (d + w) ** 2 * of_t)
    value = above / power
    if a <= 0:
        return Corrected(value, 0.0, 1.0)
    root = float(np.sqrt(max(b**2 - 4 * a * c, 0.0)))
    low, high = (-b - root) / (2 * a), (-b + root) / (2 * a)
    return Corrected(value, min(max(low, 0.0), value), max(min(high, 1.0), value))


def _variance(found: Proportion) -> float:
    """Variance of a share, which is not 0 where all cases were alike.

    That of the share with two hits and two misses added (Agresti and Coull 1998, The American Statistician
    52, 119–126).
    """
    n = found.n + 4
    share = (found.share * found.n + 2) / n
    return share * (1 - share) / n


def _spread(right: NDArray[np.bool_], groups: NDArray[np.str_]) -> float:
    """Variance of groups' own shares beyond what chance makes of it, by the method of moments.

    Σ n_g (p_g − p)² is expected to be p(1 − p)(G − 1) + τ² {(N − Σ n_g²/N) − (G − 1)}; of one group, or where
    each has a single case, nothing is seen of it.
    """
    codes = np.unique(groups, return_inverse=True)[1]
    counts = np.bincount(codes).astype(np.float64)
    n, n_groups = float(counts.sum()), len(counts)
    room = (n - float(counts @ counts) / n) - (n_groups - 1)
    if room <= 0:
        return 0.0
    share = float(right.mean())
    own = np.bincount(codes, right) / counts
    between = float(counts @ (own - share) ** 2)
    return max((between - share * (1 - share) * (n_groups - 1)) / room, 0.0)
