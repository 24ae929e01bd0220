"""Which prompt carries a finding: what a diff would be without each of its prompts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import scipy.stats

from mien.stats import choice
from mien.stats.diffs.difference import diff
from mien.stats.diffs.equivalence import within
from mien.stats.diffs.jackknife import Jackknife
from mien.stats.profiles.elo import ELO_SCALE

if TYPE_CHECKING:
    from mien.stats.diffs.difference import Diff
    from mien.stats.profiles.profile import Profile

_TINY = float(np.finfo(float).tiny)


class Influence(TypedDict):
    """A changed trait and the prompt on which the finding leans most: what the trait is without it."""

    trait: str
    prompt: str
    delta: float
    q: float
    changed: bool


def influence(found: Diff) -> list[Influence]:
    """For each changed trait, by size, the prompt without which its p is largest, and the trait without it.

    Where ``changed`` is then false, the finding rests on that one prompt. Leaving a prompt out changes the
    estimates and their variances, by one step each (`mien.stats.diffs.jackknife`); degrees of freedom are
    kept.
    """
    traits = [int(i) for i in np.argsort(-np.abs(found.delta), kind="stable") if found.changed[i]]
    if not traits:
        return []
    jackknife = Jackknife.of(found.before.fit, found.after.fit)
    scores, variance = found.delta / ELO_SCALE, np.diag(found.covariance) / ELO_SCALE**2
    rows: list[int] = []
    for i in traits:
        left = np.maximum(variance[i] - jackknife.share(i), _TINY)
        rows.append(int(np.argmin(np.abs(scores[i] - jackknife.pull(i)) / np.sqrt(left))))
    pulls, shares = jackknife.rows(rows)
    delta = found.delta - ELO_SCALE * pulls
    stderr = ELO_SCALE * np.sqrt(np.maximum(variance - shares, _TINY))
    p = 2 * scipy.stats.t.sf(np.abs(delta) / stderr, found.df)
    q = np.asarray(scipy.stats.false_discovery_control(p, axis=1), dtype=np.float64)
    changed = q < found.fdr
    if found.margin is not None:
        half = np.asarray(scipy.stats.t.ppf((1 + found.confidence_level) / 2, found.df)) * stderr
        changed &= ~within(delta - half, delta + half, found.margin)
    return [
        Influence(
            trait=found.traits[i],
            prompt=str(jackknife.clusters[row]),
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
