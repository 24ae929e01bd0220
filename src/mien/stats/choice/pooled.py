"""The choice model under a pooled prior, beside which a few scores may stand out.

The prior is θ ~ N(m, S) with a jump for some scores (`mien.stats.choice.jumps`). Given normal jumps of known
variances x the fit is that of `mien.stats.choice.plackett_luce` under N(m, A), A = S + P diag(x) P; x is what
gives each jump the mean that it has under the spike and the slab, and is found by iteration: the moment
matching of expectation propagation (Minka 2001), with the means alone.

With B the bread of the scores and g = A⁻¹(θ̂ − m), the scores that the data alone would give have the
precision H = A⁻¹ − A⁻¹ B A⁻¹ about m, so that score i lies g_i/H_ii off what the prior and all other scores
foretell of it, with variance 1/H_ii, of which x_i is the jump's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from mien.stats.choice import plackett_luce
from mien.stats.choice.empirical_bayes import Prior
from mien.stats.choice.jumps import Jumps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.stats.choice.empirical_bayes import PooledPrior
    from mien.stats.choice.plackett_luce import ChoiceFit
    from mien.stats.choice.trials import Trials
    from mien.types import Floats

MAX_ITERATIONS: Final = 40
STANDS_OUT: Final = 2.0  # standard errors off what was foretold
TOLERANCE: Final = 0.005  # log odds, about a point of rating, by which a jump may still move


class Foretold(NamedTuple):
    """What the prior and the other scores of the run foretell of each score, without its own trials.

    Score i is N(mean_i, variance_i), and has a jump of variance ``size`` besides with probability ``share``.

    Attributes:
        mean: (n,) log odds.
        variance: (n,) of the prior and of what the other scores leave open.
        size: variance of a jump.
        share: of scores with a jump.
        departure: (n,) standard errors by which the run's own trials depart from it.
    """

    mean: Floats
    variance: Floats
    size: float
    share: float
    departure: Floats

    @property
    def stands_out(self) -> NDArray[np.bool_]:
        """(n,) departs by more than `STANDS_OUT`.

        Under the normal law alone, the flat estimate and the pooled one would be as many standard errors of
        their difference apart (Hausman 1978, Econometrica 46, 1251–1271).
        """
        return np.abs(self.departure) > STANDS_OUT


class PooledFit(NamedTuple):
    """A fit whose prior is the normal law N(m, A) that it came to, and what was foretold of it."""

    fit: ChoiceFit
    foretold: Foretold


def fit(trials: Trials, prior: PooledPrior, *, alpha: float = plackett_luce.DEFAULT_ALPHA) -> PooledFit:
    """Fit the choice model under a pooled prior.

    To the covariance is added what is not known of whether scores stand out (`Jumps.excess`): a jump moves
    all scores and positions by the regression on it, B A⁻¹ / (1 − x_i H_ii).

    Raises:
        NotIdentified: as `mien.stats.choice.fit`.
        ValueError: the prior is of other items.
    """
    n = len(prior.mean)
    step = _step(trials, prior, np.zeros(n), alpha)
    for _ in range(MAX_ITERATIONS):
        # Damped: a jump and its chance feed on each other.
        sizes = (step.sizes + 2 * step.jumps.equivalent) / 3
        before, step = step, _step(trials, prior, sizes, alpha, step.fit)
        if np.abs(step.jumps.mean - before.jumps.mean).max() < TOLERANCE:
            break
    found, left, jumps = step.fit, step.left, step.jumps
    moved = found.bread[:, :n] @ left.prior_precision / (1 - step.sizes * np.diag(left.precision))
    unknown = (moved * np.maximum(jumps.excess, 0)) @ moved.T
    covariance, noise = found.covariance + unknown, found.noise + np.diag(unknown)[:n]
    return PooledFit(replace(found, covariance=covariance, noise=noise), _foretold(prior, left, jumps))


class _Step(NamedTuple):
    """The fit under normal jumps of (n,) variances, and what it tells of them."""

    sizes: Floats
    fit: ChoiceFit
    left: _Left
    jumps: Jumps


def _step(
    trials: Trials, prior: PooledPrior, sizes: Floats, alpha: float, before: ChoiceFit | None = None
) -> _Step:
    law = _with_jumps(prior, sizes)
    start = None if before is None else np.concatenate([before.scores, before.positions])
    found = plackett_luce.fit(trials, alpha=alpha, prior=law, start=start)
    left = _Left.of(found, law)
    jumps = Jumps.found(left.seen, left.noise(found.inflation, law) - sizes, prior.jump)
    return _Step(sizes, found, left, jumps)


class _Left(NamedTuple):
    """What a fit leaves of the scores: g and H of the module's docstring."""

    gradient: Floats
    precision: Floats
    prior_precision: Floats

    @classmethod
    def of(cls, found: ChoiceFit, law: Prior) -> _Left:
        n, inverse = len(law.mean), law.precision
        return cls(
            inverse @ (found.scores - law.mean), inverse - inverse @ found.bread[:n, :n] @ inverse, inverse
        )

    @property
    def seen(self) -> Floats:
        return self.gradient / np.diag(self.precision)

    def noise(self, inflation: float, law: Prior) -> Floats:
        """(n,) variances of ``seen``, with that of the data's errors inflated by ties within clusters.

        The scores of the data alone have covariance H⁻¹ about m, of which A is the prior's; with φ for the
        rest, φ H⁻¹ − (φ − 1) A.
        """
        own = np.diag(self.precision)
        of_prior = np.einsum("ij,ij->i", self.precision @ law.covariance, self.precision)
        return inflation / own - (inflation - 1) * of_prior / np.square(own)


def _with_jumps(prior: PooledPrior, sizes: Floats) -> Prior:
    """The prior with normal jumps of (n,) these variances."""
    centred = np.diag(sizes) - (sizes[:, None] + sizes - sizes.mean()) / len(sizes)
    return Prior(mean=prior.mean, covariance=prior.covariance + centred, runs=prior.runs)


def _foretold(prior: PooledPrior, left: _Left, jumps: Jumps) -> Foretold:
    """Of what other models have in common, the part that the run's own trials of a score told is taken out.

    The prior's S is τ² P and the part K that scores share. K g is what all trials say of that part; leaving
    out a score's own is letting its jump be of any size: the usual formula for leaving one out.
    """
    n, own = len(prior.mean), np.diag(left.precision)
    shared = prior.covariance - prior.own * (np.eye(n) - 1 / n)
    told = shared @ left.precision
    known = np.einsum("ij,ji->i", told, shared) - np.square(np.diag(told)) / own
    return Foretold(
        mean=prior.mean + shared @ left.gradient - np.diag(told) * left.seen,
        variance=prior.own + np.diag(shared) - known,
        size=jumps.size,
        share=jumps.share,
        departure=jumps.departure,
    )
