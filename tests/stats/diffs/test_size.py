from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.stats.comparisons import Comparisons
from mien.stats.diffs import diff
from mien.stats.diffs.gates import check
from mien.stats.diffs.size import size
from mien.stats.profiles import rate
from mien.stats.profiles.elo import ELO_SCALE


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
    still = size(np.zeros(4), np.eye(4))
    assert (still["rms"], still["low"]) == (0.0, 0.0)
    # Stillness by luck says no more than a sum of squares of just the noise would.
    alike = size(np.full(4, 1.0), np.eye(4))
    assert still["high"] == pytest.approx(alike["high"], rel=0.05)


def test_the_upper_end_is_by_the_smaller_account_of_the_noise_and_what_is_kept():
    delta, covariance = np.array([3.0, -1.0, 2.0, -4.0, 0.5, 1.5, -2.0, 0.0]), np.eye(8)
    careful, model = size(delta, covariance), size(delta, covariance, expected=6.0)
    assert model["low"] == careful["low"]
    assert careful["rms"] < model["rms"] < np.sqrt((delta @ delta - 6) / 8)
    assert model["high"] > careful["high"]
    assert size(delta, covariance, expected=9.0) == careful
    shrunk = size(delta, covariance, expected=6.0, kept=0.81)
    assert shrunk["high"] == pytest.approx(model["high"] / 0.9)


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


def short_run(scores, *, seed, n_trials=500):
    """A run in which every trait is shown equally often, each trial on a prompt of its own."""
    n, rng = len(scores), np.random.default_rng(seed)
    shown = np.concatenate([rng.permutation(n) for _ in range(2 * n_trials // n + 1)])
    options = shown[: 2 * n_trials].reshape(-1, 2).astype(np.int32)
    table = Comparisons(
        traits=tuple(f"t{i:03d}" for i in range(n)),
        options=options,
        chosen=(scores[options] + rng.gumbel(size=options.shape)).argmax(axis=1).astype(np.int32),
        cluster=np.arange(n_trials, dtype=np.int32),
        clusters=tuple(f"{seed} {i}" for i in range(n_trials)),
    )
    return rate(table)


def test_a_short_run_never_makes_sure_of_a_small_size():
    """Its variances err towards too much, and what is seen is less than they say: 0 … 27 where it is 74."""
    scores = np.random.default_rng(0).normal(scale=1.3, size=144)
    for seed in range(3, 7):
        change = np.random.default_rng([seed, 1]).normal(size=144)
        change *= 74 / np.std(change) / ELO_SCALE
        found = diff(short_run(scores, seed=2 * seed), short_run(scores + change, seed=2 * seed + 1))
        assert found.rms < found.rms_null
        assert found.size["low"] <= 74 <= found.size["high"]
        (outcome,) = check(found, ["rms > 60"])
        assert outcome["status"] == "undecided"
        (outcome,) = check(found, ["rms > 60"], fail_when="likely")
        assert outcome["status"] != "passed"
