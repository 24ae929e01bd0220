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
