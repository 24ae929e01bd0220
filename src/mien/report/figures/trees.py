"""Dendrograms: the order of their leaves, the lines that draw them, and the drawing."""

# Altair's argument types are right for people, not for a strict checker.
# pyright: reportArgumentType=false, reportCallIssue=false, reportUnknownMemberType=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import altair as alt
import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

HEIGHT: Final = 70  # pixels from the leaves to the root


def leaves(points: ArrayLike) -> list[int]:
    """Order of n points by likeness: the leaves of their average-linkage tree, neighbours side by side.

    Args:
        points: (n, m) coordinates; the optimal order is that of Bar-Joseph et al. (2001, Bioinformatics 17,
            S22–S29).
    """
    import scipy.cluster.hierarchy

    matrix = np.asarray(points, dtype=np.float64)
    if len(matrix) < 3:
        return list(range(len(matrix)))
    tree = scipy.cluster.hierarchy.linkage(matrix, "average", optimal_ordering=True)
    return scipy.cluster.hierarchy.leaves_list(tree).tolist()


def order(linkage: ArrayLike) -> list[int]:
    """Leaves of a tree from left to right."""
    import scipy.cluster.hierarchy

    return scipy.cluster.hierarchy.leaves_list(np.asarray(linkage, dtype=np.float64)).tolist()


def branches(linkage: ArrayLike) -> pd.DataFrame:
    """The lines of a dendrogram, three a merge.

    Args:
        linkage: (n − 1, 4) as `scipy.cluster.hierarchy.linkage` gives it.

    Returns:
        ``from_leaf``, ``to_leaf`` (places among the leaves, 0 … n − 1) and ``from_height``, ``to_height``.
    """
    import scipy.cluster.hierarchy

    tree = np.asarray(linkage, dtype=np.float64)
    drawn: Any = scipy.cluster.hierarchy.dendrogram(tree, no_plot=True)  # pyright: ignore[reportUnknownMemberType]
    lines: list[tuple[float, float, float, float]] = []
    for x, height in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        places = [(value - 5) / 10 for value in x]
        lines += [(places[i], places[i + 1], height[i], height[i + 1]) for i in range(3)]
    return pd.DataFrame(lines, columns=["from_leaf", "to_leaf", "from_height", "to_height"])


def dendrogram(linkage: ArrayLike, n: int, *, sideways: bool = False) -> alt.Chart:
    """A tree over n leaves, or sideways with the first leaf at the top; its size is the caller's."""
    lines = branches(linkage)
    base = alt.Chart(lines).mark_rule(style="interval", strokeWidth=1)
    along = alt.Scale(domain=[-0.5, n - 0.5], nice=False, zero=False, reverse=sideways)
    up = alt.Scale(domainMin=0, nice=False)
    if sideways:
        # The first leaf is the matrix's uppermost row.
        return base.encode(
            alt.X("from_height:Q", scale=up, axis=None),
            alt.Y("from_leaf:Q", scale=along, axis=None),
            alt.X2("to_height:Q"),
            alt.Y2("to_leaf:Q"),
        )
    return base.encode(
        alt.X("from_leaf:Q", scale=along, axis=None),
        alt.Y("from_height:Q", scale=up, axis=None),
        alt.X2("to_leaf:Q"),
        alt.Y2("to_height:Q"),
    )
