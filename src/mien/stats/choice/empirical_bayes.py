"""A prior for the scores of one run, from those of other runs: fitted by empirical Bayes, from arrays alone.

The population of models is taken to be such that a new model's scores are a weighted mean of the R known
ones, with weights near 1/R, and something of its own:

    θ = Σ_r w_r θ_r + d,   w_r ~ N(1/R, ω²),   d ~ N(0, τ² P),   P = E − 11ᵀ/n,

so that θ ~ N(m, S) with m the mean of the θ_r and S = τ² P + ω² Σ_r θ_r θ_rᵀ: a parametric empirical Bayes
prior (Morris 1983, J. Am. Statist. Ass. 78, 47–55) whose covariance is the second moments of the known
scores, shrunk towards an identity, the form of Ledoit and Wolf (2004, J. Multivariate Analysis 88, 365–411).
Their rule for how far to shrink needs more runs than there usually are; here ω² and τ² maximise the
likelihood of each known run under the prior from all others (`pool`). A few scores may stand out besides
(`mien.stats.choice.jumps`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from mien.stats.choice.jumps import Jumps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.types import Floats


MIN_RUNS: Final = 4  # with fewer, leaving one out leaves too little to foretell it from
SPREAD_OF_OWN: Final = 0.5  # of log τ² between models, as standard deviation
OWN_BOUNDS: Final = (np.log(1e-3), np.log(1e2))  # of τ², squared log odds
WEIGHT_BOUNDS: Final = (np.log(1e-6), np.log(1e1))  # of ω²
MAX_ROUNDS: Final = 10  # of taking jumps out and estimating τ² and ω² anew
TOLERANCE: Final = 0.02  # of log τ² and log ω², between rounds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prior:
    """A normal prior on n scores that sum to 0.

    Attributes:
        mean: (n,) natural log odds, with sum 0.
        covariance: (n, n), positive definite between contrasts and zero along the vector of ones.
        runs: names of what it was pooled from.
    """

    mean: Floats
    covariance: Floats
    runs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.mean)
        if self.covariance.shape != (n, n):
            raise ValueError("the covariance of n scores must be (n, n)")
        size = float(np.trace(self.covariance)) / n
        if not (size > 0 and np.allclose(self.covariance.sum(axis=1), 0, atol=1e-6 * n * size)):
            raise ValueError("scores sum to 0, and their covariance must be zero along the vector of ones")
        if abs(float(self.mean.sum())) > 1e-6 * n:
            raise ValueError("the mean of scores that sum to 0 must do so, too")

    @property
    def precision(self) -> Floats:
        """(n, n) inverse of the covariance between contrasts, zero along the vector of ones."""
        n = len(self.mean)
        along = float(np.trace(self.covariance)) / n  # any positive number will do
        inverse = np.linalg.inv(self.covariance + along / n) - 1 / (along * n)
        return np.asarray(inverse, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PooledPrior(Prior):
    """A normal prior, beside which a few scores may stand out.

    Attributes:
        own: τ², the variance of what each score has of its own, which is a part of ``covariance``.
        jump: variance of what a score that stands out has besides.
    """

    own: float
    jump: float


class Estimate(NamedTuple):
    """A run's (n,) scores as the data alone give them, and the mean variance of their errors."""

    scores: Floats
    error: float

    @classmethod
    def unshrunk(cls, scores: Floats, bread: Floats, alpha: float, inflation: float) -> Estimate:
        """Take the ridge out of a fit's scores, as if all had the same precision.

        With b the mean of the posterior variances under the ridge (``bread``, (n, n) or larger), the data's
        own precision is 1/b − alpha. ``inflation`` is that of variance by ties within clusters.
        """
        n = len(scores)
        mean_variance = float(np.trace(bread[:n, :n])) / (n - 1)
        kept = 1 - alpha * mean_variance
        return cls(scores / kept, inflation * mean_variance / kept)


class _Law(NamedTuple):
    """The logarithms of τ² and ω²."""

    own: float
    weight: float

    def covariance(self, known: Floats) -> Floats:
        """(n, n) S, from the (R, n) scores of the known runs."""
        n = known.shape[1]
        return np.exp(self.own) * (np.eye(n) - 1 / n) + np.exp(self.weight) * (known.T @ known)


def pool(own: Estimate, others: Sequence[Estimate], runs: Sequence[str] = ()) -> PooledPrior:
    """The prior for one run, from at least `MIN_RUNS` others of the same traits.

    ω² and the others' τ² maximise the summed log-likelihood of each of the others under the prior from the
    rest. Some models are more singular than others; so the run's own τ² maximises its likelihood under the
    prior from all others, against a log-normal law around their τ² (`SPREAD_OF_OWN`). That one number is all
    that the run itself tells its prior. Errors count as isotropic in both: with the run's own covariance,
    the middling scores, which are told best and differ least, would decide alone.

    One trait that stands out would make all others look singular. Jumps are therefore estimated and taken out
    of each run's scores, and both variances estimated anew, until they stay (EM, with the jumps of a run as
    if independent once they were seen). The variance of a jump is that of the difference between the scores
    of two traits: where a trait stands out, the pool says nothing of it.

    Args:
        own: of the run that the prior is for.
        others: of R other models, n scores each.
        runs: their names.

    Raises:
        ValueError: fewer than `MIN_RUNS` others.
    """
    if len(others) < MIN_RUNS:
        raise ValueError(f"a pooled prior needs at least {MIN_RUNS} other runs, not {len(others)}")
    known = np.array([other.scores for other in others])
    rest = [np.delete(known, i, axis=0) for i in range(len(known))]
    jump = 2 * float(np.square(known).sum()) / (len(known) * (known.shape[1] - 1))
    plain = [_Plain(run.scores, run.error) for run in (own, *others)]
    shared = law = _Law(-1.0, -3.0)
    for _ in range(MAX_ROUNDS):
        before, shared = (*shared, law.own), _shared(plain[1:], rest, shared)
        law = _Law(_own(plain[0], known, shared), shared.weight)
        plain = [
            _without_jumps(own, known, law, jump),
            *(_without_jumps(other, of, shared, jump) for other, of in zip(others, rest, strict=True)),
        ]
        if np.abs(np.subtract((*shared, law.own), before)).max() < TOLERANCE:
            break
    return PooledPrior(
        mean=known.mean(axis=0),
        covariance=law.covariance(known),
        runs=tuple(runs),
        own=float(np.exp(law.own)),
        jump=jump,
    )


def _shared(others: Sequence[_Plain], rest: Sequence[Floats], start: _Law) -> _Law:
    """The law under which each of the others is likeliest, given the rest."""
    import scipy.optimize  # as heavy as all else, which other runs don't need

    residuals = [_Residual.of(other, known) for other, known in zip(others, rest, strict=True)]
    found = scipy.optimize.minimize(
        lambda logs: -sum(r.log_likelihood(logs[0], logs[1]) for r in residuals),
        np.array(start),
        method="Nelder-Mead",
        bounds=(OWN_BOUNDS, WEIGHT_BOUNDS),
    )
    return _Law(*found.x.tolist())


def _own(own: _Plain, known: Floats, shared: _Law) -> float:
    """The logarithm of the run's own τ²."""
    import scipy.optimize

    residual = _Residual.of(own, known)

    def loss(log_own: float) -> float:
        far = (log_own - shared.own) ** 2 / (2 * SPREAD_OF_OWN**2)
        return far - residual.log_likelihood(log_own, shared.weight)

    return float(scipy.optimize.minimize_scalar(loss, bounds=OWN_BOUNDS, method="bounded").x)


class _Plain(NamedTuple):
    """An estimate without its jumps: (n,) scores, the variance of their errors, (n,) that of the jumps."""

    scores: Floats
    error: float
    left: Floats | float = 0.0


def _without_jumps(estimate: Estimate, known: Floats, law: _Law, jump: float) -> _Plain:
    """The estimate less the means of its jumps; each is seen against the law and all other scores."""
    n = known.shape[1]
    covariance = law.covariance(known) + estimate.error * (np.eye(n) - 1 / n)
    inverse = np.asarray(np.linalg.inv(covariance + 1 / n), dtype=np.float64)
    precision: Floats = inverse - 1 / n
    own: Floats = np.diag(precision)
    seen = precision @ (estimate.scores - known.mean(axis=0)) / own
    jumps = Jumps.found(seen, 1 / own, jump)
    scores = estimate.scores - jumps.mean
    return _Plain(scores - scores.mean(), estimate.error, jumps.variance)


class _Residual(NamedTuple):
    """A run's scores less the mean of the known ones, along the latter's k principal axes and across them.

    The squares are expected ones, over what is not known of the jumps.
    """

    axes: Floats  # (k,) squared singular values of the known scores
    along: Floats  # (k,) squares
    across: float  # sum of squares
    n_across: int
    error: float

    @classmethod
    def of(cls, plain: _Plain, known: Floats) -> _Residual:
        residual = plain.scores - known.mean(axis=0)
        left = np.broadcast_to(plain.left, residual.shape)
        _, lengths, directions = np.linalg.svd(known, full_matrices=False)
        kept = lengths > 1e-9 * lengths[0]  # no more than n − 1 are not 0
        along = np.square(directions[kept] @ residual) + np.square(directions[kept]) @ left
        across = max(float(residual @ residual + left.sum() * (1 - 1 / len(left)) - along.sum()), 0.0)
        return cls(np.square(lengths[kept]), along, across, len(residual) - 1 - len(along), plain.error)

    def log_likelihood(self, log_own: float, log_weight: float) -> float:
        """Under N(mean, (τ² + error) P + ω² Σ θ_r θ_rᵀ), but for a constant."""
        rest = float(np.exp(log_own)) + self.error
        variance = np.exp(log_weight) * self.axes + rest
        quadratic = float(np.sum(self.along / variance)) + self.across / rest
        return -(float(np.log(variance).sum()) + self.n_across * float(np.log(rest)) + quadratic) / 2
