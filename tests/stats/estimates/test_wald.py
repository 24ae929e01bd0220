from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from mien.stats.estimates.wald import wald_test


def test_it_is_calibrated_with_few_clusters():
    rng = np.random.default_rng(0)
    ps = []
    for _ in range(400):
        draws = rng.normal(size=(30, 10))
        draws -= draws.mean(axis=1, keepdims=True)
        ps.append(wald_test(draws.mean(axis=0), np.cov(draws.T) / 30, 30).p)
    assert scipy.stats.kstest(ps, "uniform").pvalue > 0.01


def test_it_needs_more_clusters_than_contrasts():
    assert wald_test(np.zeros(5), np.eye(5), 4) == (None, 4, None)


def test_of_free_quantities_it_is_hotellings():
    rng = np.random.default_rng(1)
    ps = []
    for _ in range(400):
        draws = rng.normal(size=(30, 4)) * np.array([1e-3, 1.0, 50.0, 1e4])
        mean, covariance = draws.mean(axis=0), np.cov(draws.T) / 30
        found = wald_test(mean, covariance, 30, centred=False)
        assert found.statistic == pytest.approx(mean @ np.linalg.solve(covariance, mean))
        ps.append(found.p)
    assert scipy.stats.kstest(ps, "uniform").pvalue > 0.01


def test_what_is_said_twice_or_does_not_vary_counts_once_or_not():
    draws = np.random.default_rng(2).normal(size=(30, 3))
    mean, covariance = draws.mean(axis=0), np.cov(draws.T) / 30
    twice = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [2, 0, 0], [0, 0, 0]])
    again = wald_test(twice @ mean, twice @ covariance @ twice.T, 30, centred=False)
    assert again == pytest.approx(wald_test(mean, covariance, 30, centred=False))
    assert wald_test(np.zeros(2), np.zeros((2, 2)), 30, centred=False) == (None, 0, None)
