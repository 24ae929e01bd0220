"""The joint noise of several profiles: runs on the same prompts err together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mien.stats.choice.plackett_luce import ChoiceFit
    from mien.types import Floats


class Member(NamedTuple):
    """One model's scores of the panel's n traits, and what its noise is made of.

    Attributes:
        scores: (n,) with sum 0.
        shared: (C, n) what each cluster that other members have, too, adds to the error of the scores; rows
            alike in all members, 0 where this one lacks the cluster.
        rest: (n, n) covariance of the remaining error, which is this member's own.
        own: (2, n) sums of the squares and of the fourth powers of what its other clusters add.
        covariance: (n, n) of ``scores``: sharedᵀ shared + rest.
        clusters_per_item: (n,) clusters in which each trait was shown.
    """

    scores: Floats
    shared: Floats
    rest: Floats
    own: Floats
    covariance: Floats
    clusters_per_item: NDArray[np.int64]


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
    common = Counter(label for fit in fits for label in fit.clusters.tolist())
    labels = sorted(label for label, count in common.items() if count > 1)
    row = {label: number for number, label in enumerate(labels)}
    return [_member(fit, np.asarray(some), row) for fit, some in zip(fits, kept, strict=True)]


def _member(fit: ChoiceFit, kept: NDArray[np.int64], row: dict[Any, int]) -> Member:
    def centred(values: Floats) -> Floats:
        return values - values.mean(axis=-1, keepdims=True)

    pull = np.asarray(fit.gradients @ fit.bread[:, kept], dtype=np.float64)
    pull = centred(np.sqrt(fit.correction) * pull)
    place = np.array([row.get(label, -1) for label in fit.clusters.tolist()])
    shared = np.zeros((len(row), len(kept)))
    shared[place[place >= 0]] = pull[place >= 0]
    squares = pull[place < 0] ** 2
    covariance = centred(centred(fit.covariance[np.ix_(kept, kept)]).T)
    return Member(
        scores=centred(fit.scores[kept]),
        shared=shared,
        rest=covariance - shared.T @ shared,
        own=np.array([squares.sum(axis=0), (squares**2).sum(axis=0)]),
        covariance=covariance,
        clusters_per_item=fit.clusters_per_item[kept],
    )


def draws(panel: Sequence[Member], n_draws: int, *, seed: int) -> Floats:
    """(n_draws, R, n) errors of all members' scores, drawn from their joint normal law."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(n_draws, len(panel[0].shared)))
    errors = np.empty((n_draws, len(panel), len(panel[0].scores)))
    for number, member in enumerate(panel):
        values, vectors = np.linalg.eigh(member.rest)
        root = vectors * np.sqrt(np.clip(values, 0, None))
        own = rng.normal(size=(n_draws, len(values))) @ root.T
        errors[:, number] = weights @ member.shared + own
    return errors
