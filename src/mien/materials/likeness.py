"""Which texts nearly repeat an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROWS: Final = 256  # texts that are compared with all others at once


def near_duplicates(texts: Sequence[str], threshold: float) -> Iterator[tuple[int, int]]:
    """Texts that are like an earlier one, each with the first that it is like, by their places.

    Like are texts whose sets of character trigrams have a Jaccard similarity of ``threshold`` or more. What
    all pairs share is counted as a product of sparse matrices.

    Args:
        texts: case and white space folded.
        threshold: above 0, at most 1.
    """
    from scipy.sparse import csr_array

    column: dict[str, int] = {}
    grams = [[column.setdefault(gram, len(column)) for gram in _trigrams(text)] for text in texts]
    if not grams:
        return
    sizes = np.array([len(one) for one in grams])
    starts, flat = np.concatenate(([0], np.cumsum(sizes))), np.concatenate(grams)
    held: Any = csr_array((np.ones(len(flat), np.int32), flat, starts), shape=(len(texts), len(column)))
    for start in range(0, len(texts), _ROWS):
        shared = (held[start : start + _ROWS] @ held.T).tocoo()
        row, other = shared.coords[0] + start, shared.coords[1]
        alike = (other < row) & (shared.data >= threshold * (sizes[row] + sizes[other] - shared.data))
        first: dict[int, int] = {}
        for one, earlier in sorted(zip(row[alike].tolist(), other[alike].tolist(), strict=True)):
            first.setdefault(one, earlier)
        yield from first.items()


def _trigrams(folded: str) -> frozenset[str]:
    return frozenset(folded[n : n + 3] for n in range(max(1, len(folded) - 2)))
