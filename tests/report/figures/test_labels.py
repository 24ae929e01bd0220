from __future__ import annotations

import numpy as np
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

from mien.report.figures.labels import beside, spread

PLACES = st.lists(st.floats(-100, 100), min_size=1, max_size=12)


@given(PLACES, st.floats(0, 30))
def test_spread_keeps_the_gap_and_the_order(wanted: list[float], gap: float) -> None:
    found = spread(wanted, gap)
    order = np.argsort(wanted, kind="stable")
    assert np.all(np.diff(found[order]) >= gap - 1e-9)


def test_spread_is_the_least_squares_solution() -> None:
    wanted, gap = np.sort(np.random.default_rng(3).uniform(0, 60, 9)), 8.0
    apart = {"type": "ineq", "fun": lambda places: np.diff(places) - gap}
    oracle = scipy.optimize.minimize(
        lambda places: np.sum((places - wanted) ** 2), np.arange(9) * 10.0, constraints=apart, method="SLSQP"
    )
    np.testing.assert_allclose(spread(wanted, gap), oracle.x, atol=1e-3)


def test_labels_beside_points_keep_off_one_another() -> None:
    points = np.random.default_rng(0).uniform(-200, 200, size=(25, 2))
    sizes = np.full((25, 2), (60.0, 14.0))
    centres = beside(points, sizes, half=230)
    gaps = np.abs(centres[:, None] - centres[None])
    overlapping = (gaps < sizes).all(axis=2) & ~np.eye(25, dtype=bool)
    assert not overlapping.any()
    assert np.abs(centres - points).max() < 90  # still beside
    assert np.all(np.abs(centres) + sizes / 2 <= 230 + 1e-9)


def test_a_label_keeps_within_the_square_and_off_a_line() -> None:
    line = np.column_stack([np.linspace(0, 100, 30), np.zeros(30), np.full((30, 2), 3.0)])
    (centre,) = beside([[60.0, 0.0]], [[120.0, 14.0]], lines=line, half=100)
    assert abs(centre[0]) <= 40
    assert abs(centre[1]) >= 8
