"""How far scores and verdicts can be trusted: reliability of a profile, agreement and accuracy of judges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import scipy.stats

from mien.errors import NotIdentified
from mien.stats.choice import plackett_luce as choice

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

ROUNDING: Final = 1e-9  # log odds within which scores are equal, as where every trait was read every time


class Kappa(NamedTuple):
    """Cohen's κ of two judges with its large-sample standard error and interval."""

    kappa: float
    stderr: float
    low: float
    high: float
    n: int


class Proportion(NamedTuple):
    """A share of n trials with its interval."""

    share: float
    low: float
    high: float
    n: int


def model_based(scores: ArrayLike, stderr: ArrayLike, *, shrunk: bool = False) -> float | None:
    """Share of the variance of scores that is not error, 1 − mean(stderr²)/var(scores).

    The separation reliability of Rasch measurement (Wright and Masters 1982, "Rating Scale Analysis").
    At or below 0 the scores cannot be told from noise. None where all scores are equal.

    Scores that a prior has shrunk vary less than the truth, by their mean posterior variance: with
    ``shrunk`` it is var(scores)/(var(scores) + mean(stderr²)).
    """
    variance = float(np.var(np.asarray(scores, dtype=np.float64), ddof=1))
    error = float(np.mean(np.square(np.asarray(stderr, dtype=np.float64))))
    if not (variance > ROUNDING**2 and np.isfinite(error)):
        return None
    return variance / (variance + error) if shrunk else 1 - error / variance


def split_half(
    options: ArrayLike,
    chosen: ArrayLike,
    n_items: int,
    *,
    clusters: ArrayLike | None = None,
    alpha: float = choice.DEFAULT_ALPHA,
    n_splits: int = 5,
    seed: int = 0,
    misread: ArrayLike | None = None,
) -> float | None:
    """Correlation of the scores from two halves of the clusters, stepped up to full length.

    The mean r over seeded random splits goes through the formula of Spearman (1910) and Brown (1910) as
    2r/(1 + |r|), so that a negative r stays a correlation. A split whose half does not determine all scores
    is left out; None where that befalls all of them.

    Args:
        options: (T, K) items shown, as for `choice.fit`.
        chosen: (T,) position of the chosen option.
        n_items: n.
        clusters: (T,) labels of what is split; None splits trials.
        alpha: ridge strength of the fits.
        n_splits: random splits to average over.
        seed: of the splits.
        misread: (n,) errors of the judge, as for `choice.fit`.
    """
    shown, picked = np.asarray(options), np.asarray(chosen)
    labels = np.arange(len(picked)) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    n_clusters = int(labels.max(initial=-1)) + 1
    rng = np.random.default_rng(seed)
    correlations: list[float] = []
    for _ in range(n_splits):
        half = (rng.permutation(n_clusters) < n_clusters // 2)[labels]
        try:
            first, second = (
                choice.fit(shown[h], picked[h], n_items, alpha=alpha, misread=misread) for h in (half, ~half)
            )
        except NotIdentified:
            continue
        if np.ptp(first.scores) > ROUNDING and np.ptp(second.scores) > ROUNDING:
            correlations.append(float(np.corrcoef(first.scores, second.scores)[0, 1]))
    if not correlations:
        return None
    r = float(np.mean(correlations))
    return 2 * r / (1 + abs(r))


def cohen_kappa(a: ArrayLike, b: ArrayLike, *, confidence_level: float = 0.95) -> Kappa:
    """Agreement of two judges' labels beyond chance (Cohen 1960), unweighted.

    The standard error is the large-sample one of Fleiss, Cohen and Everitt (1969, Psychological Bulletin 72,
    323–327). Where both judges always give one and the same label, κ is 0/0 and everything is NaN.

    Args:
        a: (T,) labels of one judge: any hashable values, such as trait names or ``"neither"``.
        b: (T,) labels of the other for the same trials.
        confidence_level: of the interval.

    Raises:
        ValueError: no labels, or of different lengths.
    """
    first, second = np.asarray(a), np.asarray(b)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ValueError("a and b must be labels of the same trials, at least one")
    labels, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    i, j = codes[: len(first)], codes[len(first) :]
    n = len(first)
    rows, columns = np.bincount(i, minlength=len(labels)) / n, np.bincount(j, minlength=len(labels)) / n
    agreement, chance = np.count_nonzero(i == j) / n, float(np.sum(rows * columns))
    if chance == 1:
        return Kappa(np.nan, np.nan, np.nan, np.nan, n)
    kappa = (agreement - chance) / (1 - chance)
    # Each trial's term of the delta method; their mean square less the square of their mean is n · var(κ).
    pull = np.where(i == j, 1.0, 0.0) - (1 - kappa) * (columns[i] + rows[j])
    centre = kappa - chance * (1 - kappa)
    variance = max(float(np.mean(pull**2)) - centre**2, 0.0) / (1 - chance) ** 2 / n
    stderr = float(np.sqrt(variance))
    margin = float(scipy.stats.norm.ppf((1 + confidence_level) / 2)) * stderr
    return Kappa(kappa, stderr, max(kappa - margin, -1.0), min(kappa + margin, 1.0), n)


def proportion(
    successes: ArrayLike, *, clusters: ArrayLike | None = None, confidence_level: float = 0.95
) -> Proportion:
    """A share with its interval from clustered trials.

    Wilson's interval (1927) at the effective sample size n / deff, with deff the ratio of the clustered
    variance to the binomial one (Korn and Graubard 1998, Survey Methodology 24, 193–201), never below what
    independent trials would give. For booleans that is 1. Scores s between 0 and 1, such as ½ for a tie, vary
    less: 1 − Σ s(1 − s)/(n + z²)/(share (1 − share)), the z² being successes and failures added in equal
    numbers, as Agresti and Coull (1998, The American Statistician 52, 119–126) add them.

    Args:
        successes: (T,) booleans, or scores between 0 and 1.
        clusters: (T,) labels; None makes every trial its own cluster.
        confidence_level: of the interval.

    Raises:
        ValueError: no trials.
    """
    hits = np.asarray(successes, dtype=np.float64)
    n = len(hits)
    if n == 0:
        raise ValueError("a share of no trials")
    share = float(hits.mean())
    codes = np.arange(n) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    n_clusters = int(codes.max()) + 1
    if n_clusters == 1:
        return Proportion(share, 0.0, 1.0, n)
    z = float(scipy.stats.t.ppf((1 + confidence_level) / 2, n_clusters - 1))
    binomial = share * (1 - share) / n
    effective = float(n)
    if binomial > 0:
        sums = np.bincount(codes, hits - share)
        clustered = n_clusters / (n_clusters - 1) * float(sums @ sums) / n**2
        independent = binomial - float(np.sum(hits * (1 - hits))) / (n * (n + z**2))
        effective = n * binomial / max(clustered, independent)
    centre = (share + z**2 / (2 * effective)) / (1 + z**2 / effective)
    margin = z / (1 + z**2 / effective) * np.sqrt(share * (1 - share) / effective + (z / effective) ** 2 / 4)
    return Proportion(share, max(float(centre - margin), 0.0), min(float(centre + margin), 1.0), n)
