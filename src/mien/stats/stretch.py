"""How far something moves between seven levels, −3 … 3: range, either side of 0, slope, from comparisons.

Two levels are compared on the same prompt, in either order, and the choice model gives each level a rating.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from mien.errors import NotIdentified
from mien.stats.choice import Trials, fit
from mien.stats.comparisons import TIE_CODE
from mien.stats.distributions import t_half_width, t_sf
from mien.stats.estimates import Estimates, Points, Quantity, Sample
from mien.stats.estimates.jackknife import Jackknife
from mien.stats.multiplicity import discoveries_at_least

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from mien.stats.choice import ChoiceFit
    from mien.types import Floats, Ints

#: The furthest level on either side.
FURTHEST: Final = 3
LEVELS: Final = tuple(range(-FURTHEST, FURTHEST + 1))

#: What is told of a stretch, by what follows its name in a quantity's.
PARTS: Final = ("", " up", " down", " asymmetry", " slope")

_POINTS: Final = 400 / np.log(10)  # of rating, to a natural log odd


class Told(NamedTuple):
    """(m,) values in points with their intervals."""

    values: Floats
    low: Floats
    high: Floats


class Stretch(NamedTuple):
    """What comparisons tell of one stretch.

    Attributes:
        estimates: of `PARTS`, in points: the range, level 3 less level −3; level 3 less level 0 (``up``);
            level 0 less level −3 (``down``); ``up`` less ``down`` (``asymmetry``); and the slope of the line
            of least squares through all levels, a level (``slope``).
        curve: each level less level 0.
        steps: each level less the one below it.
        endless: whether no reading speaks against the range being endless: the comparisons bound it from
            below alone, and its upper end is the ridge's.
        first: log odds by which the judge favours what it is shown first.
    """

    estimates: Estimates
    curve: Told
    steps: Told
    endless: bool
    first: float


def stretch(
    name: str,
    levels: ArrayLike,
    chosen: ArrayLike,
    prompts: Sequence[str],
    *,
    confidence_level: float = 0.95,
) -> Stretch:
    """Rate the levels by which of two a judge found to be higher.

    Args:
        name: of what is stretched; the quantities begin with it.
        levels: (T, 2) the two compared, in the order shown.
        chosen: (T,) 0 where the first was found higher, 1 where the second was, or `TIE_CODE`.
        prompts: (T,) the prompt of each comparison; those of one hang together.
        confidence_level: of the curve's and the steps' intervals.

    Raises:
        NotIdentified: the comparisons do not hang together, or are of one prompt.
    """
    shown = np.asarray(levels, dtype=np.int64).reshape(-1, 2) + FURTHEST
    picked = np.asarray(chosen, dtype=np.int64)
    if len(set(prompts)) < 2:
        raise NotIdentified(f"{name}: comparisons on {len(set(prompts))} prompts say nothing of others")
    names = [f"{name} at {level:+d}" for level in LEVELS]
    trials = Trials.of(shown, picked, len(LEVELS), clusters=np.array(prompts, dtype=str), names=names)
    found = fit(trials)
    told_of = np.eye(len(LEVELS))
    curve, steps = told_of - told_of[FURTHEST], np.diff(told_of, axis=0)
    return Stretch(
        estimates=_estimates(name, found),
        curve=_told(found, curve, confidence_level),
        steps=_told(found, steps, confidence_level),
        endless=_endless(shown, picked),
        first=float(found.positions[0] - found.positions[1]),
    )


class Wide(NamedTuple):
    """The share of n stretches whose range is above a bound, with its interval."""

    share: float
    low: float
    high: float
    n: int


def wide(stretches: Sequence[Stretch], bound: float, *, confidence_level: float = 0.95) -> Wide:
    """The share of ranges that are above a bound, as they are estimated; its interval has each one's noise.

    The interval is by closed testing (`mien.stats.multiplicity.discoveries_at_least`), at half of one minus
    the confidence level on either side: at least so many ranges are above the bound, and at least so many are
    not. A range that no reading bounds from above is not counted among the latter.

    Args:
        stretches: one or more.
        bound: in points.
        confidence_level: of the interval.
    """
    ranges = [one.estimates for one in stretches]
    above = np.array([one.values[0] for one in ranges]) - bound
    stderr, df = np.array([one.stderr[0] for one in ranges]), np.array([one.df[0] for one in ranges])
    n, alpha = len(ranges), (1 - confidence_level) / 2
    least = discoveries_at_least(t_sf(above / stderr, df), alpha)
    below = np.where([one.endless for one in stretches], 1.0, t_sf(-above / stderr, df))
    most = n - discoveries_at_least(below, alpha)
    return Wide(float(np.mean(above > 0)), least / n, most / n, n)


def _contrasts() -> Floats:
    """(7, 5) from the levels' scores to `PARTS`."""
    level = np.eye(len(LEVELS))
    up, down = level[-1] - level[FURTHEST], level[FURTHEST] - level[0]
    slope = np.array(LEVELS) / np.square(LEVELS).sum()
    return np.array([up + down, up, down, up - down, slope]).T


def _told(found: ChoiceFit, contrasts: Floats, confidence_level: float) -> Told:
    n = len(LEVELS)
    values = _POINTS * contrasts @ found.scores
    variances = np.sum((contrasts @ found.covariance[:n, :n]) * contrasts, axis=1)
    half = t_half_width(confidence_level, found.df) * _POINTS * np.sqrt(np.maximum(variances, 0))
    return Told(values, values - half, values + half)


def _estimates(name: str, found: ChoiceFit) -> Estimates:
    n, contrasts = len(LEVELS), _POINTS * _contrasts()
    n_parts, n_clusters = contrasts.shape[1], found.n_clusters
    covariance = contrasts.T @ found.covariance[:n, :n] @ contrasts
    return Estimates(
        label=name,
        quantities=tuple(Quantity(f"{name}{part}", Points()) for part in PARTS),
        values=contrasts.T @ found.scores,
        covariance=covariance,
        jackknife=Jackknife(
            clusters=tuple(found.clusters.tolist()),
            gradients=found.gradients,
            bread=found.bread[:, :n] @ contrasts,
            correction=np.full(len(found.bread), np.sqrt(found.correction)),
            unseen=np.zeros((0, n_parts)),
        ),
        told=sp.csr_array(np.ones((n_clusters, n_parts), dtype=bool)),
        df=np.repeat(float(found.df), n_parts),
        working=np.diag(np.diag(covariance)),  # the parts are made of each other
        sample=Sample(n=found.n_trials, each="reading", length=float(n_clusters), by="prompt"),
    )


def _endless(shown: Ints, chosen: Ints) -> bool:
    """Whether no chain of readings leads from the lowest level to one that beats the highest.

    The scores of two levels are any distance apart where there is no chain of wins, or ties, from the lower
    to the higher (Ford 1957, The American Mathematical Monthly 64, 28–33).
    """
    rows = np.arange(len(chosen))
    tied = chosen == TIE_CODE
    won = shown[rows, np.where(tied, 0, chosen)]
    lost = shown[rows, np.where(tied, 1, 1 - chosen)]
    beats = np.zeros((len(LEVELS), len(LEVELS)), dtype=bool)
    beats[won, lost] = True
    beats[lost[tied], won[tied]] = True
    _, group = connected_components(sp.csr_array(beats), connection="strong")
    return bool(group[0] != group[-1])
