from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.stats.diversity.bounds import entropy_bounds, nucleus


@given(
    st.lists(st.integers(1, 1000), min_size=2, max_size=40),
    st.integers(1, 40),
)
def test_what_is_between_the_bounds_is_the_entropy(weights: list[int], k: int):
    p = np.sort(np.array(weights) / sum(weights))[::-1]
    truth = float(-(p * np.log(p)).sum())
    low, high = entropy_bounds(np.log(p[:k]), vocabulary=len(p))
    assert low - 1e-9 <= truth <= high + 1e-9
    assert entropy_bounds(np.log(p))[1] == pytest.approx(truth, abs=1e-5)


def test_the_bounds_are_reached():
    # .5 is told; what is left is one token of .5 at best, and nine of .5/9 at worst.
    low, high = entropy_bounds(np.log([0.5]), vocabulary=10)
    assert low == pytest.approx(math.log(2))
    assert high == pytest.approx(math.log(2) / 2 - 0.5 * math.log(0.5 / 9))


def test_a_nucleus_holds_the_token_drawn():
    logs = np.log([0.5, 0.3, 0.15]).tolist()
    surprisal, entropy = nucleus(logs, math.log(0.3), 0.75) or (0, 0)
    assert surprisal == pytest.approx(-math.log(0.3 / 0.8))
    assert entropy == pytest.approx(-(0.625 * math.log(0.625) + 0.375 * math.log(0.375)))
    surprisal, entropy = nucleus(logs, math.log(0.01), 0.75) or (0, 0)
    shares = np.array([0.5, 0.3, 0.01]) / 0.81
    assert surprisal == pytest.approx(-math.log(0.01 / 0.81))
    assert entropy == pytest.approx(float(-(shares * np.log(shares)).sum()))
    assert nucleus(logs, math.log(0.3), 0.96) is None
