"""The test of interaction and the variance between contexts, by simulation with known truth."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from mien.stats.consistency.interaction import TAUS, Variance, interaction


def found(play, linear, tau, seeds):
    results = []
    for seed in seeds:
        comparisons, context, _ = play(tau, seed)
        results.append(interaction(linear(comparisons, context)[2], n_resamples=99, seed=seed))
    return results


def test_the_size_of_the_test_is_right_where_nothing_varies(play, linear):
    results = found(play, linear, 0.0, range(100))
    assert 0.01 <= np.mean([result.p < 0.05 for result in results]) <= 0.09
    assert 0.03 <= np.mean([result.p_items < 0.05 for result in results]) <= 0.07
    assert np.mean([result.low == 0 for result in results]) > 0.9


def test_the_variance_is_recovered(play, linear):
    results = found(play, linear, 0.4, range(60))
    truth = [play(0.4, seed)[2] for seed in range(60)]
    realised = np.mean([np.sum((scores - scores.mean(axis=0)) ** 2) / (2 * 7) for scores in truth])
    assert np.mean([result.tau**2 for result in results]) == pytest.approx(realised, rel=0.3)
    assert np.mean([result.low <= 0.4 <= result.high for result in results]) >= 0.88
    assert np.mean([result.p < 0.05 for result in results]) > 0.5


def test_contexts_that_agree_within_are_told_from_prompts_that_differ(play, linear):
    """Prompts that each have their own way, the same in all their trials, are no context."""
    rejected = []
    for seed in range(40):
        comparisons, context, _ = play(0.0, seed, n_trials=1200)
        rng = np.random.default_rng(seed)
        liking = rng.gumbel(size=(len(context), 8))
        own = liking[comparisons.cluster[:, None], comparisons.options]
        alike = comparisons.chosen.copy()
        alike[:] = (np.linspace(1.2, -1.2, 8)[comparisons.options] + own).argmax(axis=1)
        pulls = linear(type(comparisons)(**fields(comparisons) | {"chosen": alike}), context)[2]
        rejected.append(interaction(pulls, n_resamples=199, seed=seed).p < 0.05)
    assert np.mean(rejected) <= 0.12


def fields(comparisons):
    return {name: getattr(comparisons, name) for name in comparisons.__slots__}


def test_it_is_seeded(play, linear):
    comparisons, context, _ = play(0.4, 1)
    pulls = linear(comparisons, context)[2]
    first, again, other = (interaction(pulls, n_resamples=99, seed=seed) for seed in (1, 1, 2))
    assert (first.p, first.tau) == (again.p, again.tau)
    np.testing.assert_array_equal(first.p_items, again.p_items)
    assert first.tau != other.tau


def test_what_is_known_of_the_variance():
    variance = Variance(ratio=1.5, df=100, means=1 + 2 * TAUS**2 / (1 + 0.5 * TAUS**2))
    tau = variance.tau(1.0)
    assert 1 + 2 * tau**2 / (1 + 0.5 * tau**2) == pytest.approx(1.5, rel=0.02)
    taus, weights = variance.law()
    assert weights.sum() == pytest.approx(1)
    assert abs(taus[weights.argmax()] - tau) <= taus[1]
    assert variance._replace(ratio=1.0).tau(1.0) == 0
    assert variance._replace(ratio=1e6).tau(1.0) == TAUS[-1]
    # Where nothing varied as far as can be seen, there is still something to be unsure of.
    assert variance._replace(ratio=1.0).tau(float(scipy.stats.chi2.ppf(0.025, 100)) / 100) > 0
