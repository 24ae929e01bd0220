"""What each cluster adds to the difference of two fits, and to the variance of that difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from mien.stats.choice.plackett_luce import ChoiceFit
    from mien.types import Floats


class Jackknife(NamedTuple):
    """How far each of C clusters pulls the scores of n items from fit a to fit b.

    One Newton step from the estimate on all trials, θ̂ − θ̂₋c ≈ B g_c (the infinitesimal jackknife: Jaeckel
    1972, Bell Laboratories Memorandum MM 72-1215-11), in place of a refit for each cluster.

    Attributes:
        clusters: (C,) labels of the clusters of both fits, sorted.
        gradients: (C, p_a + p_b) sparse; each cluster's, of −a and of b.
        bread: (p_a + p_b, n) of both, by the scores.
        correction: (p_a + p_b,) root of the small-sample factor of the covariance.
    """

    clusters: tuple[Any, ...]
    gradients: sp.csr_array
    bread: Floats
    correction: Floats

    @classmethod
    def of(cls, a: ChoiceFit, b: ChoiceFit) -> Jackknife:
        """Lay out the gradients that two fits of the same items hold."""
        n = len(a.scores)
        clusters = sorted({*a.clusters.tolist(), *b.clusters.tolist()})
        row = {label: i for i, label in enumerate(clusters)}
        aligned = [
            sp.csr_array(
                (np.full(fit.n_clusters, sign), ([row[c] for c in fit.clusters], np.arange(fit.n_clusters))),
                shape=(len(clusters), fit.n_clusters),
            )
            @ fit.gradients
            for fit, sign in ((a, -1.0), (b, 1.0))
        ]
        return cls(
            clusters=tuple(clusters),
            gradients=sp.csr_array(sp.hstack(aligned, format="csr")),
            bread=np.concatenate([a.bread[:, :n], b.bread[:, :n]]),
            correction=np.repeat(np.sqrt([a.correction, b.correction]), [len(a.bread), len(b.bread)]),
        )

    def pull(self, item: int) -> Floats:
        """(C,) how far each cluster pulls one score: leaving it out takes so much away."""
        return _floats(self.gradients @ self.bread[:, item])

    def share(self, item: int) -> Floats:
        """(C,) what each cluster adds to the variance of one score's difference."""
        return _floats(self.gradients @ (self.correction * self.bread[:, item])) ** 2

    def rows(self, clusters: list[int]) -> tuple[Floats, Floats]:
        """(m, n) pulls and shares of m clusters, by their index."""
        some = self.gradients[clusters]
        return _floats(some @ self.bread), _floats(some @ (self.correction[:, None] * self.bread)) ** 2

    def degrees_of_freedom(self) -> Floats:
        """(n,) degrees of freedom of the variance of each score's difference, 3 (Σh²)²/Σh⁴ − 1.

        Satterthwaite's (1946, Biometrics Bulletin 2, 110–114), 2v²/var(v̂), with the variance of v̂ = Σ h²
        from the shares h² of the clusters themselves, as Pan and Wall (2002, Statistics in Medicine 21,
        1429–1441) take it; were h normal, it would be ⅔ Σ h⁴. Few clusters carry the variance of an item that
        is nearly always, or nearly never, chosen: its rare surprises.
        """
        found = np.empty(self.bread.shape[1])
        for item in range(len(found)):
            share = self.share(item)
            found[item] = 3 * share.sum() ** 2 / max(float(share @ share), np.finfo(float).tiny) - 1
        return np.maximum(found, 1.0)


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)
