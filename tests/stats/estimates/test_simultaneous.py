"""Intervals that hold at once, against drawn truths and laws that are known."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from mien.stats.distributions import t_half_width
from mien.stats.estimates.simultaneous import rank_intervals, reach

N = 12
CENTRED = np.eye(N) - 1 / N


def test_one_estimate_reaches_as_far_as_students_t():
    assert reach(np.array([[4.0]]), 9, seed=1) == pytest.approx(t_half_width(0.95, 9), rel=0.05)


def test_independent_estimates_reach_as_far_as_sidak_has_it():
    exact = scipy.stats.norm.ppf((1 + 0.95 ** (1 / N)) / 2)
    assert reach(np.eye(N), 1e6) == pytest.approx(exact, rel=0.02)


def test_equal_estimates_reach_no_further_than_one():
    assert reach(np.ones((N, N)), 30) == pytest.approx(t_half_width(0.95, 30), rel=0.05)


def test_what_has_no_noise_needs_no_interval():
    assert reach(np.zeros((3, 3)), 30) == 0
    low, high = rank_intervals(np.array([2.0, 3.0, 1.0]), np.zeros((3, 3)), 30)
    assert low.tolist() == high.tolist() == [2, 1, 3]


def slow_ranks(values, covariance, quantile):
    """Of each item by its own loop, at one quantile."""
    low, high = [], []
    for j in range(len(values)):
        ahead = behind = 0
        for k in range(len(values)):
            if k == j:
                continue
            half = quantile * np.sqrt(covariance[j, j] + covariance[k, k] - 2 * covariance[j, k])
            ahead += values[k] - values[j] > half
            behind += values[j] - values[k] > half
        low.append(1 + ahead)
        high.append(len(values) - behind)
    return low, high


def test_ranks_are_those_of_differences_that_hold_at_once():
    """Of three: the largest |t| of two differences whose correlation is a half, after Dunnett."""
    values, covariance = np.array([0.0, 2.5, 4.6]), np.eye(3)
    low, high = rank_intervals(values, covariance, 1e6)
    slow = slow_ranks(values, covariance, 2.212)
    assert (low.tolist(), high.tolist()) == slow == ([2, 1, 1], [3, 3, 2])


def test_a_level_and_a_pair_that_never_differs():
    shared = np.kron(np.eye(2), np.ones((2, 2)))
    low, high = rank_intervals(np.array([9.0, 9.0, 0.0, 0.0]), shared, 50)
    assert (low.tolist(), high.tolist()) == ([1, 1, 3, 3], [2, 2, 4, 4])


@pytest.mark.parametrize("spread", [0.0, 1.0, 4.0])
def test_intervals_hold_as_often_as_they_promise(spread):
    rng = np.random.default_rng(3)
    root = rng.normal(size=(N, 2 * N)) / np.sqrt(2 * N)
    covariance = CENTRED @ root @ root.T @ CENTRED
    quantile = reach(covariance, 1e6)
    values_held, each, together = [], [], []
    for seed in range(150):
        truth = spread * rng.normal(size=N)
        values = truth + CENTRED @ root @ rng.normal(size=2 * N)
        lowest = 1 + (truth > truth[:, None]).sum(axis=1)
        highest = N - (truth < truth[:, None]).sum(axis=1)
        low, high = rank_intervals(values, covariance, 1e6, seed=seed)
        each.append((low <= lowest) & (highest <= high))
        low, high = rank_intervals(values, covariance, 1e6, at_once=True, seed=seed)
        together.append(((low <= lowest) & (highest <= high)).all())
        values_held.append((np.abs(values - truth) < quantile * np.sqrt(np.diag(covariance))).all())
    assert 0.9 <= np.mean(values_held) <= 0.99
    assert np.mean(each) >= 0.94
    assert np.mean(together) >= 0.92
