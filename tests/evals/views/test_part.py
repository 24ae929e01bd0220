"""What leans have in common, and nothing of what chance adds."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.evals.views.part import common_square


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=6))
def test_it_is_the_mean_product_of_two(leans: list[float]) -> None:
    products = [a * b for a, b in combinations(leans, 2)]
    assert common_square(leans) == pytest.approx(np.mean(products), abs=1e-12)


def test_fewer_than_two_that_are_known_tell_nothing() -> None:
    assert common_square([]) is common_square([1.0]) is common_square([1.0, np.nan]) is None
    assert common_square([1.0, np.nan, -1.0]) == -1


def test_chance_has_no_part_in_it() -> None:
    draws = np.random.default_rng(4).choice([-1.0, 1.0], size=(4000, 3))
    assert abs(np.mean([common_square(row) for row in draws])) < 0.05
    assert common_square([0.5, 0.5, 0.5]) == pytest.approx(0.25)
