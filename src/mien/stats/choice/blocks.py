"""Trials that are too many to be laid out at once: their likelihood as the sum of that of blocks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import scipy.sparse as sp

from mien.stats.choice.members import Members
from mien.stats.choice.trials import Trials, left_by_ties

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mien.types import Floats

BLOCK: Final = 1 << 16  # trials


class Blocks(NamedTuple):
    """The likelihood of trials that are not laid out. Each block is laid out when it is needed, and let go.

    Attributes:
        trials: sorted by cluster, or the gradients by cluster take as much memory as if all were laid out.
    """

    trials: Trials

    @property
    def n_items(self) -> int:
        return self.trials.n_items

    def log_likelihood(self, params: Floats) -> tuple[float, Floats]:
        """The log-likelihood, and (K, T) the probability of each option."""
        value, probabilities = 0.0, np.empty(self.trials.options.shape)
        for here, block in self._each():
            one, probabilities[:, here] = block.log_likelihood(params)
            value += one
        return value, probabilities

    def gradient(self, probabilities: Floats) -> Floats:
        """(p,) of the log-likelihood."""
        return _added(block.gradient(probabilities[:, here]) for here, block in self._each())

    def information(self, probabilities: Floats) -> Floats:
        """(p, p) negative Hessian."""
        return _added(block.information(probabilities[:, here]) for here, block in self._each())

    def skewness(self, probabilities: Floats, bread: Floats) -> Floats:
        """(p,) third cumulants of the choices, contracted with ``bread``."""
        return _added(block.skewness(probabilities[:, here], bread) for here, block in self._each())

    def dispersion(self, probabilities: Floats) -> tuple[float, Floats]:
        """What ties leave of the variance of choices, in all and (n,) by item; 1 where none is tied."""
        spread = _added(np.array(block.spread(probabilities[:, here])) for here, block in self._each())
        return left_by_ties(*spread)

    def gradients_by_cluster(self, probabilities: Floats) -> tuple[NDArray[Any], sp.csr_array]:
        """Labels (C,), and sparse (C, p) gradients summed within each cluster."""
        clusters = self._clusters
        if clusters is not None and np.any(clusters[1:] < clusters[:-1]):
            return self.trials.laid_out(0, len(clusters)).gradients_by_cluster(probabilities)
        found = [block.gradients_by_cluster(probabilities[:, here]) for here, block in self._each()]
        labels = [of_block for of_block, _ in found]
        if clusters is None:
            labels = [np.arange(self.trials.n_trials, dtype=np.int64)]
        gradients = sp.vstack([rows for _, rows in found], format="csr")
        return np.concatenate(labels), sp.csr_array(gradients)

    @property
    def _clusters(self) -> NDArray[Any] | None:
        assert not isinstance(self.trials.clusters, Members)  # trials that are counted are laid out
        return self.trials.clusters

    def _each(self) -> Iterator[tuple[slice, Trials]]:
        """Blocks of whole clusters, where these are sorted."""
        clusters, begin, n = self._clusters, 0, self.trials.n_trials
        ends = np.arange(1, n + 1)
        if clusters is not None:
            ends = np.append(np.flatnonzero(clusters[1:] != clusters[:-1]) + 1, n)
        while begin < n:
            last = int(np.searchsorted(ends, begin + BLOCK, "right")) - 1
            if last < 0 or ends[last] <= begin:  # a cluster of more than a block
                last += 1
            end = int(ends[last])
            yield slice(begin, end), self.trials.laid_out(begin, end)
            begin = end


def _added(values: Iterator[Floats]) -> Floats:
    total = next(values)
    for value in values:
        total = total + value
    return total
