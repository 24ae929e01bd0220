"""How a run's trials ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from mien.stats.comparisons import CODES, NEITHER_CODE, REFUSED_CODE, TIE_CODE, UNREADABLE_CODE
from mien.stats.estimates import Quantity, Share
from mien.stats.estimates.means import Sums, means_of_sums
from mien.stats.frequencies import frequencies

if TYPE_CHECKING:
    from mien.stats.comparisons import Comparisons
    from mien.stats.estimates import Estimates


class Verdicts(TypedDict):
    """How many of a run's trials ended in which way; their sum is the number of trials."""

    chosen: int
    neither: int
    tie: int
    refused: int
    unreadable: int
    missing: int


def count_verdicts(comparisons: Comparisons) -> Verdicts:
    """Count choices, the kinds of non-choice, and trials without a verdict."""
    chosen = comparisons.chosen
    return Verdicts(
        chosen=int(np.count_nonzero(chosen >= 0)),
        neither=int(np.count_nonzero(chosen == NEITHER_CODE)),
        tie=int(np.count_nonzero(chosen == TIE_CODE)),
        refused=int(np.count_nonzero(chosen == REFUSED_CODE)),
        unreadable=int(np.count_nonzero(chosen == UNREADABLE_CODE)),
        missing=comparisons.missing,
    )


def endings(comparisons: Comparisons) -> Estimates | None:
    """How often trials end without a choice, by prompt; None where one prompt was all there was."""
    n_prompts = len(comparisons.clusters)
    presented = frequencies(comparisons.cluster, n_prompts)
    told = sorted(np.flatnonzero(presented).tolist(), key=comparisons.clusters.__getitem__)
    if len(told) < 2:
        return None

    def ended(code: int) -> Sums:
        prompts = comparisons.cluster[comparisons.chosen == code]
        return Sums(presented[told], frequencies(prompts, n_prompts)[told].astype(np.float64))

    return means_of_sums(
        [comparisons.clusters[i] for i in told],
        [ended(code) for code in CODES.values()],
        [Quantity(word, Share()) for word in CODES],
        n=len(comparisons.chosen),
    )
