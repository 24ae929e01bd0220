"""What sets each model apart: its scores against the mean of all others, with false-discovery control."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mien.stats.distributions import t_two_sided
from mien.stats.multiplicity import false_discovery
from mien.stats.panels.noise import n_shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.panels.noise import Member
    from mien.types import Floats


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
    share, plus that of each model's own error. Degrees of freedom are the smaller of Welch's (1947), over the
    models, and Satterthwaite's, 3 (Σh²)²/Σh⁴ − 1 over all clusters, as in a diff
    (`mien.stats.estimates.jackknife.Jackknife.degrees_of_freedom`). q is adjusted after Benjamini and
    Hochberg (1995) over the n traits of each model: what is said of one model should not hang on how many
    others there are.

    The test of no difference takes the model's own variance of a trait to be no smaller than that of the
    others, on the average and at this model's precision: were there no difference, they would be the same,
    and an estimate that errs towards the middle comes with too small a variance of its own. Without this, one
    in 14 models like all others had a trait called distinct, at a rate of 5 %.
    """
    n_models = len(panel)
    others = n_models - 1
    scores = np.array([member.scores for member in panel])
    rest = np.array([np.diag(member.rest) for member in panel])
    whole = np.array([np.diag(member.covariance) for member in panel])
    own = np.array([member.own for member in panel])
    known = np.maximum(np.array([member.clusters_per_item for member in panel]) - 1, 1)
    together = np.zeros((n_shared(panel), scores.shape[1]))
    for member in panel:
        rows, gradients = member.shared
        together[rows] += gradients @ member.pulls
    # What clusters add that a member lacks is the others' alone.
    lacked = np.array([np.sum((together / others) ** power, axis=0) for power in (2, 4)])
    delta = (scores - scores.mean(axis=0)) * n_models / others
    variance, df = np.empty_like(delta), np.empty_like(delta)
    for r, member in enumerate(panel):
        weights = np.full(n_models, 1 / others)
        weights[r] = 1
        rows, gradients = member.shared
        mine = np.asarray(gradients @ member.pulls, dtype=np.float64)
        squares = (mine - (together[rows] - mine) / others) ** 2
        without = (together[rows] / others) ** 2
        shared, fourths = (
            np.maximum(every + (having**power - lacking**power).sum(axis=0), 0)
            for every, having, lacking, power in (
                (lacked[0], squares, without, 1),
                (lacked[1], squares, without, 2),
            )
        )
        variance[r] = shared + weights**2 @ rest
        second = shared + weights**2 @ own[:, 0]
        fourth = fourths + weights**4 @ own[:, 1]
        parts = weights[:, None] ** 2 * whole
        welch = parts.sum(axis=0) ** 2 / (parts**2 / known).sum(axis=0)
        df[r] = np.clip(3 * second**2 / np.maximum(fourth, np.finfo(float).tiny) - 1, 1, welch)
    stderr = np.sqrt(np.maximum(variance, 0))
    size = whole.mean(axis=1, keepdims=True)
    relative = whole / size
    alike = (relative.sum(axis=0) - relative) / others * size
    under_null = np.sqrt(stderr**2 + np.maximum(alike - whole, 0))
    p = t_two_sided(delta / under_null, df)
    q = false_discovery(p)
    return Distinct(delta, stderr, df, p, q)
