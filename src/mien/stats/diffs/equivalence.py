"""Whether a change is known to be small, and how long runs must be for every change to be decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np
import scipy.stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.types import Floats


Finding = Literal["changed", "unchanged", "undecided"]


class Equivalence(TypedDict):
    """How many traits changed, stayed within the margin, or are undecided.

    ``rounds`` is the length of both runs now, and ``rounds_needed`` the one that would decide all traits,
    whatever their changes are; None where none is undecided.
    """

    margin: float
    changed: int
    unchanged: int
    undecided: int
    rounds: int
    rounds_needed: int | None


def within(low: Floats, high: Floats, margin: float) -> NDArray[np.bool_]:
    """(n,) whether changes are known to lie within ±margin, from the ends of their intervals.

    Two one-sided tests (Schuirmann 1987, J. Pharmacokinetics and Biopharmaceutics 15, 657–680), each at half
    of what the intervals leave out: both reject exactly where the interval lies inside the margin.
    """
    return (low > -margin) & (high < margin)


def growth(
    stderr: Floats, df: Floats, margin: float, *, found: int, fdr: float, confidence_level: float
) -> Floats:
    """(n,) how many times as many rounds would decide each trait, whatever its change is.

    A change is decided when |Δ| + t·s ≤ margin (unchanged) or |Δ| ≥ t_q·s (changed), with s the standard
    error, t that of the interval and t_q that of a p at the threshold of Benjamini and Hochberg (1995) for
    one discovery more than there are. One or the other holds for every Δ once (t + t_q)·s ≤ margin, and s
    falls with the square root of the number of rounds.

    Args:
        stderr: (n,) standard errors now.
        df: (n,) degrees of freedom of the t quantiles.
        margin: in the units of ``stderr``.
        found: traits whose q is below ``fdr`` now.
        fdr: false-discovery rate.
        confidence_level: of the intervals.
    """
    n = len(stderr)
    level = fdr * min(found + 1, n) / n
    inside = _floats(scipy.stats.t.ppf((1 + confidence_level) / 2, df))
    outside = _floats(scipy.stats.t.isf(level / 2, df))
    return ((inside + outside) * stderr / margin) ** 2


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)
