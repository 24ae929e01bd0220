"""Whether the choice model describes a run: tests against intransitivity, and the pairs it explains worst."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypedDict

import numpy as np

from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.profiles.one_dimension import one_dimension
from mien.stats.profiles.pair_residuals import contests, pair_residuals

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mien.stats.comparisons import Comparisons
    from mien.stats.profiles.one_dimension import Departure

WORST: Final = 20  # pairs that JSON holds


class PairRow(TypedDict):
    """Two traits: how often ``a`` was chosen of ``n`` times that one of them was, and how often expected.

    ``residual`` is standardised; ``q`` adjusts p for all pairs that met; ``departs`` where it is below the
    false-discovery rate.
    """

    a: str
    b: str
    n: int
    chosen: int
    expected: float
    residual: float
    p: float
    q: float
    departs: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GoodnessOfFit:
    """How well scores explain the choices between the traits of each pair.

    Attributes:
        tests: of departures of each pair by itself, and of a second dimension.
        rows: of the pairs that met, those that scores explain worst first.
        n_pairs: pairs of the run's traits, whether they met or not.
        fdr: false-discovery rate at which a pair counts as departing.
    """

    tests: tuple[Departure, ...]
    rows: Sequence[PairRow]
    n_pairs: int
    fdr: float

    @property
    def departing(self) -> list[PairRow]:
        """The pairs that scores do not explain."""
        return [row for row in self.rows if row["departs"]]

    @property
    def table(self) -> pd.DataFrame:
        """`rows` as a table."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """What ``mien reliability --json`` prints: plain values, and of the pairs the `WORST`."""
        return {
            "tests": [test.to_dict() for test in self.tests],
            "pairs": [dict(row) for row in self.rows[:WORST]],
            "n_pairs": self.n_pairs,
            "n_met": len(self.rows),
            "n_departing": len(self.departing),
            "fdr": self.fdr,
        }


def goodness_of_fit(
    comparisons: Comparisons, *, alpha: float = choice.DEFAULT_ALPHA, fdr: float = 0.05, seed: int = 0
) -> GoodnessOfFit:
    """Hold a run's choices against the scores that are fitted to them.

    Args:
        comparisons: the run's verdicts.
        alpha: ridge strength of the choice model.
        fdr: false-discovery rate at which a pair counts as departing.
        seed: of the tests.

    Raises:
        NotIdentified: too few choices to rate all traits.
    """
    trials = Trials.decided(comparisons)
    fit = choice.fit(trials, alpha=alpha)
    whole = trials.only(trials.chosen >= 0)  # a tie is won by neither
    met = contests(whole, np.concatenate([fit.scores, fit.positions]))
    found = pair_residuals(met, whole.clustered()[1])
    # Of pairs with one p, those of larger residuals first.
    order: list[int] = np.lexsort((-np.abs(found.residual), found.p)).tolist()
    pairs: list[list[int]] = met.pairs.tolist()
    rows = [
        PairRow(
            a=comparisons.traits[pairs[i][0]],
            b=comparisons.traits[pairs[i][1]],
            n=int(found.n[i]),
            chosen=round(float(found.won[i])),
            expected=float(found.expected[i]),
            residual=float(found.residual[i]),
            p=float(found.p[i]),
            q=float(found.q[i]),
            departs=bool(found.q[i] < fdr),
        )
        for i in order
        if found.n[i]
    ]
    n = len(comparisons.traits)
    return GoodnessOfFit(
        tests=one_dimension(trials, fit, seed=seed), rows=rows, n_pairs=n * (n - 1) // 2, fdr=fdr
    )
