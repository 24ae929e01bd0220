"""How alike two sets of scores rank the same items, as seen and with the noise taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np
import scipy.stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Correlation(TypedDict):
    """Rank correlation of two profiles, and corrected for their reliabilities, each with its interval."""

    spearman: float | None
    low: float | None
    high: float | None
    disattenuated: float | None
    disattenuated_low: float | None
    disattenuated_high: float | None


def rank_correlation(
    first: Floats,
    second: Floats,
    reliabilities: tuple[float | None, float | None],
    *,
    confidence_level: float = 0.95,
) -> Correlation:
    """Spearman's ρ of (n,) and (n,) scores, Fisher's z with the standard error √((1 + ρ²/2)/(n − 3)).

    That is Bonett and Wright's (2000, Psychometrika 65, 23–28). The correction for attenuation is Spearman's
    (1904), ρ/√(rel_a rel_b), at most 1 in size, and that of the interval's ends the same (Charles 2005,
    Psychological Methods 10, 206–226). None: everything where all scores of a set are equal, the interval
    for n of 3 or fewer, the correction where a reliability is not above 0.
    """
    n = len(first)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return _correlation(None, None, None, None)
    rho = float(scipy.stats.spearmanr(first, second).statistic)
    low = high = None
    if n > 3:
        z = np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12))
        half = scipy.stats.norm.ppf((1 + confidence_level) / 2) * np.sqrt((1 + rho**2 / 2) / (n - 3))
        low, high = float(np.tanh(z - half)), float(np.tanh(z + half))
    reliable = [value for value in reliabilities if value is not None and value > 0]
    attenuation = float(np.sqrt(np.prod(reliable))) if len(reliable) == 2 else None
    return _correlation(rho, low, high, attenuation)


def _correlation(
    rho: float | None, low: float | None, high: float | None, attenuation: float | None
) -> Correlation:
    def corrected(value: float | None) -> float | None:
        return None if value is None or attenuation is None else max(-1.0, min(value / attenuation, 1.0))

    return Correlation(
        spearman=rho,
        low=low,
        high=high,
        disattenuated=corrected(rho),
        disattenuated_low=corrected(low),
        disattenuated_high=corrected(high),
    )
