"""How precise a run had become after each part of its trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from mien.errors import NotIdentified
from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.distributions import t_half_width
from mien.stats.profiles import reliability
from mien.stats.profiles.elo import ELO_SCALE

if TYPE_CHECKING:
    from mien.stats.comparisons import Comparisons


class Precision(TypedDict):
    """Precision after so many trials.

    ``lower``, ``margin`` and ``upper`` are the 10th, 50th and 90th percentile over traits of half the width
    of the ratings' intervals, in points; the reliabilities are those of `mien.stats.profiles.reliability`.
    """

    trials: int
    lower: float
    margin: float
    upper: float
    model_based: float | None
    split_half: float | None


def growth(
    comparisons: Comparisons,
    *,
    n_points: int = 10,
    alpha: float = choice.DEFAULT_ALPHA,
    confidence_level: float = 0.95,
    seed: int = 0,
) -> list[Precision]:
    """Refit growing parts of a run, from its first trials on; those too short for all traits are left out.

    Args:
        comparisons: the run's verdicts, in the order of its trials.
        n_points: parts to fit, evenly spaced, the last of which is the whole run.
        alpha: ridge strength of the fits.
        confidence_level: of the intervals.
        seed: draws the halves of the split-half reliability.
    """
    decided, total = Trials.decided(comparisons), len(comparisons.chosen)
    place = np.flatnonzero(comparisons.chosen >= 0)
    found: list[Precision] = []
    for trials in np.unique(np.linspace(0, total, n_points + 1).round().astype(int))[1:].tolist():
        part = decided.only(place < trials)
        try:
            fit = choice.fit(part, alpha=alpha)
        except NotIdentified:
            continue
        if fit.n_clusters < 2:
            continue
        half = ELO_SCALE * t_half_width(confidence_level, fit.df) * fit.stderr
        lower, margin, upper = np.quantile(half, [0.1, 0.5, 0.9]).tolist()
        found.append(
            Precision(
                trials=trials,
                lower=lower,
                margin=margin,
                upper=upper,
                model_based=reliability.model_based(fit.scores, fit.noise),
                split_half=reliability.split_half(part, alpha=alpha, seed=seed),
            )
        )
    return found
