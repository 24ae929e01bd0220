"""Curves of what still holds, against SciPy's; and numbers by item that stand for them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from mien.stats.survival import pseudo_values, survival

STEPS = 4
SEEN = st.lists(st.tuples(st.integers(1, STEPS), st.booleans()), min_size=3, max_size=40)


@given(SEEN)
def test_the_curve_is_scipys(seen: list[tuple[int, bool]]) -> None:
    last, ended = (list(column) for column in zip(*seen, strict=True))
    found = survival(last, ended, STEPS)
    oracle = ecdf(CensoredData.right_censored(last, np.invert(ended))).sf
    alive = found.at_risk > 0
    places = np.arange(1, STEPS + 1)
    np.testing.assert_allclose(found.held[alive], oracle.evaluate(places)[alive], atol=1e-12)
    known = ~np.isnan(found.low) & alive
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where nothing has ended SciPy warns that it knows no interval
        ends = oracle.confidence_interval(method="log-log")
    for ours, theirs in ((found.low, ends.low), (found.high, ends.high)):
        np.testing.assert_allclose(ours[known], theirs.evaluate(places)[known], atol=1e-9)


def test_what_is_lost_from_sight_neither_holds_nor_ends() -> None:
    found = survival([0, 1, 2, 2], [False, True, False, True], 3)
    assert found.at_risk.tolist() == [3, 2, 0]
    assert found.ended.tolist() == [1, 1, 0]
    assert found.held[:2] == pytest.approx([2 / 3, 1 / 3])
    assert np.isnan(found.held[2])  # nobody was left to be seen
    assert survival([1, 2], [True, True], 4).held.tolist() == [
        0.5,
        0,
        0,
        0,
    ]  # and here nothing was left to end


@given(SEEN)
def test_pseudo_values_are_what_leaving_one_out_changes(seen: list[tuple[int, bool]]) -> None:
    last, ended = (np.array(column) for column in zip(*seen, strict=True))
    found = pseudo_values(last, ended, STEPS)
    whole, n = survival(last, ended, STEPS).held[-1], len(last)
    if np.isnan(whole):
        assert np.isnan(found).all()
        return
    for i, value in enumerate(found):
        without = survival(np.delete(last, i), np.delete(ended, i), STEPS).held[-1]
        assert value == pytest.approx(n * whole - (n - 1) * (whole if np.isnan(without) else without))


def test_where_all_are_seen_to_the_end_pseudo_values_are_what_was_seen() -> None:
    last, ended = [4, 4, 2, 1], [False, True, True, True]
    assert pseudo_values(last, ended, 4) == pytest.approx([1, 0, 0, 0])
