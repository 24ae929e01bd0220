"""How long two runs, or samples, must be for their difference to show a change of one quantity."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import scipy

from mien.errors import UsageError
from mien.stats.profiles.elo import ELO_SCALE

if TYPE_CHECKING:
    from mien.stats.estimates import Estimates
    from mien.types import Floats

MAX_ROUNDS = 10_000_000
MAX_CHANGE = 2_000  # points: a choice in a hundred thousand


class Noise(NamedTuple):
    """Of one trait's change between two runs: standard error in points, and its degrees of freedom."""

    stderr: float
    df: float


class NoiseModel(Protocol):
    """How noisy a change (points, signed) of one trait is when the new run has so many rounds.

    Of other estimates: a change in the quantity's unit, and the length of the new sample.
    """

    def noise(self, rounds: float, change: float) -> Noise: ...


@dataclass(frozen=True, slots=True)
class Equal:
    """Two runs of n traits, K options a trial; all scores of the first are equal.

    A block of K equal options has the information (E − 11ᵀ/K)/K on their scores. Balanced blocks in which
    each trait appears R times add up to

        R (K − 1)/K² · n/(n − 1) · (E − 11ᵀ/n),

    so that var(θ̂) = K²/(R (K − 1)) · ((n − 1)/n)² for every trait. A fit of n scores to R n/K trials takes
    off R/(R − K) twice: the estimates vary so much more, and the covariance of `choice.fit` allows as much
    again for the residuals that they leave. The standard errors of fits lie about 4 % above this at 14
    rounds, and 2 % at 28 (144 traits in pairs). What a change adds is told in `Place`.
    """

    n_traits: int
    n_options: int

    def noise(self, rounds: float, change: float) -> Noise:
        """Infinite where there are no more trials than scores."""
        k, n = self.n_options, self.n_traits
        if rounds <= k:
            return Noise(math.inf, 1.0)
        variance = ELO_SCALE**2 * k**2 * rounds / ((rounds - k) ** 2 * (k - 1)) * ((n - 1) / n) ** 2
        place = Place(0.0, np.zeros(1), k)
        return _difference((variance, variance), (rounds, rounds), math.inf, place, change)


@dataclass(frozen=True, slots=True)
class Against:
    """A new run against one that exists and that goes on where the new one is longer.

    Attributes:
        stderr: of the trait's rating in the run that exists, points; it falls with the root of the rounds.
        rounds: of the run that exists.
        n_prompts: prompts of either run; those that show a trait cannot be more.
        place: of the trait in the run that exists.
    """

    stderr: float
    rounds: float
    n_prompts: int
    place: Place

    def noise(self, rounds: float, change: float) -> Noise:
        """The new run of ``rounds``, the other of as many or of those it has; errors independent."""
        lengths = (max(rounds, self.rounds), rounds)
        before, after = (self.stderr**2 * self.rounds / length for length in lengths)
        return _difference((before, after), lengths, self.n_prompts, self.place, change)


@dataclass(frozen=True, slots=True)
class Sampled:
    """A new sample against one that exists and that goes on where the new one is longer.

    Attributes:
        variance: of the estimate in the sample that exists; it falls with its length.
        length: of that sample.
        n_clusters: clusters in it that tell of the quantity.
        kurtosis: of the clusters' pulls, mean h⁴/(mean h²)².
    """

    variance: float
    length: float
    n_clusters: int
    kurtosis: float

    @classmethod
    def of(cls, estimates: Estimates, item: int) -> Sampled:
        """As one of n quantities was estimated."""
        share = estimates.jackknife.share(item)
        n, total = int(estimates.clusters_per_quantity[item]), max(float(share.sum()), sys.float_info.min)
        return cls(
            variance=float(estimates.covariance[item, item]),
            length=estimates.sample.length,
            n_clusters=n,
            kurtosis=max(n * float(share @ share) / total**2, 1.0),
        )

    def noise(self, rounds: float, change: float) -> Noise:
        """Errors independent: samples of the same prompts find a change no later than this says."""
        del change
        lengths = (max(rounds, self.length), rounds)
        variances = tuple(self.variance * self.length / length for length in lengths)
        clusters = tuple(max(self.n_clusters * length / self.length, 2.0) for length in lengths)
        return _noise(
            (variances[0], variances[1]), (clusters[0], clusters[1]), (self.kurtosis, self.kurtosis)
        )


class Place(NamedTuple):
    """One trait's score, the scores that it meets, and K options a trial; natural log odds.

    A trial tells p(1 − p) of the score of a trait that is chosen in it with probability p: a trait that moves
    away from the others becomes noisier, so that very large changes are found no better than large ones
    (Hauck and Donner 1977, J. American Statistical Association 72, 851–853).
    """

    score: float
    others: Floats
    n_options: int

    def information(self, change: float = 0.0) -> float:
        """Mean p(1 − p) over trials in which all others of the block are alike; ``change`` in points."""
        p = self._chosen(change)
        return float(np.mean(p * (1 - p)))

    def kurtosis(self, change: float = 0.0) -> float:
        """Of a trial's gradient, E g⁴/(E g²)²."""
        p = self._chosen(change)
        return float(np.mean(p * (1 - p) * (p**3 + (1 - p) ** 3))) / self.information(change) ** 2

    def _chosen(self, change: float) -> Floats:
        above = self.score + change / ELO_SCALE - self.others - math.log(self.n_options - 1)
        return np.asarray(scipy.special.expit(above), dtype=np.float64)


def _difference(
    variances: tuple[float, float], rounds: tuple[float, float], n_prompts: float, place: Place, change: float
) -> Noise:
    """Of two runs' difference; its degrees of freedom are those of a diff, Welch's or Satterthwaite's."""
    after = variances[1] * place.information() / place.information(change)
    m, n = (max(min(length, n_prompts), 2.0) for length in rounds)
    return _noise((variances[0], after), (m, n), (place.kurtosis(), place.kurtosis(change)))


def _noise(
    variances: tuple[float, float], clusters: tuple[float, float], kurtoses: tuple[float, float]
) -> Noise:
    """Of the difference of two estimates, from so many clusters whose pulls have such a kurtosis."""
    (before, after), (m, n) = variances, clusters
    total = before + after
    if total == 0:
        return Noise(0.0, min(m, n) - 1)
    welch = total**2 / (before**2 / (m - 1) + after**2 / (n - 1))
    shares = before**2 * kurtoses[0] / m + after**2 * kurtoses[1] / n
    return Noise(math.sqrt(total), max(min(welch, 3 * total**2 / shares - 1), 1.0))


def threshold(power: float, n_traits: int, *, n_changed: int = 1, fdr: float = 0.05) -> float:
    """The p below which Benjamini and Hochberg (1995) call a trait changed.

    With r discoveries it is fdr · r/n. Of M changed traits, each found with this power, power · M are
    expected among them, and at least the one in question (after Jung 2005, Bioinformatics 21, 3097–3104;
    false discoveries are left out, which errs towards longer runs by next to nothing).
    """
    return fdr * max(power * n_changed, 1.0) / n_traits


def power(change: float, noise: Noise, level: float) -> float:
    """Probability that a two-sided t test at ``level`` finds a change of so many points."""
    if math.isinf(noise.stderr):
        return 0.0
    effect = abs(change) / noise.stderr
    beyond: Any = scipy.stats.t.isf(level / 2, noise.df)
    law: Any = scipy.stats.nct
    return float(law.sf(beyond, noise.df, effect)) + float(law.sf(beyond, noise.df, -effect))


def certain_power(noise_model: NoiseModel, rounds: float, change: float, level: float) -> float:
    """`power` of the change upward or downward, whichever is found less often."""
    return min(power(signed, noise_model.noise(rounds, signed), level) for signed in (change, -change))


def smallest_change(
    noise_model: NoiseModel, rounds: int, level: float, wanted: float, *, most: float = MAX_CHANGE
) -> float | None:
    """The smallest change, up to ``most``, that is found with the power ``wanted``; None where none is."""

    def excess(change: float) -> float:
        return certain_power(noise_model, rounds, change, level) - wanted

    changes: list[float] = np.geomspace(most / MAX_CHANGE, most, 60).tolist()
    for below, above in pairwise(changes):
        if excess(above) >= 0:
            found: Any = below if excess(below) >= 0 else scipy.optimize.brentq(excess, below, above)
            return float(found)
    return None


def rounds_needed(noise_model: NoiseModel, change: float, level: float, wanted: float) -> int:
    """The fewest rounds, or least length, with which ``change`` is found with the power ``wanted``.

    Raises:
        UsageError: no run of a length that anyone could make finds it.
    """

    def enough(rounds: int) -> bool:
        return certain_power(noise_model, rounds, change, level) >= wanted

    high = 1
    while not enough(high):
        high *= 2
        if high > MAX_ROUNDS:
            raise UsageError(
                f"a change of {change:g} points is not found with power {wanted:g} in {MAX_ROUNDS:,} rounds; "
                f"ask for a {'larger' if change < 500 else 'smaller'} change or less power"
            )
    low = high // 2  # not enough, or 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
