"""How a run's trials ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from mien.stats.comparisons import CODES, NEITHER_CODE, REFUSED_CODE, TIE_CODE, UNREADABLE_CODE
from mien.stats.estimates import Quantity, Share
from mien.stats.estimates.means import means

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
    if len(np.unique(comparisons.cluster)) < 2:
        return None
    prompts = np.array(comparisons.clusters, dtype=object)[comparisons.cluster]
    ended = {word: comparisons.chosen == code for word, code in CODES.items()}
    shares = [Quantity(word, Share()) for word in CODES]
    return means({"prompt_id": prompts, **ended}, shares)
