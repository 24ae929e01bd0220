"""Intervals that lean to what was foretold: their coverage at each truth, and a slow twin."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from scipy.special import ndtr, ndtri

from mien.stats.choice.assisted_intervals import assisted_interval
from mien.stats.choice.pooled import Foretold


def foretold(n, *, mean=0.0, variance=0.25, size=4.0, share=0.05):
    return Foretold(np.full(n, mean), np.full(n, variance), size, share, np.zeros(n))


@pytest.mark.parametrize(("off", "df"), [(0.0, 400), (0.8, 400), (1.5, 8), (3.0, 400), (8.0, 400)])
def test_they_hold_for_every_truth_however_far_off(off, df):
    """Where a posterior interval, given the same, holds less and less."""
    n, s = 1_200, 0.7
    rng = np.random.default_rng([int(10 * off), df])
    estimate = off + s * rng.normal(size=n)
    stderr = s * np.sqrt(rng.chisquare(df, size=n) / df)
    low, high = assisted_interval(estimate, stderr, foretold(n), df=df, confidence_level=0.95)
    assert np.mean((low < off) & (off < high)) == pytest.approx(0.95, abs=0.018)
    assert np.all((low < estimate) & (estimate < high))


def test_they_are_shorter_where_the_prior_is_right_and_no_other_where_it_says_nothing():
    rng, n, s = np.random.default_rng(2), 500, 0.7
    estimate = rng.normal(scale=0.5, size=n) + s * rng.normal(size=n)
    margin = scipy.stats.t.ppf(0.95, 30) * s
    low, high = assisted_interval(estimate, np.full(n, s), foretold(n), df=30, confidence_level=0.9)
    assert np.mean(high - low) < 0.93 * 2 * margin
    vague = foretold(n, variance=1e8)
    low, high = assisted_interval(estimate, np.full(n, s), vague, df=30, confidence_level=0.9)
    np.testing.assert_allclose([low, high], [estimate - margin, estimate + margin], atol=1e-4)


@pytest.mark.parametrize("estimate", [0.1, -0.9, 2.5, 6.0])
def test_ends_are_those_of_a_slow_search(estimate):
    """Test each value by the region of given probability that the prior predictive law likes least."""
    s, variance, size, share, alpha = 0.5, 0.2, 3.0, 0.1, 0.05

    parts = np.linspace(0.0005, 0.9995, 2_000)

    def foretells(below):
        narrow, wide = (np.sqrt(v + s**2) for v in (variance, variance + size))
        return (1 - share) * ndtr(below / narrow) + share * ndtr(below / wide)

    def kept(value):
        low, high = value + s * ndtri(alpha * parts), value + s * ndtri(1 - alpha * (1 - parts))
        best = np.argmin(foretells(high) - foretells(low))
        return low[best] < estimate < high[best]

    values = [v for v in np.arange(min(estimate, 0) - 1.1, max(estimate, 0) + 1.1, 0.02) if kept(v)]
    found = assisted_interval(
        np.array([estimate]),
        np.array([s]),
        foretold(1, variance=variance, size=size, share=share),
        df=np.inf,
        confidence_level=1 - alpha,
    )
    np.testing.assert_allclose([end[0] for end in found], [values[0], values[-1]], atol=0.03)


def test_what_stands_out_has_both_ends_of_the_interval_without_a_prior():
    ordinary = foretold(1)
    out = ordinary._replace(departure=np.array([2.1]))
    settings = {"df": np.inf, "confidence_level": 0.95}
    at = np.array([1.9]), np.array([0.7])
    (low, high), (least, most) = (assisted_interval(*at, of, **settings) for of in (ordinary, out))
    assert high[0] < 1.9 + 1.96 * 0.7 - 0.1
    assert most[0] == pytest.approx(1.9 + 1.96 * 0.7, abs=1e-4)
    assert least[0] == low[0] < 1.9 - 1.96 * 0.7
