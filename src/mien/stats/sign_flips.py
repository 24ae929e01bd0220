"""Whether a vector of sums over clusters is zero, by turning clusters around.

Were it zero, each cluster would as well have pulled the other way: the sum with random signs is then drawn
from nearly the same law as the sum itself, however unequal the clusters are. The covariance of many estimates
is known badly where few clusters carry it, and its inverse worse: nothing here inverts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from mien.types import Floats

N_DRAWS: Final = 1999
FEWEST: Final = 6  # clusters: the signs of fewer have no 1-in-20 outcome
MOST: Final = 4096  # clusters to turn around one by one; beyond it, some are turned together
_ZERO: Final = 1e-9  # of the largest eigenvalue: what rounding leaves of none


class FlipTest(NamedTuple):
    """Test that a vector is zero; ``p`` is None where there are too few clusters to tell."""

    statistic: float | None
    df: int
    p: float | None


def gather(rows: sp.csr_array) -> sp.csr_array:
    """(at most `MOST`, p) sums of (C, p) rows."""
    n = rows.shape[0]
    if n <= MOST:
        return rows
    groups = (np.ones(n), (np.arange(n) % MOST, np.arange(n)))
    return sp.csr_array(sp.csr_array(groups, shape=(MOST, n)) @ rows)


def crossed_parts(prompts: Floats, raters: Floats, both: Floats, metric: Floats) -> Floats:
    """(C + R, n) parts for `sign_flip_test` where two kinds of clusters cross.

    Signs drawn for prompts and for raters give noise of covariance M_prompt + M_rater, which counts twice
    what a prompt and a rater have to themselves. All are scaled down so that the mean of the statistic is
    that under M_prompt + M_rater − M_both.

    Args:
        prompts: (C, n) what each prompt adds; raters: (R, n) each rater; both: each of the two at once.
        metric: (n, n) covariance in whose inverse the statistic is.
    """
    inverse = np.linalg.pinv(
        metric, rtol=_ZERO, hermitian=True
    )  # what rounding leaves of none is no direction
    sizes = [float(np.sum((rows @ inverse) * rows)) for rows in (prompts, raters, both)]
    twice = sizes[0] + sizes[1]
    kept = max(1 - sizes[2] / twice, 0.5) if twice > 0 else 1.0
    return np.sqrt(kept) * np.concatenate([prompts, raters])


def sign_flip_test(
    observed: Floats,
    parts: Floats,
    metric: Floats,
    *,
    least: Floats | None = None,
    n_draws: int = N_DRAWS,
    seed: int = 0,
) -> FlipTest:
    """Test that what is behind an observed vector is zero.

    The statistic is ``observed``ᵀ W⁺ ``observed``, W being a covariance that takes no notice of clusters; it
    is held against that of Σ_c s_c ``parts``_c with signs s drawn at random (the score bootstrap of Kline
    and Santos 2012, Journal of Econometric Methods 1, 23–41, with Rademacher's weights). p is (1 + draws
    that reach it)/(1 + draws).

    Args:
        observed: (n,) the vector.
        parts: (C, n) what each cluster adds to its noise.
        metric: (n, n) W, of any rank.
        least: (n, n) covariance that ``observed`` has at least, where one is known: draws of the statistic
            are scaled up where they are smaller, on average, than that makes them.
        n_draws: draws of the signs.
        seed: of the draws.
    """
    scale = np.sqrt(np.diag(metric))
    moving = scale > 0
    values, vectors = np.linalg.eigh(metric[np.ix_(moving, moving)] / np.outer(scale[moving], scale[moving]))
    free = values > _ZERO * values.max(initial=0)
    df = int(np.count_nonzero(free))
    if len(parts) < FEWEST or not df:
        return FlipTest(None, df, None)
    root = vectors[:, free] / np.sqrt(values[free]) / scale[moving, None]
    statistic = float(np.sum((observed[moving] @ root) ** 2))
    turned = parts[:, moving] @ root
    signs = np.random.default_rng(seed).integers(0, 2, size=(n_draws, len(parts)), dtype=np.int8)
    turns = signs.astype(np.float64)
    turns *= 2
    turns -= 1
    drawn = np.sum((turns @ turned) ** 2, axis=1)
    if least is not None:
        known = float(np.sum(root * (least[np.ix_(moving, moving)] @ root)))
        drawn *= max(1.0, known / max(float(np.sum(turned**2)), np.finfo(float).tiny))
    reached = int(np.count_nonzero(drawn >= statistic * (1 - 1e-12)))
    return FlipTest(statistic, df, (1 + reached) / (1 + n_draws))
