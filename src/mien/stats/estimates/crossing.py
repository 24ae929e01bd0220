"""Clusters that cross those of the prompts: people who judged, each many prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.types import Floats


class Rows(NamedTuple):
    """Estimating equations at the estimate, summed within clusters.

    Attributes:
        labels: (C,) of the clusters; what shares a label is shared.
        gradients: (C, p) sparse.
    """

    labels: Sequence[Any]
    gradients: sp.csr_array

    def meat(self, other: Rows) -> Floats:
        """(p, p') Σ_c g_c g'_cᵀ over the clusters that both have."""
        place = {label: row for row, label in enumerate(other.labels)}
        mine = [row for row, label in enumerate(self.labels) if label in place]
        theirs = [place[self.labels[row]] for row in mine]
        return _floats((self.gradients[mine].T @ other.gradients[theirs]).toarray())

    def less(self, other: Rows) -> Rows:
        """The clusters of either, sorted by label, with both equations side by side, these negative."""
        labels = sorted({*self.labels, *other.labels})
        row = {label: i for i, label in enumerate(labels)}
        aligned = [
            sp.csr_array(
                (np.full(len(one.labels), sign), ([row[c] for c in one.labels], np.arange(len(one.labels)))),
                shape=(len(labels), len(one.labels)),
            )
            @ one.gradients
            for one, sign in ((self, -1.0), (other, 1.0))
        ]
        return Rows(labels, sp.csr_array(sp.hstack(aligned, format="csr")))


class Crossing(NamedTuple):
    """What clustering by raters adds to clustering by prompts.

    With M the meat of a sandwich, that of both kinds of clusters is M_prompt + M_rater − M_both (Cameron,
    Gelbach and Miller 2011, Journal of Business & Economic Statistics 29, 238–249).

    Attributes:
        raters: equations by rater.
        both: by prompt and rater at once.
    """

    raters: Rows
    both: Rows

    def meat(self, other: Crossing) -> Floats:
        """(p, p') M_rater − M_both."""
        return self.raters.meat(other.raters) - self.both.meat(other.both)


def difference(a: Crossing | None, b: Crossing | None, n_parameters: tuple[int, int]) -> Crossing | None:
    """The crossing of b − a; None where neither has one.

    Args:
        a: of the first estimates; b: of the second.
        n_parameters: of both.
    """
    if a is None and b is None:
        return None
    first, second = (
        Crossing(none, none) if one is None else one
        for one, none in zip((a, b), map(_no_rows, n_parameters), strict=True)
    )
    return Crossing(raters=first.raters.less(second.raters), both=first.both.less(second.both))


def nearest_covariance(matrix: Floats) -> Floats:
    """The matrix without its negative eigenvalues, which M_prompt + M_rater − M_both may have."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 0)) @ vectors.T


def _no_rows(n_parameters: int) -> Rows:
    return Rows((), sp.csr_array((0, n_parameters)))


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)
