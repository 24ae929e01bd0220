from __future__ import annotations

import math

import numpy as np
import pytest

from mien.stats.estimates.ranks import rank


def test_rank_and_interval_are_those_of_draws():
    """The twin draws each score by itself: with a diagonal covariance the posterior is known by heart."""
    scores, variance = np.array([0.9, 0.1, -0.3, 0.4, -1.1]), np.array([0.1, 0.2, 0.1, 0.15, 0.3])
    found = rank(scores, np.diag(variance), 3, df=1e9, confidence_level=0.8, n_draws=20_000)
    rng, prior = np.random.default_rng(1), scores.var(ddof=1) - variance.mean()
    ranks = []
    for _ in range(20_000):
        mine = rng.normal(scores[3], math.sqrt(variance[3]))
        others = [
            rng.normal(prior * x / (prior + v), math.sqrt(prior * v / (prior + v)))
            for i, (x, v) in enumerate(zip(scores, variance, strict=True))
            if i != 3
        ]
        ranks.append(1 + sum(other > mine for other in others))
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


@pytest.mark.parametrize("true_rank", [1, 5, 20, 36, 40])
def test_intervals_hold_the_true_rank_at_the_ends_as_in_the_middle(true_rank):
    rng, hits = np.random.default_rng(2), []
    for _ in range(150):
        truth, variance = rng.normal(size=40), rng.uniform(0.1, 0.4, size=40)
        scores = truth + rng.normal(size=40) * np.sqrt(variance)
        item = int(np.argsort(-truth)[true_rank - 1])
        found = rank(scores, np.diag(variance), item, df=1e6, n_draws=500)
        hits.append(found.low <= true_rank <= found.high)
    assert np.mean(hits) > 0.9
