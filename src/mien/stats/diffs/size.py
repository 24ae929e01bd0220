"""How large a change is as a whole, once the noise is taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np
import scipy

from mien.stats.distributions import chi2_sf

if TYPE_CHECKING:
    from mien.types import Floats


class Size(TypedDict):
    """Root-mean-square change of the true ratings, with its interval; points of Elo."""

    rms: float
    low: float
    high: float


def size(
    delta: Floats,
    covariance: Floats,
    *,
    expected: float | None = None,
    kept: float = 1.0,
    confidence_level: float = 0.95,
) -> Size:
    """Estimate the root mean square of n true changes from noisy ones.

    The sum of squares of the estimates is too large by that of their errors. How much that is has two
    accounts: the trace of the covariance, which errs towards too much in short runs, and what a model
    expects, which errs towards too little. The estimate subtracts their mean, and a difference below 0 counts
    as 0. The interval holds every size under which the observed sum of squares lies in neither tail of its
    law; a size stands for changes in the observed proportions. Its lower end is by the first account, its
    upper end by the second, and for changes of which the estimates show but a part. Where nothing changed it
    leaves out 0 in (1 − confidence_level)/2 of cases at most.

    Where less is seen than noise alone would give, the upper end is that of a sum of squares of just the
    noise: what is still by luck says no more about the size than the noise lets it say (the power-constrained
    limits of Cowan, Cranmer, Gross and Vitells 2011, arXiv:1105.3166).

    Args:
        delta: (n,) estimated changes.
        covariance: (n, n) of ``delta``.
        expected: the second account, a sum of n variances; the trace of ``covariance`` where there is none,
            and no more than it.
        kept: share of the squared size of true changes that the estimates show.
        confidence_level: of the interval; each tail has half of the rest.
    """
    n, law = len(delta), _SumOfSquares.of(delta, covariance)
    observed, noise = float(delta @ delta), law.traces[0]
    if noise <= 0:
        rms = float(np.sqrt(observed / n))
        return Size(rms=rms, low=rms, high=rms)
    least = noise if expected is None else min(max(expected, 0.0), noise)
    tail = (1 - confidence_level) / 2
    squares = (
        max(observed - (noise + least) / 2, 0.0),
        law.smallest_shift(observed, tail),
        law.with_mean(least).smallest_shift(max(observed, least), 1 - tail) / kept,
    )
    rms, low, high = np.sqrt(np.array(squares) / n).tolist()
    return Size(rms=rms, low=low, high=high)


class _SumOfSquares(NamedTuple):
    """The law of ‖δ + ε‖², ε normal with covariance V, by the length of δ; its direction u is fixed.

    Attributes:
        traces: tr V, tr V², tr V³.
        forms: uᵀu, uᵀVu, uᵀV²u.
    """

    traces: tuple[float, float, float]
    forms: tuple[float, float, float]

    @classmethod
    def of(cls, delta: Floats, covariance: Floats) -> _SumOfSquares:
        squared = covariance @ covariance
        traces = float(np.trace(covariance)), float(np.trace(squared)), float(np.sum(squared * covariance))
        length = float(np.dot(delta, delta))
        if not length:  # any direction, on the average
            return cls(traces, (1.0, traces[0] / len(delta), traces[1] / len(delta)))
        along = float(np.dot(delta, covariance @ delta)), float(np.dot(delta, squared @ delta))
        return cls(traces, (1.0, along[0] / length, along[1] / length))

    def with_mean(self, noise: float) -> _SumOfSquares:
        """The law where E ‖ε‖² is ``noise``, and its spread as it was."""
        return self._replace(traces=(noise, *self.traces[1:]))

    def exceeds(self, value: float, shift: float) -> float:
        """Probability of ``value`` or more where ‖δ‖² is ``shift``.

        The three-moment chi-squared approximation of Pearson and Imhof (1961, Biometrika 48, 419–426), with
        c_j = tr V^j + j δᵀV^(j−1)δ.
        """
        c1, c2, c3 = (trace + j * shift * form for j, trace, form in zip((1, 2, 3), *self, strict=True))
        df = c2**3 / c3**2
        standing = (value - c1) * float(np.sqrt(df / c2)) + df
        return chi2_sf(standing, df)

    def smallest_shift(self, value: float, probability: float) -> float:
        """The least ‖δ‖² under which ``value`` is exceeded with this probability."""

        def excess(shift: float) -> float:
            return self.exceeds(value, shift) - probability

        if excess(0.0) >= 0:
            return 0.0
        top = (value + self.traces[0]) or float(np.sqrt(self.traces[1]))
        while excess(top) < 0:
            top *= 2
        return float(scipy.optimize.brentq(excess, 0.0, top, xtol=1e-9 * top))
