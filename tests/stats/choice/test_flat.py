from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.stats.choice import Trials
from mien.stats.choice.flat import flat_test
from mien.stats.choice.legibility import Misreading

N = 24


def coin_flips(rng: np.random.Generator, *, first: float = 0.5, scores: np.ndarray | None = None) -> Trials:
    """400 trials on prompts used as in nature: the k-th most common 1/k times as often as the first."""
    options = np.argsort(rng.random((400, N)), axis=1)[:, :2]
    weights = 1 / np.arange(1, 121)
    prompts = rng.choice(120, size=400, p=weights / weights.sum())
    strength = np.zeros(N) if scores is None else scores
    odds = np.log(first / (1 - first)) + strength[options[:, 0]] - strength[options[:, 1]]
    chosen = rng.random(400) > 1 / (1 + np.exp(-odds))
    return Trials.of(options, chosen.astype(int), N, clusters=prompts)


@pytest.mark.parametrize("first", [0.5, 0.95])
def test_coin_flips_are_flat_however_unequal_prompts_and_places_are(first: float) -> None:
    rng = np.random.default_rng(4)
    ps = np.array([flat_test(coin_flips(rng, first=first), seed=seed).p for seed in range(150)])
    assert np.mean(ps < 0.05) <= 0.1
    assert np.mean(ps) == pytest.approx(0.5, abs=0.1)


def test_preferences_are_found() -> None:
    rng = np.random.default_rng(5)
    scores = 0.6 * rng.normal(size=N)
    ps = np.array([flat_test(coin_flips(rng, scores=scores), seed=seed).p for seed in range(20)])
    assert np.mean(ps < 0.05) >= 0.9


def test_of_three_options_too() -> None:
    rng = np.random.default_rng(6)
    options = np.argsort(rng.random((300, 9)), axis=1)[:, :3]
    drawn = Trials.of(options, rng.integers(3, size=300), 9, clusters=rng.integers(60, size=300))
    loved = Trials.of(options, options.argmax(axis=1), 9, clusters=rng.integers(60, size=300))
    assert flat_test(drawn).df == 8
    assert flat_test(drawn).p > 0.01
    assert flat_test(loved).p < 0.01


def test_what_is_not_known_of_the_judge_is_noise() -> None:
    """Reads that favour some traits look like preferences, unless the judge's errors may explain them."""
    rng = np.random.default_rng(7)
    trials = coin_flips(rng, scores=0.5 * rng.normal(size=N))
    known, unknown = (
        replace(Misreading.known(np.full(N, 0.1)), covariance=size * np.eye(2 * N)) for size in (0.0, 20.0)
    )
    assert flat_test(trials, judge=unknown).p > flat_test(trials, judge=known).p + 0.05
