from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from mien.stats.choice import confusions as module
from mien.stats.choice.confusions import confusions


def simulate(rates, n_trials, seed=0):
    """Pairs of items drawn at random, each confused at its own rate."""
    rng = np.random.default_rng(seed)
    n = len(rates)
    options = np.argsort(rng.random((n_trials, n)), axis=1)[:, :2]
    return options, (rng.random(n_trials) < rates[options[:, 0], options[:, 1]]).astype(int)


def symmetric(n, seed=0):
    rates = np.triu(np.random.default_rng(seed).beta(1, 6, size=(n, n)), 1)
    return rates + rates.T


@pytest.mark.parametrize("k", [2, 4])
def test_counts_match_a_plain_loop(k):
    rng = np.random.default_rng(1)
    options = np.argsort(rng.random((300, 6)), axis=1)[:, :k]
    read = rng.integers(-3, k, size=300)
    counts: dict[tuple[int, int], list[int]] = {}
    for shown, verdict in zip(options.tolist(), read.tolist(), strict=True):
        for place, foil in enumerate(shown[1:], 1):
            cell = counts.setdefault((min(shown[0], foil), max(shown[0], foil)), [0, 0])
            cell[0] += verdict == place
            cell[1] += 1
    found = confusions(options, read, 6)
    rows = zip(map(tuple, found.pairs.tolist()), found.confused.tolist(), found.n.tolist(), strict=True)
    assert {pair: [confused, n] for pair, confused, n in rows} == counts


def test_strength_is_that_of_the_greatest_beta_binomial_likelihood():
    found = confusions(*simulate(symmetric(12), 3000), 12)
    mean = found.confused.sum() / found.n.sum()

    def likelihood(s):
        return scipy.stats.betabinom.logpmf(found.confused, found.n, s * mean, s * (1 - mean)).sum()

    best = module.prior_strength(found.confused, found.n, mean)
    assert likelihood(best) >= max(likelihood(s) for s in np.geomspace(0.01, 1e4, 400)) - 1e-6
    np.testing.assert_allclose(found.rate, (found.confused + best * mean) / (found.n + best))


def test_intervals_hold_the_truth_and_rates_beat_raw_shares():
    held, pooled, raw = [], [], []
    for seed in range(40):
        rates = symmetric(20, seed)
        found = confusions(*simulate(rates, 2000, seed), 20)
        true = rates[found.pairs[:, 0], found.pairs[:, 1]]
        held.append(np.mean((found.low <= true) & (true <= found.high)))
        pooled.append(np.mean((found.rate - true) ** 2))
        raw.append(np.mean((found.confused / found.n - true) ** 2))
    assert 0.93 <= np.mean(held) <= 0.97
    assert np.mean(pooled) < 0.8 * np.mean(raw)


def test_without_a_single_confusion_no_pair_stands_out():
    found = confusions([[0, 1], [1, 2]], [0, 0], 3)
    assert found.rate.tolist() == [0, 0]
    assert (found.low.tolist(), found.high.tolist()) == ([0, 0], [1, 1])
