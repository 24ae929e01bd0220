"""Whether a vector of estimates is zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mien.stats.distributions import f_sf

if TYPE_CHECKING:
    from mien.types import Floats


class WaldTest(NamedTuple):
    """Test that a vector is zero; ``p`` is None where there are too few clusters to tell."""

    statistic: float | None
    df: int
    p: float | None


def wald_test(estimate: Floats, covariance: Floats, n_clusters: float, *, centred: bool = True) -> WaldTest:
    """Test that n estimates are all 0.

    The covariance is itself an estimate, from C clusters: W (C − q) / (q (C − 1)) is set against F(q, C − q)
    as for Hotelling's T² (Korn and Graubard 1990, American Statistician 44, 270–276), where q of the
    estimates are free: n − 1 of those that sum to 0. With the covariance of
    `mien.stats.choice.plackett_luce.fit` p is, if anything, too large: under no difference between 144 items
    and 2,000 trials in 720 clusters, p < .1 comes up in fewer than 1 of 20 cases.

    Args:
        estimate: (n,) with sum 0 where ``centred``.
        covariance: (n, n), zero along the vector of ones where ``centred``; else of any rank.
        n_clusters: C; not always whole where two sets of estimates are compared.
        centred: whether the estimates sum to 0.
    """
    n = len(estimate)
    if centred:
        q, regular = n - 1, covariance + float(np.trace(covariance)) / n**2  # 11ᵀ, of a size with the rest
    else:
        stderr = np.sqrt(np.diag(covariance))
        moving = stderr > 0
        estimate = estimate[moving] / stderr[moving]
        regular = covariance[np.ix_(moving, moving)] / np.outer(stderr[moving], stderr[moving])
        values, vectors = np.linalg.eigh(regular)
        free = values > 1e-9 * len(values)
        q, estimate, regular = (
            int(np.count_nonzero(free)),
            vectors[:, free].T @ estimate,
            np.diag(values[free]),
        )
    if q < 1 or n_clusters <= q or not np.isfinite(covariance).all():
        return WaldTest(None, q, None)
    statistic = float(np.sum(estimate * np.linalg.solve(regular, estimate)))
    ratio = statistic * (n_clusters - q) / (q * (n_clusters - 1))
    return WaldTest(statistic, q, f_sf(ratio, q, n_clusters - q))
