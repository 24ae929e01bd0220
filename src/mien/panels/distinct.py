"""What sets each model apart: its scores against the mean of all others, with false-discovery control."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mien.panels.noise import Member

    Floats = NDArray[np.float64]


class Distinct(NamedTuple):
    """R models by n traits, in the units of the scores: model minus the mean of the others."""

    delta: Floats
    stderr: Floats
    df: Floats
    p: Floats
    q: Floats


def distinct(panel: Sequence[Member]) -> Distinct:
    """Set each model against the mean of the others, with the joint covariance of all.

    The variance of Δ_r = θ_r − mean_{s≠r} θ_s is Σ_c (h_rc − mean_{s≠r} h_sc)² over clusters that models
    share, plus that of each model's own error. Degrees of freedom are Welch's (1947), over the models; where
    they share many clusters, no more than Satterthwaite's, 3 (Σh²)²/Σh⁴ − 1 (`mien.diffs.jackknife`).
    q is adjusted after Benjamini and Hochberg (1995) over all R·n tests.
    """
    n_models = len(panel)
    others = n_models - 1
    scores = np.array([member.scores for member in panel])
    own = np.array([np.diag(member.rest) for member in panel])
    whole = np.array([np.diag(member.covariance) for member in panel])
    known = np.maximum(np.array([member.clusters_per_item for member in panel]) - 1, 1)
    together = np.sum([member.shared for member in panel], axis=0)
    delta = (scores - scores.mean(axis=0)) * n_models / others
    variance, df = np.empty_like(delta), np.empty_like(delta)
    for r, member in enumerate(panel):
        pull = member.shared - (together - member.shared) / others
        squares = pull**2
        rest = own[r] + (own.sum(axis=0) - own[r]) / others**2
        variance[r] = squares.sum(axis=0) + rest
        weights = np.full((n_models, 1), 1 / others**2)
        weights[r] = 1
        parts = weights * whole
        df[r] = parts.sum(axis=0) ** 2 / (parts**2 / known).sum(axis=0)
        fourth = (squares**2).sum(axis=0)
        found = squares.sum(axis=0) > rest
        satterthwaite = 3 * variance[r] ** 2 / np.maximum(fourth, np.finfo(float).tiny) - 1
        df[r] = np.where(found, np.minimum(df[r], np.maximum(satterthwaite, 1)), df[r])
    stderr = np.sqrt(np.maximum(variance, 0))
    p = np.asarray(2 * scipy.stats.t.sf(np.abs(delta) / stderr, df), dtype=np.float64)
    q = np.asarray(scipy.stats.false_discovery_control(p.ravel()).reshape(p.shape), dtype=np.float64)
    return Distinct(delta, stderr, df, p, q)
