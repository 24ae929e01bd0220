"""Many tests at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mien.types import Floats


def false_discovery(p: ArrayLike) -> Floats:
    """q: the least false-discovery rate at which each of the tests along the last axis is a discovery.

    Benjamini and Hochberg (1995, Journal of the Royal Statistical Society B 57, 289–300): of m tests, the
    i-th smallest p becomes the least of p·m/j over j ≥ i.

    Raises:
        ValueError: a p that is no probability.
    """
    ps = np.asarray(p, dtype=np.float64)
    if not np.all((ps >= 0) & (ps <= 1)):
        raise ValueError("a p that is not between 0 and 1")
    m = ps.shape[-1]
    order = np.argsort(ps, axis=-1)
    ranked: Floats = np.take_along_axis(ps, order, axis=-1)
    scaled = ranked * m / np.arange(1, m + 1, dtype=np.float64)
    least = np.minimum.accumulate(scaled[..., ::-1], axis=-1)[..., ::-1]
    q = np.empty_like(ps)
    np.put_along_axis(q, order, least, axis=-1)
    return np.clip(q, 0, 1)


def discoveries_at_least(p: ArrayLike, alpha: float) -> int:
    """A number that the false hypotheses among all tested do not fall below, but with probability alpha.

    By closed testing with Simes' test (Goeman, Meijer, Krebs and Solari 2019, Biometrika 106, 841–856): m
    less Hommel's h, the size of the largest set of hypotheses that are not refuted together, which is that of
    the largest ps: all p_(m−h+i) > iα/h. It holds where Simes' test does: of independent tests, and of those
    that depend on each other positively.

    Args:
        p: (m,) of each test.
        alpha: at most the chance that there are fewer.

    Raises:
        ValueError: a p that is no probability.
    """
    ps = np.sort(np.asarray(p, dtype=np.float64))
    if not np.all((ps >= 0) & (ps <= 1)):
        raise ValueError("a p that is not between 0 and 1")
    m = len(ps)
    for h in range(m, 0, -1):
        if np.all(ps[m - h :] > np.arange(1, h + 1) * alpha / h):
            return m - h
    return m
