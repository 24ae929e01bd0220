"""Requirements that are met together: against a slow twin, and where nothing is to be found."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from mien.stats.agreement.together import met_together


def slow(n: list[int], a: list[int], b: list[int], both: list[int]) -> float:
    """By counting all ways in which answers could have met the two."""
    ways = []
    for size, first, second in zip(n, a, b, strict=True):
        one = set(range(first))
        ways.append([len(one & set(other)) for other in combinations(range(size), second)])
    sums = [sum(chosen) for chosen in product(*ways)]
    return sum(one <= sum(both) for one in sums) / len(sums)


@pytest.mark.parametrize(
    ("n", "a", "b", "both"),
    [
        ([4], [2], [2], [0]),
        ([4, 4], [2, 3], [2, 1], [0, 1]),
        ([5, 3, 4], [2, 1, 4], [3, 2, 2], [1, 0, 2]),
        ([3, 3], [0, 3], [2, 1], [0, 1]),
    ],
)
def test_against_all_ways(n: list[int], a: list[int], b: list[int], both: list[int]) -> None:
    assert met_together(n, a, b, both).p == pytest.approx(slow(n, a, b, both))


def test_what_never_varies_tells_nothing() -> None:
    found = met_together([4, 4], [0, 4], [2, 1], [0, 1])
    assert (found.p, found.least, found.expected) == (1.0, 1.0, 1.0)
    assert met_together([], [], [], []).p == 1.0


def test_independent_requirements_are_found_as_often_as_allowed() -> None:
    """Of 400 pairs that know nothing of each other, no more than 5 % have p ≤ .05."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(400):
        rates = rng.beta(1, 1, (12, 2))  # items differ in how often each is met
        met = rng.random((12, 4, 2)) < rates[:, None, :]
        a, b = met.sum(1).T
        found.append(met_together(np.full(12, 4), a, b, met.all(2).sum(1)).p)
    assert np.mean(np.array(found) <= 0.05) <= 0.07
    assert np.mean(found) > 0.5


def test_numbers_that_cannot_be_are_refused() -> None:
    for n, a, b, both in (([4], [2], [2], [3]), ([4], [4], [4], [3]), ([4], [5], [0], [0])):
        with pytest.raises(ValueError, match="more answers"):
            met_together(n, a, b, both)
