from __future__ import annotations

import numpy as np
import pytest

from mien.ranks import rank


def test_rank_and_interval_are_those_of_draws():
    rng = np.random.default_rng(0)
    scores, root = np.array([0.9, 0.1, -0.3, 0.4, -1.1]), rng.normal(size=(5, 5)) * 0.3
    covariance = root @ root.T
    found = rank(scores, covariance, 3, df=1e9, confidence_level=0.8, n_draws=20_000)
    draws = np.random.default_rng(1).multivariate_normal(scores, covariance, size=20_000)
    ranks = [int(np.flatnonzero(np.argsort(-draw) == 3)[0]) + 1 for draw in draws]
    assert found.rank == 2
    assert (found.low, found.high) == (np.quantile(ranks, 0.1), np.quantile(ranks, 0.9))


def test_no_noise_leaves_one_rank_and_much_noise_leaves_any():
    scores = np.array([3.0, 2.0, 1.0])
    assert [rank(scores, np.zeros((3, 3)), i, df=50) for i in range(3)] == [(1, 1, 1), (2, 2, 2), (3, 3, 3)]
    assert rank(scores, 1e4 * np.eye(3), 0, df=50) == (1, 1, 3)


def test_the_seed_alone_decides_the_draws():
    scores, covariance = np.linspace(1, -1, 30), 0.3 * np.eye(30)
    assert rank(scores, covariance, 4, df=20) == rank(scores, covariance, 4, df=20)
    assert rank(scores, covariance, 4, df=5).high >= rank(scores, covariance, 4, df=1e6).high


@pytest.mark.parametrize("spread", [0.5, 1.0])
def test_intervals_hold_the_true_rank(spread):
    """Over items drawn from one population; for the very first and last the interval is no narrower."""
    rng = np.random.default_rng(2)
    n, hits = 40, []
    covariance = np.diag(rng.uniform(0.05, 0.2, size=n))
    for _ in range(25):
        truth = spread * rng.normal(size=n)
        scores = truth + rng.normal(size=n) * np.sqrt(np.diag(covariance))
        true_ranks = np.argsort(np.argsort(-truth)) + 1
        for i in range(0, n, 4):
            found = rank(scores, covariance, i, df=1e6, n_draws=1000)
            hits.append(found.low <= true_ranks[i] <= found.high)
    assert np.mean(hits) > 0.92
