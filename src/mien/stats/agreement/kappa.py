"""How far two judges agree beyond chance: Cohen's κ."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mien.stats.distributions import norm_ppf

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Kappa(NamedTuple):
    """Cohen's κ of two judges with its large-sample standard error and interval."""

    kappa: float
    stderr: float
    low: float
    high: float
    n: int


def cohen_kappa(a: ArrayLike, b: ArrayLike, *, confidence_level: float = 0.95) -> Kappa:
    """Agreement of two judges' labels beyond chance (Cohen 1960), unweighted.

    The standard error is the large-sample one of Fleiss, Cohen and Everitt (1969, Psychological Bulletin 72,
    323–327). Where both judges always give one and the same label, κ is 0/0 and everything is NaN.

    Args:
        a: (T,) labels of one judge: any hashable values, such as trait names or ``"neither"``.
        b: (T,) labels of the other for the same trials.
        confidence_level: of the interval.

    Raises:
        ValueError: no labels, or of different lengths.
    """
    first, second = np.asarray(a), np.asarray(b)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ValueError("a and b must be labels of the same trials, at least one")
    labels, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    i, j = codes[: len(first)], codes[len(first) :]
    n = len(first)
    rows, columns = np.bincount(i, minlength=len(labels)) / n, np.bincount(j, minlength=len(labels)) / n
    agreement, chance = np.count_nonzero(i == j) / n, float(np.sum(rows * columns))
    if chance == 1:
        return Kappa(np.nan, np.nan, np.nan, np.nan, n)
    kappa = (agreement - chance) / (1 - chance)
    # Each trial's term of the delta method; their mean square less the square of their mean is n · var(κ).
    pull = np.where(i == j, 1.0, 0.0) - (1 - kappa) * (columns[i] + rows[j])
    centre = kappa - chance * (1 - kappa)
    variance = max(float(np.mean(pull**2)) - centre**2, 0.0) / (1 - chance) ** 2 / n
    stderr = float(np.sqrt(variance))
    margin = norm_ppf((1 + confidence_level) / 2) * stderr
    return Kappa(kappa, stderr, max(kappa - margin, -1.0), min(kappa + margin, 1.0), n)
