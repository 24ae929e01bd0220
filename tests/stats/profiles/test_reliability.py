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
    assert reliability.model_based([-1.0, 1.0], [0.25, 0.25]) == pytest.approx(1 - 0.25 / 2)
    assert reliability.model_based([-1.0, 1.0], [0.25, 0.25], shrunk=True) == pytest.approx(2 / 2.25)
    assert reliability.model_based([0.0, 0.0], [0.5, 0.5]) is None
    assert reliability.model_based([0.0, 1e-30], [0.5, 0.5]) is None
    assert reliability.model_based([-1.0, 1.0], [np.nan, np.nan]) is None


def test_both_reliabilities_agree_with_the_truth():
    options, chosen, clusters, scores = simulate(1.0, 2000)
    fit = choice.fit(Trials.of(options, chosen, 20, clusters=clusters))
    truth = np.corrcoef(fit.scores, scores)[0, 1] ** 2
    assert reliability.model_based(fit.scores, fit.noise) == pytest.approx(truth, abs=0.04)
    assert reliability.split_half(Trials.of(options, chosen, 20, clusters=clusters)) == pytest.approx(
        truth, abs=0.04
    )


def test_both_reliabilities_see_noise():
    options, chosen, clusters, _ = simulate(0.0, 1000)
    fit = choice.fit(Trials.of(options, chosen, 20, clusters=clusters))
    assert reliability.model_based(fit.scores, fit.noise) < 0.5
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
    pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
    options = np.array(pairs * 40)
    clusters = np.repeat([0, 1], len(options) // 2)
    strong = np.where(clusters[:, None] == 0, options, 4 - options)
    chosen = strong.argmin(axis=1)
    assert reliability.split_half(Trials.of(options, chosen, 5, clusters=clusters)) == pytest.approx(-1)


def excess(*, k, n_trials, uneven, prompt, n=144, runs=10):
    """Mean over runs of the model-based reliability less the squared correlation with the truth."""
    found = []
    for seed in range(runs):
        rng = np.random.default_rng([k, n_trials, seed])
        scores, own = rng.normal(size=n), prompt * rng.normal(size=(720, n))
        keys = rng.exponential(size=(n_trials, n)) / np.arange(1, n + 1) ** -(0.7 * uneven)
        options = np.argsort(keys, axis=1)[:, :k]
        often = 1 / np.arange(1, 721) ** uneven
        clusters = rng.choice(720, size=n_trials, p=often / often.sum())
        utilities = (scores + own[clusters])[np.arange(n_trials)[:, None], options]
        chosen = (utilities + rng.gumbel(size=options.shape)).argmax(axis=1)
        fit = choice.fit(Trials.of(options, chosen, n, clusters=clusters))
        truth = np.corrcoef(fit.scores, scores)[0, 1] ** 2
        found.append(reliability.model_based(fit.scores, fit.noise) - truth)
    return np.mean(found)


@pytest.mark.parametrize(
    ("design", "bound"),
    [
        # Standard errors that are careful with each trait make it too low: by .036, .121 and .063 here.
        ({"k": 2, "n_trials": 2500, "uneven": 1.0, "prompt": 1.0}, 0.01),  # +.011, were prompts all alike
        ({"k": 2, "n_trials": 756, "uneven": 0.0, "prompt": 0.0}, 0.03),
        ({"k": 4, "n_trials": 1008, "uneven": 0.0, "prompt": 0.0}, 0.03),
    ],
)
def test_model_based_is_right_on_the_average(design, bound):
    assert abs(excess(**design)) < bound


@pytest.mark.parametrize("n", [2, 3, 4])
def test_halves_of_a_few_traits_say_nothing(n):
    options, chosen, clusters, _ = simulate(1.0, 400, n=n)
    assert reliability.split_half(Trials.of(options, chosen, n, clusters=clusters)) is None
