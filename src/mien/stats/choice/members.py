"""Which trials belong to which cluster, where trials that are alike are kept as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mien.types import Floats, Ints

#: Trials, and entries of sums by cluster, that are worked on at a time: what bounds memory.
AT_A_TIME: Final = 1 << 18


class Members(NamedTuple):
    """The T members of C clusters, each the number of the row that tells what it is, 0 … U−1.

    Attributes:
        labels: (C,) of the clusters, sorted.
        starts: (C + 1,) where each cluster begins in ``row``.
        row: (T,) the members' rows, cluster by cluster.
        n_rows: U.
    """

    labels: NDArray[Any]
    starts: Ints
    row: NDArray[np.integer[Any]]
    n_rows: int

    @classmethod
    def of(cls, clusters: NDArray[np.integer[Any]], row: NDArray[np.integer[Any]], n_rows: int) -> Members:
        """Gather (T,) rows by (T,) clusters."""
        order = np.argsort(clusters, kind="stable")
        ordered = clusters[order]
        first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        starts = np.append(first, len(ordered)).astype(np.int64)
        return cls(ordered[first], starts, row[order], n_rows)

    @property
    def sizes(self) -> Ints:
        """(C,) members of each cluster."""
        return np.diff(self.starts)

    def times(self) -> Floats:
        """(U,) members of each row."""
        return np.bincount(self.row, minlength=self.n_rows).astype(np.float64)

    def only(self, kept: NDArray[np.bool_]) -> Members:
        """The clusters where (C,) ``kept`` is true."""
        sizes = self.sizes
        starts = np.concatenate([[0], np.cumsum(sizes[kept])])
        return self._replace(labels=self.labels[kept], starts=starts, row=self.row[np.repeat(kept, sizes)])

    def total(self, values: Floats) -> Floats:
        """(C,) sums over the members of each cluster of what (U,) rows have each."""
        return np.concatenate([np.asarray(counts @ values) for counts in self._counts(1)])

    def sums(self, rows: sp.csr_array) -> sp.csr_array:
        """(C, p) sums over the members of each cluster of what (U, p) sparse rows have each.

        An entry is there wherever a member has one, also where they add up to 0.
        """
        there = sp.csr_array((np.ones(len(rows.data)), rows.indices, rows.indptr), shape=rows.shape)
        found: list[sp.csr_array] = []
        for counts in self._counts(rows.shape[1]):
            at, column = np.nonzero((counts @ there).toarray())
            sums = (counts @ rows).toarray()[at, column]
            found.append(sp.csr_array((sums, (at, column)), shape=(counts.shape[0], rows.shape[1])))
        return sp.csr_array(sp.vstack(found, format="csr"))

    def _counts(self, width: int) -> Iterator[sp.csr_array]:
        """Sparse (c, U) how often each row is in each of so many clusters that c · ``width`` is bounded."""
        n_clusters, begin = len(self.labels), 0
        while begin < n_clusters:
            reached = int(self.starts[begin]) + AT_A_TIME
            last = int(np.searchsorted(self.starts, reached, "right")) - 1
            end = max(begin + 1, min(last, begin + max(4 * AT_A_TIME // width, 1), n_clusters))
            starts = self.starts[begin : end + 1]
            row = self.row[starts[0] : starts[-1]].astype(np.int32)
            counts = (np.ones(len(row)), row, starts - starts[0])
            yield sp.csr_array(counts, shape=(end - begin, self.n_rows))
            begin = end
