"""Wins of pairs against what scores make likely."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from mien.stats.choice import Trials
from mien.stats.profiles.pair_residuals import contests, pair_residuals


def test_contests_are_those_of_the_chosen_option_with_all_others():
    trials = Trials.of([[2, 0, 1], [0, 2, 1]], [0, 2], 3)
    params = np.array([0.5, -0.2, -0.3, 0.4, 0.0, -0.4])
    found = contests(trials, params)
    assert found.pairs.tolist() == [[0, 1], [0, 2], [1, 2]]
    seen = {
        (int(t), tuple(found.pairs[p].tolist())): (w, c)
        for t, p, w, c in zip(found.trial, found.pair, found.won, found.chance, strict=True)
    }
    assert {key: won for key, (won, _) in seen.items()} == {
        (0, (0, 2)): 0.0,
        (0, (1, 2)): 0.0,
        (1, (0, 1)): 0.0,
        (1, (1, 2)): 1.0,
    }
    # Of 0 in the second place against 2 in the first.
    assert seen[0, (0, 2)][1] == pytest.approx(1 / (1 + np.exp(-(0.5 + 0.0 + 0.3 - 0.4))))


def test_p_is_the_binomial_one_where_contests_are_alike():
    chosen = np.array([0] * 9 + [1])
    trials = Trials.of([[0, 1]] * 10, chosen, 2)
    found = pair_residuals(contests(trials, np.array([0.2, -0.2, 0.0, 0.0])), np.arange(10))
    chance = 1 / (1 + np.exp(-0.4))
    assert found.p[0] == pytest.approx(2 * scipy.stats.binom.sf(8, 10, chance))
    assert (found.n[0], found.won[0]) == (10, 9)
    assert found.expected[0] == pytest.approx(10 * chance)
    z = (9 - 10 * chance) / np.sqrt(10 * chance * (1 - chance))
    assert found.residual[0] == pytest.approx(z)
    assert found.q[0] == found.p[0]


def test_one_surprise_is_not_taken_for_a_departure():
    # Its standardised residual is beyond 4.
    trials = Trials.of([[0, 1]] + [[2, 3]] * 30, [1] + [0, 1] * 15, 4)
    found = pair_residuals(contests(trials, np.array([1.5, -1.5, 0, 0, 0, 0])), np.arange(31))
    assert found.residual[0] < -4
    assert found.p[0] == pytest.approx(2 / (1 + np.exp(3)))
    assert found.q.min() > 0.05


def test_readings_of_one_prompt_count_for_less():
    """Ten prompts, eight readings each, alike within a prompt: no more than ten contests."""
    rng = np.random.default_rng(4)
    false = []
    for _ in range(200):
        chosen = np.repeat(rng.integers(2, size=60), 8)
        options = np.repeat([[0, 1], [1, 2], [0, 2], [0, 3], [1, 3], [2, 3]], 80, axis=0)
        trials = Trials.of(options, chosen, 4)
        found = pair_residuals(contests(trials, np.zeros(6)), np.repeat(np.arange(60), 8))
        false.append((found.q < 0.05).any())
    assert np.mean(false) <= 0.1


def test_pairs_that_depart_are_found_and_few_others():
    rng = np.random.default_rng(5)
    options = np.array([(i, j) for i in range(8) for j in range(8) if i != j] * 30)
    scores = np.linspace(1, -1, 8)
    utilities = scores[options] + rng.gumbel(size=options.shape)
    turned = np.isin(options, [0, 1]).all(axis=1)
    utilities[turned] += np.where(options[turned] == 1, 2.0, 0.0)
    trials = Trials.of(options, utilities.argmax(axis=1), 8)
    found = pair_residuals(contests(trials, np.concatenate([scores, [0, 0]])), np.arange(len(options)))
    assert found.q[0] < 1e-4
    assert found.residual[0] < -4
    assert (found.q[1:] < 0.05).sum() <= 2
