"""Comparison tables: one row a verdict, the exchange format in and out of mien."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Codes of `Comparisons.chosen` where no option was chosen.
NEITHER_CODE, REFUSED_CODE, UNREADABLE_CODE = -1, -2, -3


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """T verdicts over n traits, K options each, as arrays.

    Attributes:
        traits: the n trait names, sorted.
        options: (T, K) indices into ``traits``, in the order shown to the model.
        chosen: (T,) position 0 … K−1 of the chosen option, or −1 neither, −2 refused, −3 unreadable.
        cluster: (T,) index into ``clusters``: the prompt of each trial, the unit of resampling.
        clusters: label of each cluster; two tables that share a label share the prompt.
        trial_ids: (T,) labels of the trials; empty where unknown.
        missing: trials of the design that have no verdict yet.
    """

    traits: tuple[str, ...]
    options: NDArray[np.int32]
    chosen: NDArray[np.int32]
    cluster: NDArray[np.int32]
    clusters: tuple[str, ...]
    trial_ids: tuple[str, ...] = field(default=())
    missing: int = 0
