"""Which prompt carries a finding: what a diff would be without each of its prompts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np
import scipy.sparse as sp
import scipy.stats

from mien import choice
from mien.diffs import diff
from mien.equivalence import within
from mien.ratings import ELO_SCALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.diffs import Diff
    from mien.ratings import Profile

    Floats = NDArray[np.float64]


class Influence(TypedDict):
    """A changed trait and the prompt on which the finding leans most: what the trait is without it."""

    trait: str
    prompt: str
    delta: float
    q: float
    changed: bool


class Jackknife(NamedTuple):
    """How far each of C prompts pulls the changes of n traits, in points of rating.

    One Newton step from the estimate on all trials, θ̂ − θ̂₋c ≈ B g_c (the infinitesimal jackknife: Jaeckel
    1972, Bell Laboratories Memorandum MM 72-1215-11), in place of a refit for each prompt.

    Attributes:
        prompts: (C,) labels of the prompts of both runs, sorted.
        gradients: (C, p_a + p_b) sparse; each prompt's, of −a and of b.
        bread: (p_a + p_b, n) of both, in points.
        correction: (p_a + p_b,) root of the small-sample factor of the covariance.
    """

    prompts: tuple[str, ...]
    gradients: sp.csr_array
    bread: Floats
    correction: Floats

    @classmethod
    def of(cls, found: Diff) -> Jackknife:
        """Lay out the gradients that both runs hold."""
        a, b, n = found.before.fit, found.after.fit, len(found.traits)
        prompts = sorted({*a.clusters.tolist(), *b.clusters.tolist()})
        row = {prompt: i for i, prompt in enumerate(prompts)}
        aligned = [
            sp.csr_array(
                (np.full(fit.n_clusters, sign), ([row[c] for c in fit.clusters], np.arange(fit.n_clusters))),
                shape=(len(prompts), fit.n_clusters),
            )
            @ fit.gradients
            for fit, sign in ((a, -1.0), (b, 1.0))
        ]
        sizes = [len(a.bread), len(b.bread)]
        return cls(
            prompts=tuple(map(str, prompts)),
            gradients=sp.csr_array(sp.hstack(aligned, format="csr")),
            bread=ELO_SCALE * np.concatenate([a.bread[:, :n], b.bread[:, :n]]),
            correction=np.repeat(np.sqrt([a.correction, b.correction]), sizes),
        )

    def pull(self, trait: int) -> Floats:
        """(C,) how far each prompt pulls the change of one trait: leaving it out takes so much away."""
        return np.asarray(self.gradients @ self.bread[:, trait], dtype=np.float64)

    def share(self, trait: int) -> Floats:
        """(C,) what each prompt adds to the variance of one trait's change."""
        return np.asarray(self.gradients @ (self.correction * self.bread[:, trait]), dtype=np.float64) ** 2

    def without(self, found: Diff, rows: list[int]) -> tuple[Floats, Floats]:
        """(m, n) changes and their standard errors as each of m prompts is left out."""
        some = self.gradients[rows]
        delta = found.delta - np.asarray(some @ self.bread, dtype=np.float64)
        shares = np.asarray(some @ (self.correction[:, None] * self.bread), dtype=np.float64) ** 2
        return delta, np.sqrt(np.maximum(np.diag(found.covariance) - shares, 0.0))


def influence(found: Diff) -> list[Influence]:
    """For each changed trait, by size, the prompt without which its p is largest, and the trait without it.

    Where ``changed`` is then false, the finding rests on that one prompt. Leaving a prompt out changes the
    estimates and their covariance, by one step each (`Jackknife`); degrees of freedom are kept.
    """
    traits = [int(i) for i in np.argsort(-np.abs(found.delta), kind="stable") if found.changed[i]]
    if not traits:
        return []
    jackknife, variance = Jackknife.of(found), np.diag(found.covariance)
    rows: list[int] = []
    for i in traits:
        left = np.maximum(variance[i] - jackknife.share(i), np.finfo(float).tiny)
        rows.append(int(np.argmin(np.abs(found.delta[i] - jackknife.pull(i)) / np.sqrt(left))))
    delta, stderr = jackknife.without(found, rows)
    p = 2 * scipy.stats.t.sf(np.abs(delta) / np.maximum(stderr, np.finfo(float).tiny), found.df)
    q = np.asarray(scipy.stats.false_discovery_control(p, axis=1), dtype=np.float64)
    changed = q < found.fdr
    if found.margin is not None:
        half = np.asarray(scipy.stats.t.ppf((1 + found.confidence_level) / 2, found.df)) * stderr
        changed &= ~within(delta - half, delta + half, found.margin)
    return [
        Influence(
            trait=found.traits[i],
            prompt=jackknife.prompts[row],
            delta=float(delta[k, i]),
            q=float(q[k, i]),
            changed=bool(changed[k, i]),
        )
        for k, (i, row) in enumerate(zip(traits, rows, strict=True))
    ]


def leave_out(found: Diff, prompt: str) -> Diff:
    """The diff without one prompt, to one Newton step, with all that follows from it."""
    return diff(
        _without(found.before, prompt),
        _without(found.after, prompt),
        fdr=found.fdr,
        confidence_level=found.confidence_level,
        margin=found.margin,
    )


def _without(profile: Profile, prompt: str) -> Profile:
    return replace(profile, fit=choice.leave_out(profile.fit, prompt))
