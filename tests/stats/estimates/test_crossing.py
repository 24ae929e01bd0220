"""Clusters of prompts and of raters beside a twin that sums over pairs of trials."""

from __future__ import annotations

import numpy as np
import pytest

from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.comparisons import comparisons_from
from mien.stats.diffs import diff
from mien.stats.estimates.crossing import nearest_covariance
from mien.stats.profiles import rate

N, PROMPTS, RATERS = 8, 40, 15
NAMES = np.array([f"t{i}" for i in range(N)], dtype=object)
SCORES = np.linspace(-0.8, 0.8, N)


def votes(seed, *, n=800, scores=SCORES, by_rater=0.8, raters=RATERS, told=True, even=False):
    """Raters have tastes of their own, and a few of them give most of the votes."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(scale=by_rater, size=(raters, N))
    often = np.ones(raters) if even else 1 / np.arange(1, raters + 1)
    rater, prompt = rng.choice(raters, size=n, p=often / often.sum()), rng.integers(PROMPTS, size=n)
    shown = np.argsort(rng.random((n, N)), axis=1)[:, :2]
    utilities = scores[shown] + taste[rater[:, None], shown] + rng.gumbel(size=(n, 2))
    return comparisons_from(
        NAMES[shown],
        NAMES[shown[np.arange(n), utilities.argmax(axis=1)]],
        [f"p{i}" for i in prompt],
        raters=[f"r{i}" for i in rater] if told else None,
    )


def test_covariance_sums_over_all_pairs_of_trials_that_share_a_prompt_or_a_rater():
    table = votes(1, n=300)
    fit = choice.fit(Trials.decided(table))
    each = choice.fit(Trials.decided(table)._replace(clusters=None, crossed=None)).gradients.toarray()
    assert table.rater is not None
    share = (table.cluster[:, None] == table.cluster) | (table.rater[:, None] == table.rater)
    meat = each.T @ share @ each
    crossing = fit.crossing
    assert crossing is not None
    np.testing.assert_allclose(
        (fit.gradients.T @ fit.gradients).toarray() + crossing.meat(crossing), meat, atol=1e-9
    )
    between = nearest_covariance(fit.correction * fit.bread @ meat @ fit.bread)
    d = fit.n_trials - (14 / 15 * fit.correction / (299)) ** -1  # from κ = C/(C−1) · (T−1)/(T−d)
    added = min(d / (300 - d), 0.5) * fit.inflation * fit.bread
    np.testing.assert_allclose(
        fit.covariance[N:, N:], (between + added)[N:, N:], atol=1e-9
    )  # those of scores have a floor
    assert fit.df == RATERS - 1


def test_one_rater_or_a_few_change_nothing():
    one, plain = votes(2, raters=5), votes(2, raters=5, told=False)
    fits = [choice.fit(Trials.decided(table)) for table in (one, plain)]
    assert fits[0].crossing is None
    np.testing.assert_array_equal(fits[0].covariance, fits[1].covariance)


def test_intervals_and_tests_hold_where_raters_differ():
    truth = choice.scores(Trials.decided(votes(99, n=60_000, raters=6000, even=True)))
    hits, blind, false, falsely = [], [], 0, 0
    for seed in range(30):
        two, one = (choice.fit(Trials.decided(votes(seed, told=told))) for told in (True, False))
        hits.append(np.abs(two.scores - truth) < 2.14 * two.stderr)
        blind.append(np.abs(one.scores - truth) < 2.02 * one.stderr)
        flat = [rate(votes(seed, scores=np.zeros(N), told=told)).flat["p"] for told in (True, False)]
        false, falsely = false + (flat[0] < 0.05), falsely + (flat[1] < 0.05)
    assert np.mean(hits) >= 0.93
    assert np.mean(blind) < 0.85
    assert false <= 4
    assert falsely > 15


def test_a_diff_allows_for_the_raters_of_both_and_pairs_those_they_share():
    a, b = rate(votes(3)), rate(votes(4))
    apart = diff(a, b)
    alone = diff(rate(votes(3, told=False)), rate(votes(4, told=False)))
    assert np.mean(apart.stderr) > 1.2 * np.mean(alone.stderr)
    assert max(apart.df) <= RATERS - 1
    assert apart.omnibus["p"] is not None
    assert not diff(a, a).joint.delta.any()
    np.testing.assert_allclose(np.diag(a.estimates.jackknife.covariance()), cross(a), rtol=1e-9)


def cross(profile):
    n = len(profile.traits)
    fit = profile.fit
    own = choice.cross_covariance(fit, fit)[:n, :n]
    return (400 / np.log(10)) ** 2 * np.diag(own)


@pytest.mark.parametrize("told", [True, False])
def test_a_profile_tells_how_many_raters_stand_behind_it(told):
    clusters = rate(votes(5, told=told)).to_dict()["clusters"]
    assert clusters == {
        "prompts": PROMPTS,
        "raters": RATERS if told else None,
        "df": (RATERS if told else PROMPTS) - 1,
    }
