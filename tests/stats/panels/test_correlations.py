"""All pairs at once, against each pair by itself."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from mien.stats.correlation import rank_correlation
from mien.stats.panels.correlations import Correlations


@pytest.mark.parametrize("n", [3, 12])
def test_every_pair_is_that_of_the_two_by_themselves(n: int) -> None:
    scores = np.random.default_rng(0).normal(size=(5, n)).round(1)
    scores[1], scores[2] = 0.0, -scores[0]
    reliable = [0.9, 0.8, None, -0.1, 0.7]
    rows = Correlations.of(scores, reliable, 0.9).rows("abcde")
    for row, (i, j) in zip(rows, combinations(range(5), 2), strict=True):
        twin = rank_correlation(scores[i], scores[j], (reliable[i], reliable[j]), confidence_level=0.9)
        assert (row["a"], row["b"]) == ("abcde"[i], "abcde"[j])
        for name, value in twin.items():
            assert row[name] is None if value is None else row[name] == pytest.approx(value, abs=1e-12), name
