"""How far the scores of a profile can be trusted: the share of their variance that is not error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mien.errors import NotIdentified
from mien.stats import choice

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mien.stats.choice import Trials


MIN_TRAITS: Final = 5  # of fewer, halves of noise alone come out at .8 or more in over 1 run of 20
ROUNDING: Final = 1e-9  # log odds within which scores are equal, as where every trait was read every time


def model_based(scores: ArrayLike, noise: ArrayLike, *, shrunk: bool = False) -> float | None:
    """Share of the variance of scores that is not error, 1 − mean(noise)/var(scores).

    The separation reliability of Rasch measurement (Wright and Masters 1982, "Rating Scale Analysis").
    At or below 0 the scores cannot be told from noise. None where all scores are equal.

    Scores that a prior has shrunk vary less than the truth, by their mean posterior variance: with
    ``shrunk`` it is var(scores)/(var(scores) + mean(noise)).

    Args:
        scores: (n,) estimates.
        noise: (n,) variances of their errors. Their mean counts: standard errors that are careful with each
            score (`mien.stats.choice.ChoiceFit.stderr`) would make it too large.
        shrunk: whether the scores are pulled to a prior.
    """
    variance = float(np.var(np.asarray(scores, dtype=np.float64), ddof=1))
    error = float(np.mean(np.asarray(noise, dtype=np.float64)))
    if not (variance > ROUNDING**2 and np.isfinite(error)):
        return None
    return variance / (variance + error) if shrunk else 1 - error / variance


def split_half(
    trials: Trials, *, alpha: float = choice.DEFAULT_ALPHA, n_splits: int = 5, seed: int = 0
) -> float | None:
    """Correlation of the scores from two halves of the clusters, stepped up to full length.

    The mean r over seeded random splits goes through the formula of Spearman (1910) and Brown (1910) as
    2r/(1 + |r|), so that a negative r stays a correlation. A split whose half does not determine all scores
    is left out; None where that befalls all of them, and for fewer than `MIN_TRAITS` items: the correlation
    of two points is always 1 or −1.

    Args:
        trials: what was shown and chosen; its clusters are what is split.
        alpha: ridge strength of the fits.
        n_splits: random splits to average over.
        seed: of the splits.
    """
    if trials.n_items < MIN_TRAITS:
        return None
    n_clusters = trials.n_clusters
    rng = np.random.default_rng(seed)
    first_halves = [rng.permutation(n_clusters) < n_clusters // 2 for _ in range(n_splits)]
    halves = trials.parts(mask for first in first_halves for mask in (first, ~first))
    correlations: list[float] = []
    for _ in range(n_splits):
        split = next(halves), next(halves)
        try:
            first, second = (choice.scores(half, alpha=alpha) for half in split)
        except NotIdentified:
            continue
        if np.ptp(first) > ROUNDING and np.ptp(second) > ROUNDING:
            correlations.append(float(np.corrcoef(first, second)[0, 1]))
    if not correlations:
        return None
    r = float(np.mean(correlations))
    return 2 * r / (1 + abs(r))
