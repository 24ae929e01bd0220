from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mien.stats.correlation import rank_correlation, ranks, spearman


@given(values=arrays(float, array_shapes(max_dims=3), elements=st.integers(-5, 5).map(float)))
def test_ranks_and_their_correlation_are_scipys(values: np.ndarray) -> None:
    np.testing.assert_array_equal(ranks(values), scipy.stats.rankdata(values, axis=-1))
    rows = values.reshape(-1, values.shape[-1])
    first, last = rows[0], rows[-1]
    if np.ptp(first) and np.ptp(last):
        assert spearman(first, last) == pytest.approx(scipy.stats.spearmanr(first, last).statistic)
    else:
        assert math.isnan(spearman(first, last))


def test_correlation_and_correction_follow_their_definitions():
    rng = np.random.default_rng(0)
    first = rng.normal(size=30)
    second = first + rng.normal(size=30)
    found = rank_correlation(first, second, (0.8, 0.5), confidence_level=0.9)
    rho = scipy.stats.spearmanr(first, second).statistic
    half = scipy.stats.norm.ppf(0.95) * math.sqrt((1 + rho**2 / 2) / 27)
    ends = [math.tanh(math.atanh(rho) + sign * half) for sign in (-1, 1)]
    assert [found["spearman"], found["low"], found["high"]] == pytest.approx([rho, *ends])
    corrected = [found[f"disattenuated{end}"] for end in ("", "_low", "_high")]
    assert corrected == pytest.approx([min(x / math.sqrt(0.4), 1) for x in (rho, *ends)])


def test_errors_in_common_are_taken_out_before_the_correction():
    rng = np.random.default_rng(0)
    first = rng.normal(size=30)
    second = first + rng.normal(size=30)
    plain = rank_correlation(first, second, (0.8, 0.9))
    found = rank_correlation(first, second, (0.8, 0.9), shared=0.1)
    assert found["spearman"] == plain["spearman"]
    for end in ("", "_low", "_high"):
        raw = found[end[1:] or "spearman"]
        assert found[f"disattenuated{end}"] == pytest.approx(min((raw - 0.1) / math.sqrt(0.72), 1))


def test_what_cannot_be_told_is_none():
    up, flat = np.arange(3.0), np.zeros(3)
    assert set(rank_correlation(up, flat, (0.5, 0.5)).values()) == {None}
    short = rank_correlation(up, up[::-1], (0.5, 0.5))
    assert (short["spearman"], short["disattenuated"]) == (-1, -1)
    assert short["low"] is short["disattenuated_high"] is None
    for reliabilities in ((0.5, None), (0.5, 0.0), (-0.1, -0.1)):
        found = rank_correlation(np.arange(9.0), np.arange(9.0), reliabilities)
        assert found["high"] == pytest.approx(1)
        assert found["disattenuated"] is found["disattenuated_low"] is None
