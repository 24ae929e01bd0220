"""How much likelier the first option is chosen for standing first."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np
import scipy.special

from mien.stats.distributions import t_half_width

if TYPE_CHECKING:
    from mien.types import Floats


class Position(TypedDict):
    """Probability that the first option is chosen among equals, with its interval."""

    first: float
    low: float
    high: float


def first_place(
    effects: Floats, bias: Floats, covariance: Floats, *, confidence_level: float, df: float
) -> Position:
    """Probability that the first of K places is chosen among equals, from effects less their bias.

    Its log odds are β₁ − log Σ_{k>1} exp β_k; delta method on that scale. The bias
    is known to first order alone; where one place nearly always wins, what is left of it can be as large as
    what was taken out. So its square counts as variance.

    Args:
        effects: (K,) β as estimated. 144 traits in 1,000 trials inflate a position effect by a tenth.
        bias: (K,) of ``effects``, to first order.
        covariance: (K, K) of ``effects``.
        confidence_level: of the interval.
        df: its degrees of freedom, C − 1 for C prompts.
    """
    effects = effects - bias
    others = effects[1:]
    log_odds = float(effects[0] - scipy.special.logsumexp(others))
    slope = np.concatenate([[1.0], -scipy.special.softmax(others)])
    stderr = float(np.sqrt(slope @ covariance @ slope + np.square(slope @ bias)))
    margin = t_half_width(confidence_level, df) * stderr
    first, low, high = scipy.special.expit([log_odds, log_odds - margin, log_odds + margin]).tolist()
    return Position(first=first, low=low, high=high)
