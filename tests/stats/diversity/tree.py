"""A model whose tree of answers is small enough to be walked whole, and nothing of mien's in it.

Its probabilities are quarters, so that a list of answers in which each stands as often as it is likely is the
model itself: what is worked out on that list has no error of sampling.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np

from mien.stats.diversity.traces import Nucleus, Trace

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 4
SHAPES = ((2, 1, 1), (3, 1), (1, 1, 1, 1), (2, 2))  # quarters of the first branch, the second, …
END = 0  # the branch that ends the answer, if its depth lets it


def distribution(path: tuple[int, ...], seed: int) -> list[int]:
    """Quarters of each branch after a path."""
    return list(random.Random(f"{seed}{path}").choice(SHAPES))


def answers(seed: int) -> Iterator[tuple[float, list[list[int]], list[int]]]:
    """Every answer: its probability, the distributions on its way, and the branches taken."""

    def walk(path: tuple[int, ...]) -> Iterator[tuple[float, list[list[int]], list[int]]]:
        here = distribution(path, seed)
        for branch, quarters in enumerate(here):
            if branch == END or len(path) + 1 == DEEPEST:
                yield quarters / 4, [here], [branch]
                continue
            for p, ways, taken in walk((*path, branch)):
                yield p * quarters / 4, [here, *ways], [branch, *taken]

    yield from walk(())


def entropy(quarters: list[int]) -> float:
    return -sum(q / 4 * math.log(q / 4) for q in quarters)


def nucleus(quarters: list[int], drawn: int, mass: float) -> tuple[float, float]:
    """Surprisal and entropy of the nucleus, with the branch that was taken."""
    order = sorted(range(len(quarters)), key=lambda branch: -quarters[branch])
    kept: list[int] = []
    while sum(quarters[branch] for branch in kept) / 4 < mass:
        kept.append(order[len(kept)])
    kept += [drawn] * (drawn not in kept)
    total = sum(quarters[branch] for branch in kept)
    shares = [quarters[branch] / total for branch in kept]
    return -math.log(quarters[drawn] / total), -sum(p * math.log(p) for p in shares)


def traces(seed: int, mass: float = 0.5) -> list[Trace]:
    """All answers, each as often as it is likely, in 4^DEEPEST parts."""
    found: list[Trace] = []
    for p, ways, taken in answers(seed):
        cut = np.array([nucleus(way, branch, mass) for way, branch in zip(ways, taken, strict=True)])
        trace = Trace(
            surprisals=np.array([-math.log(way[b] / 4) for way, b in zip(ways, taken, strict=True)]),
            entropies=np.array([entropy(way) for way in ways]),
            nucleus=Nucleus(surprisals=cut[:, 0], entropies=cut[:, 1]),
            octets=3 * len(ways),
        )
        found += [trace] * round(p * 4**DEEPEST)
    assert len(found) == 4**DEEPEST
    return found


def exact(seed: int) -> tuple[float, float, float]:
    """The exact branching factor, total entropy and mean length."""
    each = list(answers(seed))
    total = -sum(p * math.log(p) for p, _, _ in each)
    length = sum(p * len(taken) for p, _, taken in each)
    return math.exp(total / length), total, length
