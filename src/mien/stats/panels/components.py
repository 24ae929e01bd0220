"""Principal components of models by traits: along what models differ, and what of it exceeds chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import scipy.special

from mien.stats.distributions import t_half_width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.types import Floats


MIN_MODELS: Final = 8  # with fewer, leaving one out tells too little of what other models would do
_NEVER: Final = 1e-12  # a share whose log odds are finite


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Components:
    """The m principal components of R models, m = min(R − 1, n).

    Attributes:
        shares: (m,) of the variance between models.
        low: (m,) lower end of each share's interval; NaN with fewer than `MIN_MODELS` models, and for the
            (R − 1)th component, which is gone when a model is left out.
        high: (m,) upper end.
        chance: (m,) the share that the component exceeds by chance in one of 20 cases.
        n_kept: leading components whose shares exceed ``chance``.
        loadings: (n, m) unit vectors, the longest entry of each positive.
        positions: (R, m) of the models along them, in the units of the scores.
        noise: share of the variance between models that is measurement error.
    """

    shares: Floats
    low: Floats
    high: Floats
    chance: Floats
    n_kept: int
    loadings: Floats
    positions: Floats
    noise: float


def components(
    scores: Floats,
    errors: NDArray[np.floating[Any]],
    *,
    confidence_level: float = 0.95,
    n_resamples: int = 500,
    seed: int = 0,
) -> Components:
    """Principal components of the scores, each trait less its mean over the models.

    Intervals are those of the share that so many models of the kind would show on the average: the jackknife
    over models, on log odds, with Student's t (Tukey 1958, Annals of Mathematical Statistics 29, 614). They
    tell how far the shares depend on which models were measured. Percentiles of resampled models will not do:
    a resample holds fewer different models, which gives the first components more than their share.

    How many components are more than chance is told by parallel analysis (Horn 1965, Psychometrika 30,
    179–185) against permutations of the models within each trait (Buja and Eyuboglu 1992, Multivariate
    Behavioral Research 27, 509–540): they keep each trait's spread, noise included, and break what traits
    have in common. Errors have something in common, too, for traits met in the same trials: a component must
    also exceed what the errors alone give. Components are counted up to the first that fails.

    Args:
        scores: (R, n), R ≥ 2.
        errors: (D, R, n) draws of the measurement errors, in the units of the scores.
        confidence_level: of the intervals of shares.
        n_resamples: permutations.
        seed: of the permutations.
    """
    n_models, n = scores.shape
    m = min(n_models - 1, n)
    centred = scores - scores.mean(axis=0)
    left, lengths, right = np.linalg.svd(centred, full_matrices=False)
    sign = np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
    total = float(np.sum(lengths**2))
    apart = sum(float(np.sum((error - error.mean(axis=0)) ** 2, dtype=np.float64)) for error in errors)
    rng = np.random.default_rng(seed)
    permuted = np.array([_shares(rng.permuted(scores, axis=0))[:m] for _ in range(n_resamples)])
    noise = np.array([_shares(error.astype(np.float64))[:m] for error in errors])
    chance = np.maximum(*(np.quantile(null, 0.95, axis=0) for null in (permuted, noise)))
    shares = _shares(scores)[:m]
    beaten = shares > chance
    low, high = _interval(scores, shares, confidence_level)
    return Components(
        shares=shares,
        low=low,
        high=high,
        chance=chance,
        n_kept=int(m if beaten.all() else beaten.argmin()),
        loadings=(right.T * sign)[:, :m],
        positions=(left * lengths * sign)[:, :m],
        noise=min(apart / len(errors) / total, 1.0) if total else 1.0,
    )


def _interval(scores: Floats, shares: Floats, confidence_level: float) -> tuple[Floats, Floats]:
    """Lower and upper ends, (m,) each, from leaving out one model at a time; NaN where that tells nothing."""
    n_models, m = len(scores), len(shares)
    ends = np.full((2, m), np.nan)
    told = min(m, n_models - 2)  # models have one component fewer when one of them is left out
    if n_models >= MIN_MODELS:
        left_out = np.array([_shares(np.delete(scores, model, axis=0))[:told] for model in range(n_models)])
        among = scipy.special.logit(np.clip(left_out, _NEVER, 1 - _NEVER))
        stderr = np.sqrt((n_models - 1) * np.var(among, axis=0))
        centre = scipy.special.logit(np.clip(shares[:told], _NEVER, 1 - _NEVER))
        half = t_half_width(confidence_level, n_models - 1) * stderr
        ends[:, :told] = scipy.special.expit([centre - half, centre + half])
    return ends[0], ends[1]


def _shares(scores: Floats) -> Floats:
    """Shares of the variance, largest first; the last, which is 0 or numerical noise, included."""
    centred = scores - scores.mean(axis=0)
    # The small square matrix of models has the same eigenvalues as that of the traits.
    square = centred @ centred.T if len(centred) <= centred.shape[1] else centred.T @ centred
    values = np.clip(np.linalg.eigvalsh(square)[::-1], 0, None)
    total = float(values.sum())
    shares = values / total if total else np.full(len(values), 1 / len(values))
    return np.asarray(shares, dtype=np.float64)
