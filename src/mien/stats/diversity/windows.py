"""The branching factor by how far an answer has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mien.stats.distributions import t_half_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.stats.diversity.traces import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Steps of answers, and the branching factor there.

    Attributes:
        first: the first step, from 1.
        last: the last step.
        bf: exp(total entropy / steps) of the answers' steps in the window.
        low, high: ends of its interval over prompts.
        alive: answers that reach the first step; all there are come to the first window.
        prompts: to which these are.
    """

    first: int
    last: int
    bf: float
    low: float
    high: float
    alive: int
    prompts: int


def windows(prompts: Mapping[str, Sequence[Trace]], *, confidence_level: float = 0.95) -> list[Window]:
    """The factor in steps 1, 2, 3–4, 5–8, 9–16 and so on, as far as answers to two prompts come.

    Windows double, since what changes does so at first. An answer counts as long as it goes on: later windows
    are of longer answers, and of prompts that have such.
    """
    longest = max((len(trace) for of in prompts.values() for trace in of), default=0)
    found: list[Window] = []
    first, last = 1, 1
    while first <= longest:
        if (window := _window(prompts, first, min(last, longest), confidence_level)) is None:
            break
        found.append(window)
        first, last = last + 1, 2 * last
    return found


def _window(
    prompts: Mapping[str, Sequence[Trace]], first: int, last: int, confidence_level: float
) -> Window | None:
    here = [[trace.told[first - 1 : last] for trace in of if len(trace) >= first] for of in prompts.values()]
    sums = np.array(
        [[sum(part.sum() for part in of), sum(map(len, of))] for of in here if of], dtype=np.float64
    )
    n = len(sums)
    if n < 2:
        return None
    entropy, steps = sums.mean(axis=0)
    residuals = (sums[:, 0] - entropy / steps * sums[:, 1]) / steps
    stderr = float(np.sqrt((residuals @ residuals) / (n * (n - 1))))
    reach = float(t_half_width(confidence_level, n - 1)) * stderr
    rate = entropy / steps
    low, value, high = (float(np.exp(end)) for end in (rate - reach, rate, rate + reach))
    return Window(
        first=first, last=last, bf=value, low=max(low, 1.0), high=high, alive=sum(map(len, here)), prompts=n
    )
