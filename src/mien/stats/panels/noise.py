"""The joint noise of several profiles: runs on the same prompts err together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mien.stats.choice.plackett_luce import ChoiceFit
    from mien.types import Floats, Ints

#: Drawn errors that are kept to the last digit; more than these in single precision, finer than they tell.
MOST_EXACT: Final = 1 << 24


class Member(NamedTuple):
    """One model's scores of the panel's n traits, and what its noise is made of.

    What is large is reckoned from the fit when it is asked for: there may be a thousand members.

    Attributes:
        fit: of all its traits.
        kept: (n,) indices of the panel's traits among them.
        place: (C,) row of each of its clusters among those that several members have, else −1.
        scores: (n,) with sum 0.
    """

    fit: ChoiceFit
    kept: NDArray[np.int64]
    place: Ints
    scores: Floats

    @property
    def own(self) -> Floats:
        """(2, n) sums of the squares and of the fourth powers of what the clusters add that no other has."""
        squares = _floats(self.fit.gradients[self.place < 0] @ self.pulls) ** 2
        return np.array([squares.sum(axis=0), (squares**2).sum(axis=0)])

    @property
    def clusters_per_item(self) -> NDArray[np.int64]:
        """(n,) clusters in which each trait was shown."""
        return self.fit.clusters_per_item[self.kept]

    @property
    def pulls(self) -> Floats:
        """(p, n) from the gradient of a cluster to what it adds to the error of the scores."""
        return _centred(np.sqrt(self.fit.correction) * self.fit.bread[:, self.kept])

    @property
    def shared(self) -> tuple[Ints, sp.csr_array]:
        """The rows (m,) of the clusters that other members have, too, and (m, p) gradients of these."""
        here = self.place >= 0
        return self.place[here], sp.csr_array(self.fit.gradients[here])

    @property
    def covariance(self) -> Floats:
        """(n, n) of ``scores``."""
        return _centred(_centred(self.fit.covariance[np.ix_(self.kept, self.kept)]).T)

    @property
    def rest(self) -> Floats:
        """(n, n) covariance less that of the clusters that others have, too: this member's own."""
        _, gradients = self.shared
        pulls = self.pulls
        return self.covariance - pulls.T @ _floats((gradients.T @ gradients) @ pulls)


def members(fits: Sequence[ChoiceFit], kept: Sequence[Sequence[int]]) -> list[Member]:
    """Split the error of each fit into what it has in common with others and what it has not.

    A cluster c adds h_c = √κ B g_c to the error of a fit
    (`mien.stats.choice.cross_covariance`); clusters of one label are added up together. Scores
    of a subset of the traits are centred on it, C θ with C = (E − 11ᵀ/n) rows of the subset: in the choice
    model, ratios of strengths do not depend on what else there was to choose from.

    Args:
        fits: the R fitted models.
        kept: of each fit, the indices of the n traits that all have, in one order.
    """
    common = Counter[Any]()
    for fit in fits:
        common.update(fit.clusters.tolist())
    labels = sorted(label for label, count in common.items() if count > 1)
    row = {label: number for number, label in enumerate(labels)}
    found: list[Member] = []
    for fit, some in zip(fits, kept, strict=True):
        place: Ints = np.array([row.get(label, -1) for label in fit.clusters.tolist()], dtype=np.int64)
        chosen = np.asarray(some)
        found.append(Member(fit, chosen, place, _centred(fit.scores[chosen])))
    return found


def n_shared(panel: Sequence[Member]) -> int:
    """Clusters that several members have."""
    return 1 + max(int(member.place.max(initial=-1)) for member in panel)


def draws(panel: Sequence[Member], n_draws: int, *, seed: int) -> NDArray[np.floating[Any]]:
    """(n_draws, R, n) errors of all members' scores, drawn from their joint normal law."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(n_draws, n_shared(panel)))
    shape = (n_draws, len(panel), len(panel[0].scores))
    errors = np.empty(shape, dtype=np.float64 if np.prod(shape) <= MOST_EXACT else np.float32)
    for number, member in enumerate(panel):
        values, vectors = np.linalg.eigh(member.rest)
        root = vectors * np.sqrt(np.clip(values, 0, None))
        own = rng.normal(size=(n_draws, len(values))) @ root.T
        rows, gradients = member.shared
        errors[:, number] = _floats(gradients.T @ weights[:, rows].T).T @ member.pulls + own
    return errors


def _centred(values: Floats) -> Floats:
    return values - values.mean(axis=-1, keepdims=True)


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)
