from __future__ import annotations

import numpy as np
import pytest

from mien.stats.choice.legibility import misreading


def p_of(n_items: int, n_trials: int, by_pair: float, seed: int) -> float | None:
    """Of a judge with leanings, to whom some pairs look more alike than others by so many log odds."""
    rng = np.random.default_rng(seed)
    legibility, pull = 0.6 * rng.normal(size=(2, n_items))
    own = rng.normal(size=(n_items, n_items))
    odds = 2 + legibility[:, None] + pull[:, None] - pull + by_pair * (own + own.T) / np.sqrt(2)
    options = np.argsort(rng.random((n_trials, n_items)), axis=1)[:, :2]
    wrong = rng.random(n_trials) > 1 / (1 + np.exp(-odds[options[:, 0], options[:, 1]]))
    found = misreading(options, wrong.astype(int), n_items).foils
    assert found is not None
    return found.p


def test_leanings_and_legibility_are_no_effects_of_the_pair() -> None:
    ps = np.array([p_of(12, 600, 0.0, seed) for seed in range(40)])
    assert np.mean(ps < 0.05) <= 0.09
    assert np.mean(ps) == pytest.approx(0.5, abs=0.12)


def test_pairs_that_look_alike_are_found() -> None:
    ps = np.array([p_of(12, 600, 1.0, seed) for seed in range(15)])
    assert np.mean(ps < 0.05) >= 0.8


def test_pairs_that_came_once_tell_nothing() -> None:
    options = np.array([[0, 1], [1, 2], [2, 3], [3, 0]])
    found = misreading(options, [0, 1, 0, 0], 4).foils
    assert found is not None
    assert (found.p, found.n) == (None, 0)
