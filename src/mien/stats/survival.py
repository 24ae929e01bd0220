"""How long something holds, where some were lost from sight before it could be seen to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mien.types import Floats


class Survival(NamedTuple):
    """A Kaplan–Meier curve over the steps 1 … K.

    Attributes:
        held: (K,) estimated share that still holds after each step; NaN where nobody was left to be seen.
        low: (K,) lower ends of pointwise intervals.
        high: (K,) upper ends.
        at_risk: (K,) how many were seen at each step, not having ended before.
        ended: (K,) how many of them ended there.
    """

    held: Floats
    low: Floats
    high: Floats
    at_risk: NDArray[np.int64]
    ended: NDArray[np.int64]


def survival(last: ArrayLike, ended: ArrayLike, steps: int, *, confidence_level: float = 0.95) -> Survival:
    """The share that holds after each step, by the product limit (Kaplan and Meier 1958, JASA 53, 457–481).

    Its variance is Greenwood's, its intervals are those of log(−log S) (Kalbfleisch and Prentice 1980, The
    Statistical Analysis of Failure Time Data, 1.3), which stay within 0 and 1; where nothing has ended, or
    all has, no interval is known.

    Args:
        last: (n,) the last step at which each was seen, 0 … K; 0 for one that was never seen.
        ended: (n,) whether it ended there; else it held, and was not seen again.
        steps: K.
        confidence_level: of the intervals.
    """
    at_risk, events = _counts(np.asarray(last, dtype=np.int64), np.asarray(ended, dtype=bool), steps)
    held = _product(at_risk, events)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        logarithm = np.log(held)
        width = ndtri((1 + confidence_level) / 2) * np.sqrt(greenwood) / np.abs(logarithm)
        low, high = held ** np.exp(width), held ** np.exp(-width)
    known = (held > 0) & (held < 1)
    return Survival(held, np.where(known, low, np.nan), np.where(known, high, np.nan), at_risk, events)


def pseudo_values(last: ArrayLike, ended: ArrayLike, steps: int) -> Floats:
    """(n,) what each adds to the share that holds after the last step: n S − (n − 1) S₋ᵢ.

    Without anyone lost from sight these are 1 where it held and 0 where it ended. Their mean stands for S,
    and their variance for that of S, so that what takes means takes curves as well (Andersen, Klein and
    Rosthøj 2003, Biometrika 90, 15–27). NaN where S is.
    """
    seen, ends = np.asarray(last, dtype=np.int64), np.asarray(ended, dtype=bool)
    at_risk, events = _counts(seen, ends, steps)
    whole = _product(at_risk, events)[-1] if steps else 1.0
    place = np.arange(1, steps + 1)
    risked = seen[:, None] >= place
    without = _product(at_risk - risked, events - (risked & ends[:, None] & (seen[:, None] == place)))
    alone = without[:, -1] if steps else np.ones(len(seen))
    n = len(seen)
    return n * whole - (n - 1) * np.where(np.isnan(alone), whole, alone)


def _counts(
    last: NDArray[np.int64], ended: NDArray[np.bool_], steps: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    place = np.arange(1, steps + 1)
    at_risk = (last[:, None] >= place).sum(axis=0)
    events = ((last[:, None] == place) & ended[:, None]).sum(axis=0)
    return at_risk.astype(np.int64), events.astype(np.int64)


def _product(at_risk: NDArray[np.int64], events: NDArray[np.int64]) -> Floats:
    """The product limit along the last axis; NaN from where nobody is left, unless all have ended."""
    share = np.divide(events, at_risk, out=np.full(at_risk.shape, np.nan), where=at_risk > 0)
    held = np.cumprod(1 - share, axis=-1)
    gone = np.cumprod(np.where(np.isnan(share), 1.0, 1 - share), axis=-1) == 0
    return np.where(gone, 0.0, held)
