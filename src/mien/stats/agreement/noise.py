"""Whether two ways of asking differ by more than asking twice does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mien.stats.proportions import proportion

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mien.stats.proportions import Proportion
    from mien.types import Floats


class BeyondNoise(NamedTuple):
    """How often readings differ.

    Attributes:
        across: share of what was read in which the two ways of asking came to different readings.
        within: share in which asking the one way twice did: the noise.
        p: the chance of so much more of the first, or still more, if the ways of asking are one.
        clusters: in how many clusters this was looked at.
    """

    across: Proportion
    within: Proportion
    p: float
    clusters: int


def beyond_noise(
    across: ArrayLike, within: ArrayLike, clusters: ArrayLike, *, confidence_level: float = 0.95
) -> BeyondNoise:
    """Test whether readings under another wording differ more often than repeated readings do.

    If the other wording were the same to who reads, its reading and the repeated one could change places in
    each cluster. So the sum of the differences, with the sign of each cluster's turned in all ways, is what
    the one that was seen is held against, one-sided and exactly (Fisher's randomisation test).

    Args:
        across: (T,) whether the reading under another wording differs.
        within: (T,) whether the repeated reading under the same wording differs.
        clusters: (T,) labels.
        confidence_level: of the intervals.

    Raises:
        ValueError: nothing was read.
    """
    other, same = (np.asarray(values, dtype=np.int64) for values in (across, within))
    labels = np.asarray(clusters)
    codes = np.unique(labels, return_inverse=True)[1]
    sums = np.bincount(codes, other - same).astype(np.int64) if len(codes) else np.zeros(0, np.int64)
    chances: Floats = np.ones(1)
    for size in np.abs(sums[sums != 0]):
        flips = np.zeros(2 * size + 1)
        flips[[0, -1]] = 0.5
        chances = np.convolve(chances, flips)
    reached = int(sums.sum() + np.abs(sums).sum())  # places are sums from the lowest that there can be
    return BeyondNoise(
        across=proportion(other, clusters=labels, confidence_level=confidence_level),
        within=proportion(same, clusters=labels, confidence_level=confidence_level),
        p=float(min(chances[reached:].sum(), 1.0)),
        clusters=len(sums),
    )
