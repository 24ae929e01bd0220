"""Wordings that differ beyond noise: against all flips of signs, and where there is nothing to be found."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from mien.stats.agreement.noise import beyond_noise


def slow(across: list[int], within: list[int], clusters: list[str]) -> float:
    """By turning the sign of each cluster in all ways."""
    names = sorted(set(clusters))
    rows = list(zip(across, within, clusters, strict=True))
    sums = [sum(a - w for a, w, of in rows if of == name) for name in names]
    flipped = [
        sum(s * d for s, d in zip(signs, sums, strict=True)) for signs in product((-1, 1), repeat=len(sums))
    ]
    return sum(one >= sum(sums) for one in flipped) / len(flipped)


@pytest.mark.parametrize(
    ("across", "within", "clusters"),
    [
        ([1, 1, 1], [0, 0, 0], ["a", "b", "c"]),
        ([1, 1, 0, 1, 0, 1], [0, 0, 0, 1, 1, 0], ["a", "a", "b", "b", "c", "d"]),
        ([0, 0, 1], [1, 1, 0], ["a", "b", "b"]),
        ([0, 0], [0, 0], ["a", "b"]),
    ],
)
def test_against_all_flips(across: list[int], within: list[int], clusters: list[str]) -> None:
    found = beyond_noise(across, within, clusters)
    assert found.p == pytest.approx(slow(across, within, clusters))
    assert (found.across.share, found.within.share) == (np.mean(across), np.mean(within))
    assert found.clusters == len(set(clusters))


def test_one_wording_is_found_to_be_two_as_often_as_allowed() -> None:
    """Of 400 clauses whose other wording is the same to the judge, no more than 5 % have p ≤ .05."""
    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(10), 3)
    found = []
    for _ in range(400):
        rates = rng.beta(0.5, 0.5, 10)[clusters]  # conversations differ in how sure the judge is
        first, again, other = rng.random((3, 30)) < rates
        found.append(beyond_noise(first != other, first != again, clusters).p)
    assert np.mean(np.array(found) <= 0.05) <= 0.07


def test_nothing_read_is_refused() -> None:
    with pytest.raises(ValueError, match="no trials"):
        beyond_noise([], [], [])
