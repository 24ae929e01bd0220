"""How alike every two of many models rank the same traits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mien.stats.correlation import Correlation, ranks
from mien.stats.distributions import norm_ppf

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mien.types import Floats


class PairRow(Correlation):
    """`Correlation` of two runs."""

    a: str
    b: str


class Correlations(NamedTuple):
    """(R, R) of every two of R models, as `mien.stats.correlation.rank_correlation` has them; NaN for None.

    Attributes:
        rho: Spearman's.
        low: lower ends of the intervals.
        high: upper ends.
        attenuation: what each of them is divided by for the corrected one, √(rel_a rel_b).
    """

    rho: Floats
    low: Floats
    high: Floats
    attenuation: Floats

    @classmethod
    def of(
        cls, scores: Floats, reliabilities: Sequence[float | None], confidence_level: float
    ) -> Correlations:
        """Correlate (R, n) scores, given the reliability of each model's."""
        n = scores.shape[1]
        centred = ranks(scores)
        centred -= centred.mean(axis=1, keepdims=True)
        squares = np.where(np.ptp(scores, axis=1) > 0, np.sum(centred**2, axis=1), np.nan)
        rho = centred @ centred.T / np.sqrt(np.outer(squares, squares))
        low = high = np.full_like(rho, np.nan)
        if n > 3:
            z = np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12))
            half = norm_ppf((1 + confidence_level) / 2) * np.sqrt((1 + rho**2 / 2) / (n - 3))
            low, high = np.tanh(z - half), np.tanh(z + half)
        reliable = np.array([np.nan if value is None or value <= 0 else value for value in reliabilities])
        return cls(rho, low, high, np.sqrt(np.outer(reliable, reliable)))

    def rows(self, names: Sequence[str]) -> Iterator[PairRow]:
        """A row a pair, made as it is asked for."""
        ends = (self.rho, self.low, self.high)
        for i, a in enumerate(names):
            own = [end[i, i + 1 :] for end in ends]
            corrected = [np.clip(end / self.attenuation[i, i + 1 :], -1, 1) for end in own]
            columns = [_nullable(values) for values in (*own, *corrected)]
            for b, rho, low, high, freed, freed_low, freed_high in zip(names[i + 1 :], *columns, strict=True):
                yield PairRow(
                    a=a,
                    b=b,
                    spearman=rho,
                    low=low,
                    high=high,
                    disattenuated=freed,
                    disattenuated_low=freed_low,
                    disattenuated_high=freed_high,
                )


def _nullable(values: Floats) -> list[float | None]:
    unknown: list[bool] = np.isnan(values).tolist()
    return [None if lacks else value for value, lacks in zip(values.tolist(), unknown, strict=True)]
