"""The branching factor of Yang and Holtzman (2025, arXiv:2506.17871), as their program works it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mien.stats.diversity.traces import padded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.diversity.traces import Trace
    from mien.types import Floats

#: The nucleus that every step's distribution is cut to.
TOP_P: Final = 0.9

#: Answers that must still go on at a step for it to count.
LEAST_ALIVE: Final = 4

#: Steps beyond which surprisals are taken in place of entropies.
SWITCH: Final = 50

_QUANTILE = 0.95  # of the lengths; no step after it counts


def published(traces: Sequence[Trace]) -> float:
    """The branching factor of one prompt.

    At each step the entropies of the answers that still go on are averaged, up to the first step where fewer
    than `LEAST_ALIVE` do, and no further than the 95 % quantile of the lengths. Up to `SWITCH` steps the
    factor is the exponential of the mean of these; beyond, of the mean surprisal of the answers that reach
    the last step. Each step's distribution is its nucleus, to which the token drawn is added where it lies
    outside, renormalised. So the answers that last longest weigh most, and one that ends is not heard of any
    more.

    Args:
        traces: of the samples, at least `LEAST_ALIVE`, with their nuclei.
    """
    steps = [trace.nucleus for trace in traces if trace.nucleus is not None]
    entropies = _means(padded([one.entropies for one in steps]))
    if len(entropies) > SWITCH:
        surprisals: Floats = padded([one.surprisals for one in steps])[:, : len(entropies)]
        totals = surprisals.sum(axis=1)
        return float(np.exp(totals[np.isfinite(totals)].mean() / len(entropies)))
    return float(np.exp(entropies.mean())) if len(entropies) else 1.0


def _means(table: Floats) -> Floats:
    """The mean of each column over the rows that reach it, as far as columns count."""
    lengths = np.isfinite(table).sum(axis=1)
    alive = np.isfinite(table).sum(axis=0)
    table = table[:, : int(np.quantile(lengths, _QUANTILE))]
    few = np.flatnonzero(alive[: table.shape[1]] < LEAST_ALIVE)
    return np.nanmean(table[:, : few[0] if len(few) else None], axis=0)
