"""Named quantities with their joint noise: what a diff, a gate, a plan, a report row and a figure take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import scipy.sparse as sp

from mien.stats.distributions import t_half_width
from mien.stats.estimates import ranks
from mien.stats.estimates.circumstances import UNKNOWN, Circumstances
from mien.stats.estimates.units import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from mien.stats.estimates.jackknife import Jackknife
    from mien.types import Floats

Direction = Literal["better", "worse", "neither"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """What was estimated.

    Attributes:
        name: as gates, rows and figures call it.
        unit: what it is told in, and so what can be said of it.
        more: whether more of it is better, worse, or neither.
    """

    name: str
    unit: Unit = field(default_factory=Unit)
    more: Direction = "neither"


class Sample(NamedTuple):
    """What estimates were made of.

    Attributes:
        n: how many observations there were, ``each`` being what one is called.
        each: ``choice``, ``response``.
        length: how long the sample is, in what makes it longer: the variance falls as 1/length.
        by: what that is called, ``round``, ``prompt``.
        method: how they were made, such as the instrument; empty where that has no name.
    """

    n: int
    each: str
    length: float
    by: str
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimates:
    """n quantities, their values, and how far each cluster of observations pulls each of them.

    Whoever makes one says how observations become numbers; diffs, gates, plans, reports and figures follow.

    Attributes:
        label: whose they are: a run, a model.
        quantities: what was estimated, n of them.
        values: (n,) in the quantities' units.
        covariance: (n, n) of ``values``, with all small-sample corrections.
        jackknife: how far each cluster pulls them. Its shares need not add up to the whole covariance: what
            is left is independent of the clusters, and of other estimates.
        told: (C, n) sparse, True where a cluster tells of a quantity.
        df: (n,) degrees of freedom of each value's own interval.
        working: (n, n) covariance that takes no notice of clusters: the metric in which quantities count as a
            whole.
        expected: (n,) variances as a model expects them that takes no notice of what was observed; None
            where there is none. They are too small, if anything, as ``covariance`` is too large.
        ridge: strength of a ridge, in units of the values: a difference δ shows as δ − ridge · ``working`` δ.
        sample: what they were made of.
        noun: what one quantity is called; a diff's rows and keys are called so, too.
        reliability: share of the variance of the values that is not error, where that is known.
        made: under what circumstances.
        endings: shares of observations that told nothing of the quantities, by how they ended; None where
            that is not known.
        unrated: what would be quantities, too, had the observations told anything of them.
        incomparable: why a difference from others would not be its own, after "the profile of x"; empty
            where it would be.
        common: (m, n) pulls, by name, of what other estimates may rest on as well, such as a judge's
            calibration: independent of the clusters, and in ``covariance``.
    """

    label: str
    quantities: tuple[Quantity, ...]
    values: Floats
    covariance: Floats
    jackknife: Jackknife
    told: sp.csr_array
    df: Floats
    working: Floats
    sample: Sample
    expected: Floats | None = None
    ridge: float = 0.0
    noun: str = "quantity"
    reliability: float | None = None
    made: Circumstances = UNKNOWN
    endings: Estimates | None = None
    unrated: tuple[str, ...] = ()
    incomparable: str = ""
    common: Mapping[str, Floats] = field(default_factory=dict[str, "Floats"])

    @property
    def names(self) -> tuple[str, ...]:
        """The n names."""
        return tuple(quantity.name for quantity in self.quantities)

    @property
    def stderr(self) -> Floats:
        """(n,) standard errors of ``values``."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def unit(self) -> Unit | None:
        """The unit of all quantities, where they are on one scale: ranked, or squared and added up."""
        units = {quantity.unit for quantity in self.quantities}
        return next(iter(units)) if len(units) == 1 and next(iter(units)).scaled else None

    @property
    def centred(self) -> bool:
        """Whether values are told from their common mean, so that n − 1 of them are free."""
        return self.unit is not None and self.unit.centre is not None

    @property
    def n_clusters(self) -> int:
        """Number of clusters, C."""
        return len(self.jackknife.clusters)

    @property
    def clusters_per_quantity(self) -> NDArray[np.int64]:
        """(n,) number of clusters that tell of each quantity."""
        return np.asarray(self.told.sum(axis=0), dtype=np.int64)

    def intervals(self, confidence_level: float = 0.95) -> tuple[Floats, Floats]:
        """(n,) lower and upper ends of the values' own intervals, as their units have them."""
        quantile = t_half_width(confidence_level, self.df)
        low, high, stderr = np.empty_like(self.values), np.empty_like(self.values), self.stderr
        for i, quantity in enumerate(self.quantities):
            here = slice(i, i + 1)
            low[here], high[here] = quantity.unit.interval(self.values[here], stderr[here], quantile[here])
        return low, high

    def detectable(self, confidence_level: float = 0.95, *, power: float = 0.8) -> dict[str, float]:
        """The smallest difference between two such estimates that would be found, by quantity.

        With that power, at one minus the confidence level, two-sided, where what clusters do to both does not
        cancel; paired clusters make it smaller.
        """
        quantile = t_half_width(confidence_level, self.df) + t_half_width(2 * power - 1, self.df)
        return dict(zip(self.names, (np.sqrt(2) * self.stderr * quantile).tolist(), strict=True))

    def shown(self, confidence_level: float = 0.95) -> list[tuple[str, str]]:
        """Each value and its interval as text, in its unit; no interval where it has no width."""
        low, high = self.intervals(confidence_level)
        units = [quantity.unit for quantity in self.quantities]
        return [
            (unit.shown(value), f"{unit.shown(a)} … {unit.shown(b)}" if a < b else "")
            for unit, value, a, b in zip(units, self.values, low, high, strict=True)
        ]

    def rank(self, item: int, *, confidence_level: float = 0.95) -> ranks.Rank:
        """The rank of one quantity among all, which are on one scale (`mien.stats.estimates.ranks.rank`)."""
        df = float(self.df[item])
        return ranks.rank(self.values, self.covariance, item, df=df, confidence_level=confidence_level)

    def leave_out(self, cluster: Any) -> Estimates:
        """The estimates without one cluster, by its pull.

        Values and covariance lose the cluster's part; what else a fit of all but that cluster would change,
        in second order, stays as it is. Estimates that have no such cluster come back unchanged.
        """
        if cluster not in self.jackknife.clusters:
            return self
        row = self.jackknife.clusters.index(cluster)
        pull = np.asarray(self.jackknife.gradients[[row]] @ self.jackknife.bread)[0]
        corrected = np.asarray(
            self.jackknife.gradients[[row]] @ (self.jackknife.correction[:, None] * self.jackknife.bread)
        )[0]
        kept = [i for i in range(self.n_clusters) if i != row]
        return replace(
            self,
            values=self.values - pull,
            covariance=self.covariance - np.outer(corrected, corrected),
            jackknife=self.jackknife.without(cluster),
            told=sp.csr_array(self.told[kept]),
            df=np.maximum(self.df - 1, 1),
        )

    def only(self, *names: str) -> Estimates:
        """The estimates of some of the quantities, in the order of ``names``.

        Raises:
            KeyError: there is no such quantity.
        """
        place = {name: i for i, name in enumerate(self.names)}
        items = [place[name] for name in names]
        return replace(
            self,
            quantities=tuple(self.quantities[i] for i in items),
            values=self.values[items],
            covariance=self.covariance[np.ix_(items, items)],
            jackknife=self.jackknife._replace(
                bread=self.jackknife.bread[:, items], unseen=self.jackknife.unseen[:, items]
            ),
            told=sp.csr_array(self.told[:, items]),
            df=self.df[items],
            working=self.working[np.ix_(items, items)],
            expected=None if self.expected is None else self.expected[items],
            common={name: pulls[:, items] for name, pulls in self.common.items()},
        )

    def from_own_mean(self) -> Estimates:
        """The same, told from the mean of these quantities, where others were among them before."""
        n = len(self.values)
        centring: Floats = np.eye(n) - 1 / n
        return replace(
            self,
            values=centring @ self.values,
            covariance=centring @ self.covariance @ centring,
            jackknife=self.jackknife._replace(
                bread=self.jackknife.bread @ centring, unseen=self.jackknife.unseen @ centring
            ),
            working=centring @ self.working @ centring,
        )
