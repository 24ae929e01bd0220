"""Which models, and which traits, go together, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.cluster.hierarchy
import scipy.spatial.distance

from mien.stats.correlation import ranks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mien.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clusters:
    """A tree of N leaves by average linkage.

    Attributes:
        names: of the leaves.
        linkage: (N − 1, 4) as SciPy writes it; heights are 1 − correlation.
        stability: (N − 1,) of each merge, 0 to 1: how well the noise leaves its cluster alone.
    """

    names: tuple[str, ...]
    linkage: Floats
    stability: Floats

    def groups(self, height: float = 0.5) -> list[tuple[tuple[str, ...], float]]:
        """Clusters of two and more below a height with their stabilities, the largest first."""
        below = self.linkage[:, 2] <= height
        inner = {int(child) for merge in self.linkage[below] for child in merge[:2]}
        held = _clades(self.linkage)
        top = [i for i in np.flatnonzero(below).tolist() if i + len(self.names) not in inner]
        found = [
            (tuple(self.names[leaf] for leaf in np.flatnonzero(held[i])), float(self.stability[i]))
            for i in top
        ]
        return sorted(found, key=lambda group: (-len(group[0]), group[0]))


def model_clusters(scores: Floats, errors: NDArray[np.floating[Any]], names: Sequence[str]) -> Clusters:
    """Cluster models by the Spearman correlation of their (R, n) scores; see `_clusters`."""
    return _clusters(scores, errors, names, _model_distances)


def trait_clusters(scores: Floats, errors: NDArray[np.floating[Any]], names: Sequence[str]) -> Clusters:
    """Cluster traits by the Pearson correlation over models of the (R, n) scores; see `_clusters`."""
    return _clusters(scores, errors, names, _trait_distances)


def _clusters(
    scores: Floats,
    errors: NDArray[np.floating[Any]],
    names: Sequence[str],
    distances: Callable[[Floats], Floats],
) -> Clusters:
    """Average linkage (Sokal and Michener 1958) on 1 − correlation, and how it holds under noise.

    The stability of a cluster is its mean, over draws of the measurement errors added to the scores, of the
    largest Jaccard index with any cluster of the tree of that draw (Hennig 2007, Computational Statistics
    and Data Analysis 52, 258–271; there, below .6 a cluster is not to be trusted, above .85 it is stable).
    Errors are added to estimates that hold errors already, so that the figure is, if anything, low.

    Args:
        scores: (R, n).
        errors: (D, R, n) draws of the measurement errors.
        names: of the leaves.
        distances: from (R, n) scores to a condensed distance matrix.
    """
    tree = _linkage(distances(scores))
    held = _clades(tree)
    found = np.zeros(len(tree))
    for error in errors:
        found += _likest(held, _clades(_linkage(distances(scores + error))))
    return Clusters(names=tuple(names), linkage=tree, stability=found / max(len(errors), 1))


def _linkage(condensed: Floats) -> Floats:
    return np.asarray(scipy.cluster.hierarchy.linkage(condensed, "average"), dtype=np.float64)


def _clades(tree: Floats) -> NDArray[np.bool_]:
    """(N − 1, N) which leaves each merge holds."""
    n = len(tree) + 1
    held = np.zeros((2 * n - 1, n), dtype=np.bool_)
    held[np.arange(n), np.arange(n)] = True
    for i, (a, b) in enumerate(tree[:, :2].astype(int)):
        held[n + i] = held[a] | held[b]
    return held[n:]


def _likest(clades: NDArray[np.bool_], others: NDArray[np.bool_]) -> Floats:
    """The largest Jaccard index of each clade with one of the others."""
    a, b = clades.astype(np.float64), others.astype(np.float64)
    both = a @ b.T
    either = a.sum(axis=1)[:, None] + b.sum(axis=1)[None] - both
    return np.asarray((both / either).max(axis=1), dtype=np.float64)


def _model_distances(scores: Floats) -> Floats:
    return _distances(ranks(scores))


def _trait_distances(scores: Floats) -> Floats:
    return _distances((scores - scores.mean(axis=0)).T)


def _distances(rows: Floats) -> Floats:
    """1 − Pearson correlation; a row without variance correlates with none."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = np.divide(centred, length, out=np.zeros_like(centred), where=length > 1e-9)
    distance = np.clip(1 - unit @ unit.T, 0, 2)
    np.fill_diagonal(distance, 0)
    return np.asarray(scipy.spatial.distance.squareform(distance, checks=False), dtype=np.float64)
