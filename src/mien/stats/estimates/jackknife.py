"""What each cluster adds to estimates, to their variance, and to those of a difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from mien.stats.estimates import crossing
from mien.stats.estimates.crossing import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.estimates.crossing import Crossing
    from mien.types import Floats


_TINY = float(np.finfo(float).tiny)


class Jackknife(NamedTuple):
    """How far each of C clusters pulls n estimates that solve p estimating equations.

    A cluster's pull is what leaving it out takes away, θ̂ − θ̂₋c = B g_c: exactly for a mean over clusters; for
    the choice model one Newton step from the estimate on all trials (the infinitesimal jackknife: Jaeckel
    1972, Bell Laboratories Memorandum MM 72-1215-11), in place of a refit for each cluster. The (C, n) pulls
    are kept as two factors, for those of a model with many parameters are many.

    Attributes:
        clusters: (C,) labels.
        gradients: (C, p) sparse; each cluster's estimating equations at the estimate.
        bread: (p, n) from the equations to the estimates.
        correction: (p,) root of the small-sample factor of the variance.
        unseen: (m, n) pulls of m further clusters, of which the data show none: what a rate may owe to a kind
            of cluster that happened not to be drawn. They add to variances alone.
        crossing: what clusters of another kind, which cross these, add to variances; None where there are
            none.
    """

    clusters: tuple[Any, ...]
    gradients: sp.csr_array
    bread: Floats
    correction: Floats
    unseen: Floats
    crossing: Crossing | None = None

    @property
    def by_cluster(self) -> Rows:
        """The equations by cluster."""
        return Rows(self.clusters, self.gradients)

    def pull(self, item: int) -> Floats:
        """(C,) how far each cluster pulls one estimate: leaving it out takes so much away."""
        return _floats(self.gradients @ self.bread[:, item])

    def share(self, item: int) -> Floats:
        """(C,) what each cluster adds to the variance of one estimate."""
        return _floats(self.gradients @ (self.correction * self.bread[:, item])) ** 2

    def rows(self, clusters: Sequence[int]) -> tuple[Floats, Floats]:
        """(m, n) pulls and shares of m clusters, by their index."""
        some = self.gradients[list(clusters)]
        return _floats(some @ self.bread), _floats(some @ self._corrected) ** 2

    def covariance(self) -> Floats:
        """(n, n) of the estimates, from what the clusters add; what is unseen is independent."""
        return cross_covariance(self, self) + np.diag((self.unseen**2).sum(axis=0))

    def degrees_of_freedom(self) -> Floats:
        """(n,) degrees of freedom of the variance of each estimate, 3 (Σh²)²/Σh⁴ − 1.

        Satterthwaite's (1946, Biometrics Bulletin 2, 110–114), 2v²/var(v̂), with the variance of v̂ = Σ h²
        from the shares h² of the clusters themselves, as Pan and Wall (2002, Statistics in Medicine 21,
        1429–1441) take it; were h normal, it would be ⅔ Σ h⁴. Few clusters carry the variance of an item that
        is nearly always, or nearly never, chosen: its rare surprises. With a crossing, v̂ is that of both
        kinds of clusters, its variance counts what either kind adds, and there are no more than one less than
        the clusters of the fewer kind.
        """
        unseen, crossed = self.unseen**2, self.crossing
        found = np.empty(self.bread.shape[1])
        for item in range(len(found)):
            share = np.concatenate([self.share(item), unseen[:, item]])
            total, noise = float(share.sum()), float(share @ share)
            if crossed is not None:
                slope = self.correction * self.bread[:, item]
                raters = _floats(crossed.raters.gradients @ slope) ** 2
                both = _floats(crossed.both.gradients @ slope) ** 2
                total += max(float(raters.sum() - both.sum()), -total)
                noise += float(raters @ raters)
            found[item] = 3 * total**2 / max(noise, _TINY) - 1
        if crossed is not None:
            found = np.minimum(found, min(len(self.clusters), len(crossed.raters.labels)) - 1)
        return np.maximum(found, 1.0)

    def without(self, cluster: Any) -> Jackknife:
        """All clusters but one."""
        kept = [row for row, label in enumerate(self.clusters) if label != cluster]
        labels = tuple(self.clusters[row] for row in kept)
        return self._replace(clusters=labels, gradients=sp.csr_array(self.gradients[kept]))

    @property
    def _corrected(self) -> Floats:
        return self.correction[:, None] * self.bread


def difference(a: Jackknife, b: Jackknife) -> Jackknife:
    """How far each cluster of two sets, sorted by label, pulls b − a; one that both have pulls once."""
    both = a.by_cluster.less(b.by_cluster)
    return Jackknife(
        clusters=tuple(both.labels),
        gradients=both.gradients,
        bread=np.concatenate([a.bread, b.bread]),
        correction=np.concatenate([a.correction, b.correction]),
        unseen=np.concatenate([a.unseen, b.unseen]),
        crossing=crossing.difference(a.crossing, b.crossing, (len(a.bread), len(b.bread))),
    )


def cross_covariance(a: Jackknife, b: Jackknife) -> Floats:
    """(n_a, n_b) covariance between two sets of estimates, from the clusters that they share.

    The off-diagonal block of the joint sandwich, B_a (Σ_c g_ac g_bcᵀ) B_b: two sets of estimating equations
    stacked, as in "seemingly unrelated estimation" (Weesie 1999, Stata Technical Bulletin 52).
    """
    meat = a.by_cluster.meat(b.by_cluster)
    if a.crossing is not None and b.crossing is not None:
        meat += a.crossing.meat(b.crossing)
    return (a.correction[:, None] * a.bread).T @ meat @ (b.correction[:, None] * b.bread)


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)
