"""How far the phrasings of an inventory go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mien.stats.distributions import f_ppf

if TYPE_CHECKING:
    from mien.types import Floats


class Alpha(NamedTuple):
    """Cronbach's α of some phrasings, over the traits that each of them rates; None where it is not known."""

    value: float | None
    low: float | None
    high: float | None
    traits: int


def cronbach_alpha(keyed: Floats, confidence_level: float = 0.95) -> Alpha:
    """Cronbach's α (1951, Psychometrika 16, 297–334) of the mean over P phrasings, the traits as subjects.

    The interval is Feldt's (1965, Psychometrika 30, 357–370): (1 − α)/(1 − α̂) has the F distribution with
    n − 1 and (n − 1)(P − 1) degrees of freedom. Traits that a phrasing does not rate are left out.

    Args:
        keyed: (n, P) ratings, NaN where there is none.
        confidence_level: of the interval.
    """
    whole = keyed[~np.isnan(keyed).any(axis=1)]
    n, k = whole.shape
    if n < 3 or k < 2 or np.ptp(whole.sum(axis=1)) == 0:
        return Alpha(None, None, None, n)
    within, between = whole.var(axis=0, ddof=1).sum(), whole.sum(axis=1).var(ddof=1)
    alpha = float(k / (k - 1) * (1 - within / between))
    half = (1 - confidence_level) / 2
    low, high = (1 - (1 - alpha) * f_ppf(p, n - 1, (n - 1) * (k - 1)) for p in (1 - half, half))
    return Alpha(alpha, low, high, n)


def rest_correlation(keyed: Floats, phrasing: int) -> float | None:
    """Pearson's r of one phrasing's ratings with the mean of all others', over the traits that all rate."""
    whole = keyed[~np.isnan(keyed).any(axis=1)]
    if len(whole) < 3 or whole.shape[1] < 2:
        return None
    own, others = whole[:, phrasing], np.delete(whole, phrasing, axis=1).mean(axis=1)
    if np.ptp(own) == 0 or np.ptp(others) == 0:
        return None
    return float(np.corrcoef(own, others)[0, 1])
