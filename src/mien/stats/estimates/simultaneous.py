"""Intervals that hold for many estimates at once: of their values, and of their ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.types import Floats, Ints

N_DRAWS: Final = 4000
N_RANK_DRAWS: Final = 1000  # each makes n² differences
_ZERO: Final = 1e-10  # of the largest variance: what rounding leaves of none


def draws(covariance: Floats, df: float, n_draws: int, *, seed: int = 0) -> Floats:
    """(n_draws, n) errors: multivariate t of ``df`` degrees of freedom, for the covariance is an estimate."""
    rng = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh(covariance)
    normal = rng.normal(size=(n_draws, len(values))) @ (vectors * np.sqrt(np.clip(values, 0, None))).T
    return normal / np.sqrt(rng.chisquare(df, size=(n_draws, 1)) / df)


def reach(covariance: Floats, df: float, *, confidence_level: float = 0.95, seed: int = 0) -> float:
    """How many standard errors intervals reach that hold all n estimates at once.

    The quantile of the largest |t|, by `N_DRAWS` draws of the joint law (Hothorn, Bretz and Westfall 2008,
    Biometrical Journal 50, 346–363).

    Args:
        covariance: (n, n) of the estimates.
        df: its degrees of freedom.
        confidence_level: at which all hold.
        seed: of the draws.
    """
    stderr = np.sqrt(np.diag(covariance))
    told = stderr > 0
    errors = np.abs(draws(covariance, df, N_DRAWS, seed=seed)[:, told]) / stderr[told]
    return float(np.quantile(errors.max(axis=1, initial=0.0), confidence_level))


def rank_intervals(
    values: Floats,
    covariance: Floats,
    df: float,
    *,
    confidence_level: float = 0.95,
    at_once: bool = False,
    seed: int = 0,
) -> tuple[Ints, Ints]:
    """(n,) lowest and highest ranks of each estimate, 1 for the largest value.

    After Mogstad, Romano, Shaikh and Wilhelm (2024, Review of Economic Studies 91, 476–518): those that lie
    above an item for certain are ahead of it, those that lie below it for certain are behind. What is certain
    is told by intervals of the item's differences to all others that hold at once, by the largest |t| among
    them in `N_RANK_DRAWS` draws of the joint law. So an interval holds the true rank at least as often as it
    promises, however close scores lie, and is wide where they do.

    Args:
        values: (n,) estimates.
        covariance: (n, n) of ``values``; may be singular.
        df: degrees of freedom of ``covariance``.
        confidence_level: of each interval.
        at_once: whether all n intervals are to hold together.
        seed: of the draws.
    """
    n = len(values)
    variance = np.diag(covariance)
    between = variance[:, None] + variance - 2 * covariance
    told = between > _ZERO * variance.max(initial=0)
    stderr = np.sqrt(np.where(told, between, 1.0))
    weights = (told / stderr).astype(np.float32)  # fast, and far finer than what draws tell
    errors = np.ascontiguousarray(draws(covariance, df, N_RANK_DRAWS, seed=seed).T.astype(np.float32))
    largest = np.array([_largest(errors, i, weights[i]) for i in range(n)])
    if at_once:
        largest[:] = largest.max(axis=0)
    quantiles = np.quantile(largest, confidence_level, axis=1)
    above = values - values[:, None] > quantiles[:, None] * stderr * told
    below = values[:, None] - values > quantiles[:, None] * stderr * told
    return 1 + np.count_nonzero(above, axis=1), n - np.count_nonzero(below, axis=1)


def _largest(errors: NDArray[np.float32], item: int, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """(draws,) the largest |t| of an item's differences to all others, given (n, draws) errors."""
    differences = errors - errors[item]
    differences *= weights[:, None]
    np.abs(differences, out=differences)
    return differences.max(axis=0)
