"""Intervals that hold for each score as often as they say, and are shorter where a prior foretold it.

A posterior interval holds the truth 95 times in 100 on average over the scores that its prior describes: more
often for those like the rest, and hardly ever for the one that stands out by more than the data can tell.
These intervals invert a test of each value θ that rejects it with probability α whatever the prior says; the
prior decides alone how α is parted between the two sides, so that intervals are as short as can be on average
under it (Pratt 1963, Ann. Math. Statist. 34, 574–586; Yu and Hoff 2018, Biometrika 105, 319–335). A wrong
prior makes them longer, and no less true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mien.stats.distributions import t_ppf

if TYPE_CHECKING:
    from mien.stats.choice.pooled import Foretold
    from mien.types import Floats

N_VALUES: Final = 161  # of θ that are tested; ends are interpolated between them
N_HALVINGS: Final = 32
LEAST_PART: Final = 1e-9  # of α on one side


def assisted_interval(
    estimate: Floats, stderr: Floats, foretold: Foretold, *, df: float, confidence_level: float
) -> tuple[Floats, Floats]:
    """(n,) lower and upper ends.

    Value θ is kept where the estimate y lies in (θ + s t_{αw}, θ + s t_{1−α(1−w)}). w(θ) is such that at both
    ends y is as probable under the prior, over its probability under θ; it is reckoned with normal laws,
    which costs a little length where ``df`` is small, and no coverage. An estimate's errors are skewed,
    though, and most so where it is large; so a score that stands out, of which the prior has nothing to
    tell, has an interval that falls on neither side short of that without a prior.

    Args:
        estimate: (n,) scores by the run's own trials.
        stderr: (n,) their standard errors s.
        foretold: what is held likely of each score without its own trials.
        df: degrees of freedom of the standard errors.
        confidence_level: 1 − α.
    """
    alpha = 1 - confidence_level
    centred = ((estimate - foretold.mean) / stderr)[:, None]
    # Beyond the foretold value and the estimate, the test is never laxer than with both sides alike.
    reach = float(t_ppf(1 - alpha / 2, df)) + 1e-6
    low, high = np.minimum(centred, 0) - reach, np.maximum(centred, 0) + reach
    values = low + (high - low) * np.linspace(0, 1, N_VALUES)
    below = _parts(values, foretold, stderr, alpha)
    # Values that are kept need not be neighbours under a prior with a slab: take all from first to last.
    highest = np.maximum.accumulate(values - t_ppf(alpha * (1 - below), df), axis=1)
    lowest = np.minimum.accumulate((values + t_ppf(alpha * below, df))[:, ::-1], axis=1)[:, ::-1]
    ends = [_crossing(values, highest, centred), _crossing(-values[:, ::-1], -lowest[:, ::-1], -centred)]
    margin = np.where(foretold.stands_out, stderr * t_ppf(1 - alpha / 2, df), 0)
    return (
        np.minimum(foretold.mean + stderr * ends[0], estimate - margin),
        np.maximum(foretold.mean - stderr * ends[1], estimate + margin),
    )


def _parts(values: Floats, foretold: Foretold, stderr: Floats, alpha: float) -> Floats:
    """(n, V) w: which part of α lies below each value, in standard errors from what was foretold."""
    narrow = 1 + foretold.variance / np.square(stderr)
    laws = [
        (share, variance[:, None])
        for share, variance in (
            (1 - foretold.share, narrow),
            (foretold.share, narrow + foretold.size / np.square(stderr)),
        )
    ]

    def foretells(at: Floats) -> Floats:
        """(n, V) log density of an estimate."""
        densities = [np.log(p) - np.log(v) / 2 - np.square(at) / (2 * v) for p, v in laws]
        return np.logaddexp(*densities)

    least, most = np.full(values.shape, LEAST_PART), np.full(values.shape, 1 - LEAST_PART)
    for _ in range(N_HALVINGS):
        part = (least + most) / 2
        below, above = -t_ppf(alpha * part, np.inf), -t_ppf(alpha * (1 - part), np.inf)
        # Where the lower end is foretold more than the upper one, it is to come nearer.
        nearer = foretells(values - below) + below**2 / 2 > foretells(values + above) + above**2 / 2
        least, most = np.where(nearer, part, least), np.where(nearer, most, part)
    return (least + most) / 2


def _crossing(values: Floats, rising: Floats, level: Floats) -> Floats:
    """(n,) the first value at which what rises with it (n, V) exceeds the level (n, 1)."""
    after = np.clip(np.argmax(rising > level, axis=1), 1, None)[:, None]
    (x0, x1), (y0, y1) = (
        (np.take_along_axis(of, after - 1, axis=1), np.take_along_axis(of, after, axis=1))
        for of in (values, rising)
    )
    part = np.divide(level - y0, y1 - y0, out=np.ones_like(level), where=y1 > y0)
    return (x0 + np.clip(part, 0, 1) * (x1 - x0))[:, 0]
