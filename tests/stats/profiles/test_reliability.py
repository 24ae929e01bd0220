from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from mien.stats.choice import plackett_luce as choice
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
    fit = choice.fit(options, chosen, 20, clusters=clusters)
    truth = np.corrcoef(fit.scores, scores)[0, 1] ** 2
    assert reliability.model_based(fit.scores, fit.stderr) == pytest.approx(truth, abs=0.04)
    assert reliability.split_half(options, chosen, 20, clusters=clusters) == pytest.approx(truth, abs=0.04)


def test_both_reliabilities_see_noise():
    options, chosen, clusters, _ = simulate(0.0, 1000)
    fit = choice.fit(options, chosen, 20, clusters=clusters)
    assert reliability.model_based(fit.scores, fit.stderr) < 0.5
    assert abs(reliability.split_half(options, chosen, 20, clusters=clusters)) < 0.6


def test_split_half_follows_its_seed_and_gives_up_on_too_little():
    options, chosen, clusters, _ = simulate(1.0, 400)
    halves = [reliability.split_half(options, chosen, 20, clusters=clusters, seed=s) for s in (1, 1, 2)]
    assert halves[0] == halves[1] != halves[2]
    assert reliability.split_half([[0, 1], [1, 2], [2, 0]], [0, 0, 1], 3) is None


def test_split_half_keeps_a_prompt_whole():
    # Two prompts with opposite preferences: halves by prompt disagree, halves by trial would not.
    options = np.array([[0, 1], [1, 0], [1, 2], [2, 1], [0, 2], [2, 0]] * 40)
    clusters = np.repeat([0, 1], 120)
    strong = np.where(clusters[:, None] == 0, options, 2 - options)
    chosen = strong.argmin(axis=1)
    assert reliability.split_half(options, chosen, 3, clusters=clusters) == pytest.approx(-1)


def test_kappa_matches_statsmodels():
    rng = np.random.default_rng(0)
    a = rng.choice(["calm", "warm", "neither"], size=200, p=[0.5, 0.3, 0.2])
    b = np.where(rng.random(200) < 0.7, a, rng.choice(["calm", "warm", "neither"], size=200))
    names = ["calm", "neither", "warm"]
    table = np.array([[np.sum((a == x) & (b == y)) for y in names] for x in names])
    oracle = cohens_kappa(table)
    ours = reliability.cohen_kappa(a, b)
    assert ours.kappa == pytest.approx(oracle.kappa)
    assert ours.stderr == pytest.approx(oracle.std_kappa)
    assert (ours.low, ours.high) == pytest.approx((oracle.kappa_low, oracle.kappa_upp))
    assert ours.n == 200


def test_kappa_at_its_ends():
    assert reliability.cohen_kappa([0, 1, 0], [0, 1, 0])[:2] == (1, 0)
    assert np.isnan(reliability.cohen_kappa(["x", "x"], ["x", "x"]).kappa)
    with pytest.raises(ValueError, match="same trials"):
        reliability.cohen_kappa([1], [1, 2])


def test_proportion_of_independent_trials_is_wilsons():
    hits = np.repeat([True, False], [70, 30_000 - 70])
    found = reliability.proportion(hits)
    assert (found.low, found.high) == pytest.approx(proportion_confint(70, 30_000, method="wilson"), rel=1e-3)


def test_proportion_widens_with_ties_within_clusters():
    hits = np.tile(np.repeat([True, False], 10), 10)
    alone = reliability.proportion(hits)
    tied = reliability.proportion(hits, clusters=np.repeat(np.arange(20), 10))
    assert tied.share == alone.share == 0.5
    assert tied.high - tied.low > 2.5 * (alone.high - alone.low)


def test_proportion_of_halves_is_that_of_fewer_trials():
    rng = np.random.default_rng(0)
    scores = rng.choice([0.0, 0.5, 1.0], 20_000, p=[0.2, 0.5, 0.3])
    found = reliability.proportion(scores)
    assert (found.low, found.high) == pytest.approx(
        (found.share - 1.96 * scores.std() / 20_000**0.5, found.share + 1.96 * scores.std() / 20_000**0.5),
        abs=1e-4,
    )
    ties = reliability.proportion([0.5] * 5)
    assert ties.share == 0.5
    assert 0.15 < ties.low < 0.25  # five ties are no sure tie
    assert ties.high == pytest.approx(1 - ties.low)


def test_proportion_at_its_ends():
    assert reliability.proportion([True] * 20) == pytest.approx((1, 0.8203, 1, 20), abs=1e-4)
    assert reliability.proportion([True, True], clusters=["x", "x"]) == (1, 0, 1, 2)
    with pytest.raises(ValueError, match="no trials"):
        reliability.proportion([])
