"""What is known of the steps in which answers were drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.types import Floats

#: What is known of each step: all of its distribution, the log-probabilities of its likeliest tokens beside
#: that of the token drawn, or that of the token drawn alone.
Known = Literal["distribution", "top", "drawn"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nucleus:
    """The steps of an answer, each distribution cut to its nucleus and the token drawn, and renormalised.

    Attributes:
        surprisals: (T,) of the tokens drawn, nats.
        entropies: (T,) nats.
    """

    surprisals: Floats
    entropies: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """The T steps in which one answer was drawn; that which ended it is the last of them.

    Attributes:
        surprisals: (T,) −log q of the token drawn, in nats, q being the distribution that it was drawn from.
        entropies: (T,) of q, nats; None where not all of q is known.
        bounds: (2, T) between which the entropies lie; None where not even that is known.
        nucleus: the same steps as the published procedure has them; None where it is not known.
        octets: length of the answer in UTF-8.
        stop_told: whether the step that ended it is among those told; some endpoints leave it out. Nothing is
            missing of an answer that was cut off.
    """

    surprisals: Floats
    octets: int
    entropies: Floats | None = None
    bounds: Floats | None = None
    nucleus: Nucleus | None = None
    stop_told: bool = True

    def __len__(self) -> int:
        return len(self.surprisals)

    @property
    def told(self) -> Floats:
        """(T,) what estimates the entropy of each step best: itself where known, else the surprisal.

        Both have the same mean over answers; the surprisal varies more.
        """
        return self.surprisals if self.entropies is None else self.entropies


def known(traces: Sequence[Trace]) -> Known:
    """What is known of each step of all traces."""
    if all(trace.entropies is not None for trace in traces):
        return "distribution"
    return "top" if all(trace.bounds is not None for trace in traces) else "drawn"


def padded(rows: Sequence[Floats]) -> Floats:
    """(n, longest) rows side by side, NaN after their ends."""
    width = max(map(len, rows), default=0)
    table = np.full((len(rows), width), np.nan)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table
