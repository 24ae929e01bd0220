"""Pulls against loops over prompts and trials, and against an analysis of variance."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats


@pytest.fixture(scope="module")
def case(play, linear):
    comparisons, context, _ = play(0.4, 1)
    fit, trials, pulls = linear(comparisons, context)
    return comparisons, fit, trials, pulls


def test_what_deviations_move_is_the_change_of_the_gradients(case):
    comparisons, fit, trials, pulls = case
    n, rng = len(fit.scores), np.random.default_rng(0)
    deviations = rng.normal(size=(len(trials), n))
    moved = np.zeros_like(pulls.of_prompts)
    for c, own in enumerate(trials):
        rows = pulls.context[comparisons.cluster] == c
        labels = comparisons.cluster[rows]
        gradients = []
        for scores in (fit.scores, fit.scores + deviations[c]):
            _, likely = own.log_likelihood(np.concatenate([scores, fit.positions]))
            gradients.append(own.gradients_by_cluster(likely)[1].toarray()[:, :n])
        moved[np.unique(labels)] = (gradients[0] - gradients[1]) @ pulls.bread
    np.testing.assert_allclose(pulls.moved(deviations), pulls.centred(moved), atol=1e-12)


def test_centred_pulls_sum_to_nothing_but_the_ridge(case):
    *_, pulls = case
    moved = np.random.default_rng(0).choice([-1, 1], size=(len(pulls.context), 1)) * pulls.of_prompts
    total, left = moved.sum(axis=0), pulls.centred(moved).sum(axis=0)
    assert np.linalg.norm(left) < 0.05 * np.linalg.norm(total)


def test_agreement_is_the_sum_over_pairs_of_prompts(case):
    *_, pulls = case
    h = pulls.of_prompts
    expected = np.zeros(h.shape[1])
    for p in range(len(h)):
        for q in range(len(h)):
            if p != q and pulls.context[p] == pulls.context[q]:
                expected += h[p] * h[q] / pulls.share[pulls.context[p]]
    np.testing.assert_allclose(pulls.agreement(h), expected, atol=1e-12)


def test_resamples_are_those_of_the_prompts(case):
    *_, pulls = case
    signs = np.random.default_rng(2).choice([-1.0, 1.0], size=(3, len(pulls.context)))
    for row, sums in zip(signs, pulls.resampled(signs, pulls.of_prompts), strict=True):
        centred = pulls.centred(row[:, None] * pulls.of_prompts)
        expected = [centred[pulls.context == c].sum(axis=0) for c in range(len(pulls.share))]
        np.testing.assert_allclose(sums, expected, atol=1e-12)


def test_between_is_that_of_an_analysis_of_variance(case):
    """With as many trials to each prompt, Σ S²/s is C times the sum of squares between groups."""
    *_, pulls = case
    h, n_contexts = pulls.of_prompts - pulls.of_prompts.mean(axis=0), len(pulls.share)
    np.testing.assert_allclose(pulls.share, 1 / n_contexts)
    sums = np.array([[h[pulls.context == c].sum(axis=0) for c in range(n_contexts)]])
    between = pulls.between(sums)[0] / len(h)
    within = np.sum(h**2, axis=0) - between
    ratio = between / (n_contexts - 1) / (within / (len(h) - n_contexts))
    oracle = scipy.stats.f_oneway(*(h[pulls.context == c] for c in range(n_contexts))).statistic
    np.testing.assert_allclose(ratio, oracle)
