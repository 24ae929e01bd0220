"""Which prompt carries a finding: what a diff would be without each of its prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mien.stats.diffs.difference import diff
from mien.stats.diffs.equivalence import margins, within
from mien.stats.distributions import t_half_width, t_two_sided
from mien.stats.multiplicity import false_discovery

if TYPE_CHECKING:
    from mien.stats.diffs.difference import Diff

_TINY = float(np.finfo(float).tiny)


Influence = dict[str, Any]


def influence(found: Diff) -> list[Influence]:
    """For each changed quantity, by size, the prompt without which its p is largest, and what is left of it.

    Keys: the name under what a quantity is called (``trait``), the label of the ``prompt``, and without it
    ``delta``, ``q``, ``changed``.

    Where ``changed`` is then false, the finding rests on that one prompt. Leaving a prompt out changes the
    estimates and their variances, by one step each (`mien.stats.estimates.jackknife`); degrees of freedom are
    kept.
    """
    changed = found.changed
    items = [i for i in found.order if changed[i]]
    if not items:
        return []
    jackknife, variance = found.joint.jackknife, np.diag(found.covariance)
    rows: list[int] = []
    for i in items:
        left = np.maximum(variance[i] - jackknife.share(i), _TINY)
        rows.append(int(np.argmin(np.abs(found.delta[i] - jackknife.pull(i)) / np.sqrt(left))))
    pulls, shares = jackknife.rows(rows)
    delta = found.delta - pulls
    stderr = np.sqrt(np.maximum(variance - shares, _TINY))
    p = t_two_sided(delta / stderr, found.df)
    q = false_discovery(p)
    changed = q < found.fdr
    half = t_half_width(found.confidence_level, found.df) * stderr
    changed &= ~within(delta - half, delta + half, margins(found.before, found.margin))
    return [
        {
            found.noun: found.names[i],
            "prompt": str(jackknife.clusters[row]),
            "delta": float(delta[k, i]),
            "q": float(q[k, i]),
            "changed": bool(changed[k, i]),
        }
        for k, (i, row) in enumerate(zip(items, rows, strict=True))
    ]


def leave_out(found: Diff, prompt: str) -> Diff:
    """The diff without one prompt, by its pull, with all that follows from it."""
    return diff(
        found.before.leave_out(prompt),
        found.after.leave_out(prompt),
        fdr=found.fdr,
        confidence_level=found.confidence_level,
        margin=found.margin,
    )
