from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.estimates.jackknife import Jackknife, difference

N = 6


def fit(seed, clusters, *, n_trials=300, favourite=0.0):
    rng = np.random.default_rng(seed)
    options = np.argsort(rng.random((n_trials, N)), axis=1)[:, :2]
    chosen = (favourite * (options == 0) + rng.gumbel(size=options.shape)).argmax(axis=1)
    return choice.fit(Trials.of(options, chosen, N, clusters=rng.choice(clusters, size=n_trials)))


def jackknife(shares):
    """One item, whose clusters add these shares to its variance."""
    roots = np.sqrt(np.asarray(shares, dtype=float))[:, None]
    return Jackknife(
        tuple(range(len(roots))), sp.csr_array(roots), np.ones((1, 1)), np.ones(1), np.zeros((0, 1))
    )


def laid_out(fit):
    """Of the scores of a fitted choice model."""
    return Jackknife(
        tuple(fit.clusters.tolist()),
        fit.gradients,
        fit.bread[:, :N],
        np.full(len(fit.bread), np.sqrt(fit.correction)),
        np.zeros((0, N)),
    )


def test_shares_add_up_to_the_clustered_variance_of_the_difference():
    a, b = fit(1, np.arange(40)), fit(2, np.arange(20, 60))
    laid = difference(laid_out(a), laid_out(b))
    assert laid.clusters == tuple(range(60))
    for item in range(N):
        total = 0.0
        for each in (a, b):
            meat = (each.gradients.T @ each.gradients).toarray()
            total += each.correction * (each.bread @ meat @ each.bread)[item, item]
        total -= 2 * choice.cross_covariance(a, b)[item, item]
        assert laid.share(item).sum() == pytest.approx(total)
        # The pulls of a sum to what the penalty holds off, at the estimate.
        assert laid.pull(item).sum() == pytest.approx(
            (b.bread @ b.gradients.sum(axis=0) - a.bread @ a.gradients.sum(axis=0))[item], abs=1e-9
        )


def test_degrees_of_freedom_follow_their_definition():
    shares = np.random.default_rng(0).gamma(1.0, size=50)
    expected = 3 * shares.sum() ** 2 / (shares**2).sum() - 1
    np.testing.assert_allclose(jackknife(shares).degrees_of_freedom(), [expected])
    assert jackknife(np.ones(10)).degrees_of_freedom()[0] == pytest.approx(29)
    assert jackknife([1.0, 0, 0, 0]).degrees_of_freedom()[0] == pytest.approx(2)
    assert jackknife([0.0, 0.0]).degrees_of_freedom()[0] == 1


def test_normal_clusters_have_as_many_degrees_of_freedom_as_there_are():
    """Then the sum of their squares is chi-squared."""
    rng = np.random.default_rng(1)
    found = [jackknife(rng.normal(size=60) ** 2).degrees_of_freedom()[0] for _ in range(300)]
    assert np.mean(found) == pytest.approx(60, rel=0.12)


def test_an_item_that_nearly_always_wins_has_few():
    laid = difference(
        *(laid_out(fit(seed, np.arange(100), favourite=4.0)) for seed in (1, 2)),
    )
    df = laid.degrees_of_freedom()
    assert df[0] < 20
    assert df[1:].min() > 1.3 * df[0]
