from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.stats.diffs.size import size


def wishart(rng, n, spread=1.0):
    """A covariance of n changes that sum to 0, of unequal variances."""
    root = rng.normal(size=(n, 3 * n)) * np.exp(spread * rng.normal(size=n))[:, None]
    root -= root.mean(axis=0)
    return root @ root.T / (3 * n)


def interval_by_simulation(delta, covariance, tail, grid, n_draws=20_000):
    """The twin: for each size on a grid, where the observed sum of squares lies among simulated ones."""
    rng = np.random.default_rng(0)
    noise = rng.multivariate_normal(np.zeros(len(delta)), covariance, size=n_draws, method="eigh")
    u = delta / np.linalg.norm(delta)
    kept = []
    for rms in grid:
        above = np.mean(np.sum((rms * np.sqrt(len(delta)) * u + noise) ** 2, axis=1) >= delta @ delta)
        if tail < above < 1 - tail:
            kept.append(rms)
    return min(kept), max(kept)


def test_interval_is_that_of_simulated_sums_of_squares():
    rng = np.random.default_rng(3)
    covariance = wishart(rng, 12)
    delta = rng.normal(size=12) * 1.5 + rng.multivariate_normal(np.zeros(12), covariance, method="eigh")
    delta -= delta.mean()
    found = size(delta, covariance, confidence_level=0.9)
    low, high = interval_by_simulation(delta, covariance, 0.05, np.arange(0, 6, 0.02))
    assert found["low"] == pytest.approx(low, abs=0.06)
    assert found["high"] == pytest.approx(high, abs=0.06)
    assert found["rms"] == pytest.approx(np.sqrt(np.mean(delta**2) - np.trace(covariance) / 12))


def test_equal_variances_give_the_noncentral_chi_squared():
    """An oracle: with V = I the sum of squares is noncentral chi-squared, and Pearson's fit is close."""
    delta = np.array([3.0, -1.0, 2.0, -4.0, 0.5, 1.5, -2.0, 0.0])
    found = size(delta, np.eye(8))
    observed = float(delta @ delta)
    for end, tail in ((found["low"], 0.025), (found["high"], 0.975)):
        assert scipy.stats.ncx2.sf(observed, 8, 8 * end**2) == pytest.approx(tail, abs=0.003)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 20), scale=st.floats(0.0, 5.0))
def test_estimate_lies_in_its_interval_and_units_do_not_matter(seed, n, scale):
    rng = np.random.default_rng(seed)
    covariance = wishart(rng, n)
    delta = scale * rng.normal(size=n)
    delta -= delta.mean()
    found = size(delta, covariance)
    assert 0 <= found["low"] <= found["high"]
    assert found["rms"] <= found["high"] + 1e-9
    assert found["low"] <= found["rms"] + 1e-9 or found["rms"] > 0
    again = size(100 * delta, 1e4 * covariance)
    np.testing.assert_allclose([again[k] for k in again], [100 * found[k] for k in found], rtol=1e-4)


def test_no_noise_and_no_change():
    assert size(np.array([3.0, -3.0]), np.zeros((2, 2))) == {"rms": 3.0, "low": 3.0, "high": 3.0}
    assert size(np.zeros(4), np.eye(4)) == {"rms": 0.0, "low": 0.0, "high": 0.0}


@pytest.mark.parametrize("true_rms", [0.0, 0.5, 1.5])
def test_intervals_cover_the_truth(true_rms):
    rng = np.random.default_rng(1)
    n, replications = 40, 500
    covariance = wishart(rng, n, spread=0.3)
    truth = rng.normal(size=n)
    truth -= truth.mean()
    truth *= true_rms / np.sqrt(np.mean(truth**2))
    noise = rng.multivariate_normal(np.zeros(n), covariance, size=replications, method="eigh")
    found = [size(truth + e, covariance) for e in noise]
    covered = np.mean([x["low"] <= true_rms <= x["high"] for x in found])
    assert 0.93 < covered < 0.995
    # At no change the lower end alone can miss, in 2.5 % of cases.
    if true_rms == 0:
        assert covered == pytest.approx(0.975, abs=0.02)
    else:
        assert np.mean([x["rms"] ** 2 for x in found]) == pytest.approx(true_rms**2, rel=0.1)
