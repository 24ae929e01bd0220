from __future__ import annotations

import numpy as np
import pytest

from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.profiles import reliability


def simulate(spread, n_trials, seed=0, n=20):
    rng = np.random.default_rng(seed)
    scores = spread * rng.normal(size=n)
    options = np.argsort(rng.random((n_trials, n)), axis=1)[:, :2]
    chosen = (scores[options] + rng.gumbel(size=(n_trials, 2))).argmax(axis=1)
    return options, chosen, rng.integers(100, size=n_trials), scores


def test_model_based_is_the_share_of_variance_that_is_not_error():
    assert reliability.model_based([-1.0, 1.0], [0.5, 0.5]) == pytest.approx(1 - 0.25 / 2)
    assert reliability.model_based([-1.0, 1.0], [0.5, 0.5], shrunk=True) == pytest.approx(2 / 2.25)
    assert reliability.model_based([0.0, 0.0], [0.5, 0.5]) is None
    assert reliability.model_based([0.0, 1e-30], [0.5, 0.5]) is None
    assert reliability.model_based([-1.0, 1.0], [np.nan, np.nan]) is None


def test_both_reliabilities_agree_with_the_truth():
    options, chosen, clusters, scores = simulate(1.0, 2000)
    fit = choice.fit(Trials.of(options, chosen, 20, clusters=clusters))
    truth = np.corrcoef(fit.scores, scores)[0, 1] ** 2
    assert reliability.model_based(fit.scores, fit.stderr) == pytest.approx(truth, abs=0.04)
    assert reliability.split_half(Trials.of(options, chosen, 20, clusters=clusters)) == pytest.approx(
        truth, abs=0.04
    )


def test_both_reliabilities_see_noise():
    options, chosen, clusters, _ = simulate(0.0, 1000)
    fit = choice.fit(Trials.of(options, chosen, 20, clusters=clusters))
    assert reliability.model_based(fit.scores, fit.stderr) < 0.5
    assert abs(reliability.split_half(Trials.of(options, chosen, 20, clusters=clusters))) < 0.6


def test_split_half_follows_its_seed_and_gives_up_on_too_little():
    options, chosen, clusters, _ = simulate(1.0, 400)
    halves = [
        reliability.split_half(Trials.of(options, chosen, 20, clusters=clusters), seed=s) for s in (1, 1, 2)
    ]
    assert halves[0] == halves[1] != halves[2]
    assert reliability.split_half(Trials.of([[0, 1], [1, 2], [2, 0]], [0, 0, 1], 3)) is None


def test_split_half_keeps_a_prompt_whole():
    # Two prompts with opposite preferences: halves by prompt disagree, halves by trial would not.
    options = np.array([[0, 1], [1, 0], [1, 2], [2, 1], [0, 2], [2, 0]] * 40)
    clusters = np.repeat([0, 1], 120)
    strong = np.where(clusters[:, None] == 0, options, 2 - options)
    chosen = strong.argmin(axis=1)
    assert reliability.split_half(Trials.of(options, chosen, 3, clusters=clusters)) == pytest.approx(-1)
