"""Partial pooling against a joint maximum over all parameters, and its coverage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize

from mien.stats.consistency import Contexts, consistency
from mien.stats.consistency.pooling import Law, pooling
from mien.stats.profiles.elo import ELO_CENTRE, ELO_SCALE

ALPHA = 0.15


def joint(trials, positions, tau, n):
    """Mode and covariance of (M, n) scores from one optimum over the mean and all deviations."""
    m = len(trials)

    def minus(params):
        mean, deviations = params[:n], params[n:].reshape(m, n)
        total = -np.sum(deviations**2) / (2 * tau**2) - ALPHA * np.sum(mean**2) / 2
        slopes = np.zeros_like(params)
        slopes[:n], slopes[n:] = -ALPHA * mean, -params[n:] / tau**2
        for c, own in enumerate(trials):
            value, likely = own.log_likelihood(np.concatenate([mean + deviations[c], positions]))
            gradient = own.gradient(likely)[:n]
            total += value
            slopes[:n] += gradient
            slopes[n + c * n : n + (c + 1) * n] += gradient
        return -total, -slopes

    best = scipy.optimize.minimize(minus, np.zeros(n * (m + 1)), jac=True, method="BFGS", tol=1e-10).x
    scores = best[:n] + best[n:].reshape(m, n)
    hessian = np.diag(np.repeat([ALPHA, *[1 / tau**2] * m], n))
    for c, own in enumerate(trials):
        _, likely = own.log_likelihood(np.concatenate([scores[c], positions]))
        pick = np.zeros((n, n * (m + 1)))
        pick[:, :n] = pick[:, n + c * n : n + (c + 1) * n] = np.eye(n)
        hessian += pick.T @ own.information(likely)[:n, :n] @ pick
    covariance = np.linalg.inv(hessian)
    centring = np.eye(n) - 1 / n
    variances = []
    for c in range(m):
        pick = np.zeros((n, n * (m + 1)))
        pick[:, :n] = pick[:, n + c * n : n + (c + 1) * n] = np.eye(n)
        variances.append(np.diag(centring @ pick @ covariance @ pick.T @ centring))
    return scores - scores.mean(axis=1, keepdims=True), np.sqrt(variances)


def independent(fit):
    """The fit, taken for one of independent trials."""
    return replace(fit, alpha=ALPHA, inflation=1.0)


@pytest.mark.parametrize("tau", [0.2, 0.7])
def test_scores_are_those_of_a_joint_maximum(play, linear, tau):
    comparisons, context, _ = play(0.5, 3)
    fit, trials, _ = linear(comparisons, context)
    found = pooling(trials, independent(fit), Law(np.array([tau]), np.ones(1)), n_draws=4000)
    scores, stderr = joint(trials, fit.positions, tau, len(fit.scores))
    np.testing.assert_allclose(found.scores, scores, atol=2e-3)
    np.testing.assert_allclose(found.stderr, stderr, rtol=2e-3)
    np.testing.assert_allclose(found.draws.mean(axis=0), scores, atol=0.03)
    np.testing.assert_allclose(found.draws.std(axis=0), stderr, rtol=0.08)


def test_nothing_between_contexts_leaves_the_scores_of_the_whole(play, linear):
    comparisons, context, _ = play(0.5, 3)
    fit, trials, _ = linear(comparisons, context)
    found = pooling(trials, independent(fit), Law(np.zeros(1), np.ones(1)))
    np.testing.assert_allclose(found.scores, np.tile(fit.scores, (3, 1)), atol=1e-3)


def test_more_dispersion_leans_more_on_the_other_contexts(play, linear):
    comparisons, context, _ = play(0.5, 3)
    fit, trials, _ = linear(comparisons, context)
    spread = [
        pooling(trials, replace(fit, inflation=dispersion), Law(np.array([0.5]), np.ones(1)))
        .scores.std(axis=0)
        .mean()
        for dispersion in (1.0, 3.0)
    ]
    assert spread[1] < spread[0]


def test_intervals_hold_the_truth_and_pooling_comes_closer_than_the_whole(play):
    for tau in (0.0, 0.5):
        covered, error, whole = [], [], []
        for seed in range(25):
            comparisons, context, truth = play(tau, seed)
            labels = {f"p{i:02}": f"c{c}" for i, c in enumerate(context.tolist())}
            found = consistency(comparisons, Contexts(labels), n_resamples=99)
            rating = ELO_CENTRE + ELO_SCALE * truth
            covered.append(np.abs(found.rating - rating) < 2 * found.stderr)
            error.append(np.mean((found.rating - rating) ** 2))
            whole.append(np.mean((found.whole - rating) ** 2))
        assert 0.92 <= np.mean(covered) <= 0.99
    assert np.mean(error) < 0.75 * np.mean(whole)
