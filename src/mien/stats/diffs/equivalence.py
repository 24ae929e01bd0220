"""Whether a change is known to be small, and how long runs must be for every change to be decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from mien.errors import UnknownName, UsageError
from mien.stats.distributions import t_half_width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.stats.estimates import Estimates
    from mien.types import Floats

Finding = Literal["changed", "unchanged", "undecided"]


def margins(estimates: Estimates, margin: float | Mapping[str, float] | None) -> Floats:
    """(n,) the margin of each quantity; NaN, within which nothing lies, where it has none.

    Args:
        estimates: of n quantities.
        margin: of all, which are then of one unit, or by name.

    Raises:
        UsageError: a margin is not above 0, is of no quantity, or is one number for several units.
    """
    if margin is None:
        return np.full(len(estimates.names), np.nan)
    if not isinstance(margin, Mapping):
        if len({quantity.unit for quantity in estimates.quantities}) > 1:
            raise UsageError("quantities of several units have no one margin; give each its own, by name")
        margin = dict.fromkeys(estimates.names, margin)
    if unknown := sorted(set(margin) - set(estimates.names)):
        raise UnknownName(estimates.noun, unknown[0], estimates.names)
    for quantity in estimates.quantities:
        one = margin.get(quantity.name, 1.0)
        if not 0 < one < np.inf:
            raise UsageError(f"a margin is {quantity.unit.told_in} above 0, not {one:g}")
    return np.array([margin.get(name, np.nan) for name in estimates.names])


def within(low: Floats, high: Floats, margin: Floats | float) -> NDArray[np.bool_]:
    """(n,) whether changes are known to lie within ±margin, from the ends of their intervals.

    Two one-sided tests (Schuirmann 1987, J. Pharmacokinetics and Biopharmaceutics 15, 657–680), each at half
    of what the intervals leave out: both reject exactly where the interval lies inside the margin.
    """
    return (low > -margin) & (high < margin)


def growth(
    stderr: Floats, df: Floats, margin: Floats | float, *, found: int, fdr: float, confidence_level: float
) -> Floats:
    """(n,) how many times as long samples must be to decide each quantity, whatever its change is.

    A change is decided when |Δ| + t·s ≤ margin (unchanged) or |Δ| ≥ t_q·s (changed), with s the standard
    error, t that of the interval and t_q that of a p at the threshold of Benjamini and Hochberg (1995) for
    one discovery more than there are. One or the other holds for every Δ once (t + t_q)·s ≤ margin, and s
    falls with the square root of the length.

    Args:
        stderr: (n,) standard errors now.
        df: (n,) degrees of freedom of the t quantiles.
        margin: in the units of ``stderr``; NaN where a quantity has none.
        found: quantities whose q is below ``fdr`` now.
        fdr: false-discovery rate.
        confidence_level: of the intervals.
    """
    n = len(stderr)
    level = fdr * min(found + 1, n) / n
    inside = t_half_width(confidence_level, df)
    outside = t_half_width(1 - level, df)
    return ((inside + outside) * stderr / margin) ** 2
