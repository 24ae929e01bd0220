"""Named quantities with their joint noise: what a diff, a gate, a plan, a report row and a figure take."""

from __future__ import annotations

from mien.stats.estimates.estimates import Estimates, Quantity, Sample
from mien.stats.estimates.means import means
from mien.stats.estimates.units import Amount, Lean, Points, Rating, Scale, Share, Unit

__all__ = [
    "Amount",
    "Estimates",
    "Lean",
    "Points",
    "Quantity",
    "Rating",
    "Sample",
    "Scale",
    "Share",
    "Unit",
    "means",
]
