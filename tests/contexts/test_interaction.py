"""The test of interaction and the variance between contexts, by simulation with known truth."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
import scipy.stats

from mien.contexts.interaction import ATTENUATION, MAX_TAU, Variance, interaction


def found(play, linear, tau, seeds):
    results = []
    for seed in seeds:
        comparisons, context, _ = play(tau, seed)
        results.append(interaction(linear(comparisons, context)[2], n_resamples=199, seed=seed))
    return results


def test_the_size_of_the_test_is_right_where_nothing_varies(play, linear):
    results = found(play, linear, 0.0, range(120))
    assert 0.01 <= np.mean([result.p < 0.05 for result in results]) <= 0.09
    assert 0.03 <= np.mean([result.p_items < 0.05 for result in results]) <= 0.07
    assert np.mean([result.low == 0 for result in results]) > 0.9


def test_the_variance_is_recovered(play, linear):
    for tau in (0.4, 0.8):
        results = found(play, linear, tau, range(40))
        assert np.sqrt(np.mean([result.tau**2 for result in results])) == pytest.approx(tau, rel=0.15)
        assert np.mean([result.low <= tau <= result.high for result in results]) >= 0.85
    assert np.mean([result.p < 0.05 for result in results]) == 1


def test_contexts_that_agree_within_are_told_from_prompts_that_differ(play, linear):
    """Prompts that each have their own way, the same in all their trials, are no context."""
    rejected = []
    for seed in range(60):
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


def test_attenuation_is_that_of_logistic_choices_with_normal_utilities():
    variance = 0.5
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    averaged = scipy.special.expit(0.8 + np.sqrt(2 * variance) * nodes) @ weights / weights.sum()
    assert scipy.special.logit(averaged) == pytest.approx(0.8 / np.sqrt(1 + ATTENUATION * variance), rel=0.04)


def test_what_is_known_of_the_variance():
    variance = Variance(ratio=1.5, slope=2.0, df=100)
    tau = variance.tau(1.0)
    assert 1 + variance.slope * tau**2 / (1 + ATTENUATION * tau**2) == pytest.approx(variance.ratio)
    taus, weights = variance.law()
    assert weights.sum() == pytest.approx(1)
    assert abs(taus[weights.argmax()] - tau) <= taus[1]
    assert Variance(1.0, 2.0, 100).tau(1.0) == 0
    assert Variance(1e6, 2.0, 100).tau(1.0) == MAX_TAU
    # Below what nothing at all would give, there is still something to be unsure of.
    assert Variance(1.0, 2.0, 100).tau(float(scipy.stats.chi2.ppf(0.025, 100)) / 100) > 0
