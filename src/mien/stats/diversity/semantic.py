"""How far apart samples of one prompt are in what they mean, as an embedding has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mien.stats.estimates import Amount, Quantity

if TYPE_CHECKING:
    from mien.types import Floats

SPREAD: Final = Quantity("semantic_spread", Amount())


def spread(points: Floats) -> float:
    """The mean cosine distance of two samples, 0 (all alike) to 2; NaN of fewer than two.

    The mean over pairs does not depend on how many samples there are (Tevet and Berant 2021, EACL, 326–346,
    who average similarities over pairs).

    Args:
        points: (n, d) each of length 1.
    """
    n = len(points)
    if n < 2:
        return float("nan")
    whole = points.sum(axis=0)
    # The squared length of the sum holds every pair twice, and each point with itself.
    alike = (float(whole @ whole) - float((points**2).sum())) / (n * (n - 1))
    return max(1.0 - alike, 0.0)
