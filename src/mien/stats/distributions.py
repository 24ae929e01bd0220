"""The laws that tests and intervals stand on, by `scipy.special`, which has their functions.

`scipy.stats` gives the same numbers and takes longer to load than most commands take to answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.special

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mien.types import Floats

# Its stubs know fewer kinds of arguments than its functions take.
_special: Any = scipy.special


def t_ppf(p: ArrayLike, df: ArrayLike) -> Floats:
    """Quantile of Student's t; the normal's where ``df`` is infinite."""
    return _floats(_special.stdtrit(df, p))


def t_sf(x: ArrayLike, df: ArrayLike) -> Floats:
    """Probability that Student's t exceeds ``x``."""
    return _floats(_special.stdtr(df, -np.asarray(x, dtype=np.float64)))


def t_half_width(confidence_level: float, df: ArrayLike) -> Floats:
    """How many standard errors a two-sided interval reaches to either side."""
    return t_ppf((1 + confidence_level) / 2, df)


def t_two_sided(x: ArrayLike, df: ArrayLike) -> Floats:
    """Probability that Student's t lies further from 0 than ``x``."""
    return 2 * t_sf(np.abs(x), df)


def norm_ppf(p: float) -> float:
    """Quantile of the standard normal law."""
    return float(_special.ndtri(p))


def chi2_ppf(p: float, df: float) -> float:
    """Quantile of χ²."""
    return 2 * float(_special.gammaincinv(df / 2, p))


def chi2_sf(x: float, df: float) -> float:
    """Probability that χ² exceeds ``x``."""
    return float(_special.chdtrc(df, x)) if x > 0 else 1.0


def f_ppf(p: float, dfn: float, dfd: float) -> float:
    """Quantile of Fisher's F."""
    return float(_special.fdtri(dfn, dfd, p))


def binomial_at_least(k: int, n: int, p: float) -> float:
    """Probability of k or more successes among n."""
    return float(_special.bdtrc(k - 1, n, p)) if k > 0 else 1.0


def beta_ppf(p: float, a: ArrayLike, b: ArrayLike) -> Floats:
    """Quantile of the beta law."""
    return _floats(_special.betaincinv(a, b, p))


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)
