from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize

from mien.errors import UsageError
from mien.stats import choice
from mien.stats.choice.legibility import Misreading, misreading
from mien.stats.choice.misclassification import corrected_fit, gradient_by_judge, read_by
from mien.stats.choice.trials import Trials
from mien.stats.comparisons import Comparisons
from mien.stats.diffs import diff
from mien.stats.profiles import rate


def pairs(n_trials, n_items, rng):
    return np.argsort(rng.random((n_trials, n_items)), axis=1)[:, :2]


def misread(options, taken, errors, rng):
    return np.where(rng.random(len(taken)) < errors[options[np.arange(len(taken)), taken]], 1 - taken, taken)


def tournament(n_items=8, n_trials=2000, error=(0.05, 0.3), seed=0):
    """Scores, errors, options, what was read, and what is known of the judge from 3,000 trials."""
    rng = np.random.default_rng(seed)
    scores, errors = rng.normal(size=n_items), rng.uniform(*error, n_items)
    told, options = pairs(3000, n_items, rng), pairs(n_trials, n_items, rng)
    judge = misreading(told, misread(told, np.zeros(3000, dtype=int), errors, rng), n_items, run="control")
    taken = (scores[options] + [0.4, 0] + rng.gumbel(size=options.shape)).argmax(axis=1)
    return scores - scores.mean(), errors, options, misread(options, taken, errors, rng), judge


def loss(params, options, read, errors, alpha):
    """The penalised negative log-likelihood, trial by trial."""
    n, total = len(errors), alpha / 2 * params @ params
    for (a, b), y in zip(options.tolist(), read.tolist(), strict=True):
        p = 1 / (1 + np.exp(-(params[a] + params[n] - params[b] - params[n + 1])))
        m = errors[b] + (1 - errors[a] - errors[b]) * p
        total -= np.log(m if y == 0 else 1 - m)
    return total


def test_estimates_are_those_of_a_plain_maximisation():
    _, errors, options, read, _ = tournament(5, 300)
    fit = corrected_fit(Trials.of(options, read, 5), Misreading.known(errors), alpha=0.3)
    found = scipy.optimize.minimize(loss, np.zeros(7), (options, read, errors, 0.3), tol=1e-9).x
    np.testing.assert_allclose(fit.scores, found[:5], atol=2e-4)
    np.testing.assert_allclose(fit.positions, found[5:], atol=2e-4)


def test_information_is_the_expected_curvature_and_gradients_are_slopes():
    _, errors, options, read, _ = tournament(5, 200)
    params = np.random.default_rng(1).normal(size=7)

    def curvature(read):
        trials = Trials.of(options, read, 5, misread=errors[options.T])
        return np.array([(gradient(trials, params + d) - gradient(trials, params - d)) / 2e-5 for d in steps])

    def gradient(trials, at):
        return trials.gradient(trials.log_likelihood(at)[1])

    steps = 1e-5 * np.eye(7)
    trials = Trials.of(options, read, 5, misread=errors[options.T])
    slopes = [
        (loss(params - d, options, read, errors, 0) - loss(params + d, options, read, errors, 0)) / 2e-5
        for d in steps
    ]
    np.testing.assert_allclose(gradient(trials, params), slopes, atol=1e-5)
    probabilities = trials.log_likelihood(params)[1]
    m = trials.read(probabilities)
    rng = np.random.default_rng(2)
    drawn = [curvature((rng.random(len(read)) < m[1]).astype(int)) for _ in range(400)]
    expected = trials.information(probabilities)
    np.testing.assert_allclose(-np.mean(drawn, axis=0), expected, atol=0.03 * np.abs(expected).max())


def test_the_slope_in_what_is_known_of_the_judge_is_that_of_refits():
    _, _, options, read, judge = tournament(6, 20_000)
    fit = corrected_fit(Trials.of(options, read, 6), judge)
    trials = read_by(Trials.of(options, read, 6), judge)
    _, probabilities = trials.log_likelihood(np.concatenate([fit.scores, fit.positions]))
    slope = (fit.bread @ gradient_by_judge(trials, probabilities))[:6]
    both = [replace(judge, told=judge.told + d) for d in 0.05 * np.eye(6)]
    both += [replace(judge, pull=judge.pull + d) for d in 0.05 * np.eye(6)]
    refits = [
        (corrected_fit(Trials.of(options, read, 6), other).scores - fit.scores) / 0.05 for other in both
    ]
    np.testing.assert_allclose(slope, np.transpose(refits), atol=0.1 * np.abs(slope).max())


def test_without_errors_it_is_the_ordinary_fit():
    _, _, options, read, _ = tournament(6, 400)
    clusters = np.arange(400) % 40
    ordinary = choice.fit(Trials.of(options, read, 6, clusters=clusters))
    corrected = corrected_fit(Trials.of(options, read, 6, clusters=clusters), Misreading.known(np.zeros(6)))
    for name in ("scores", "positions", "position_bias", "covariance", "bread"):
        np.testing.assert_allclose(getattr(corrected, name), getattr(ordinary, name), rtol=1e-9, atol=1e-12)


def test_scores_are_recovered_and_intervals_hold_them():
    slopes, held, wider = [], [], []
    for seed in range(40):
        scores, _, options, read, judge = tournament(seed=seed)
        fits = choice.fit(Trials.of(options, read, 8)), corrected_fit(Trials.of(options, read, 8), judge)
        slopes.append([fit.scores @ scores / (scores @ scores) for fit in fits])
        held.append([np.abs(fit.scores - scores) < 1.96 * fit.stderr for fit in fits])
        wider.append(fits[1].stderr > fits[0].stderr)
    attenuated, corrected = np.mean(slopes, axis=0)
    assert attenuated < 0.75
    assert abs(corrected - 1) < 0.04
    assert np.mean(held, axis=(0, 2))[0] < 0.7
    assert 0.91 < np.mean(held, axis=(0, 2))[1] < 0.98
    assert np.all(wider)


def leaning(n_items=40, n_favourites=6, seed=0):
    """How probably a response in a is read as b beside it: favourites are read, right or wrong.

    The first ``n_favourites`` items are the favourites.
    """
    leans = np.where(np.arange(n_items) < n_favourites, 1.5, 0.0)
    return 1 / (1 + np.exp(2 + leans[:, None] - leans))


def read_beside(options, taken, errors, rng):
    rows = np.arange(len(taken))
    shown, beside = options[rows, taken], options[rows, 1 - taken]
    return np.where(rng.random(len(taken)) < errors[shown, beside], 1 - taken, taken)


@pytest.mark.parametrize(("n_trials", "left"), [(800, 0.65), (4000, 0.35)])
def test_a_judge_that_leans_does_not_raise_its_favourites_further(n_trials, left):
    """By trait alone, the few errors of favourites make their verdicts surer still: bias grew by a third."""
    bias, held, error = [], [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        scores, errors = rng.normal(size=40), leaning()
        scores -= scores.mean()
        told, options = pairs(n_trials, 40, rng), pairs(n_trials, 40, rng)
        judge = misreading(told, read_beside(told, np.zeros(n_trials, dtype=int), errors, rng), 40)
        taken = (scores[options] + rng.gumbel(size=options.shape)).argmax(axis=1)
        trials = Trials.of(options, read_beside(options, taken, errors, rng), 40)
        fits = choice.fit(trials), corrected_fit(trials, judge)
        apart = np.array([fit.scores - scores for fit in fits])
        bias.append(apart[:, :6].mean(axis=1))
        held.append(np.abs(apart) < 1.96 * np.array([fit.stderr for fit in fits]))
        error.append(np.mean(apart**2, axis=1))
    uncorrected, corrected = np.mean(bias, axis=0)
    assert uncorrected > 0.4
    assert abs(corrected) < left * uncorrected
    assert np.mean(held, axis=(0, 2))[1] > 0.93
    assert np.mean(held, axis=0)[1, :6].mean() > 0.9
    if n_trials == 4000:
        assert np.mean(error, axis=0)[1] < 0.6 * np.mean(error, axis=0)[0]


def test_a_pair_that_the_judge_cannot_tell_apart_is_left_next_to_no_weight():
    rng = np.random.default_rng(5)
    errors, scores = np.array([0.75, 0.75, 0.1, 0.1, 0.1, 0.1]), np.linspace(-1, 1, 6)
    told, options = pairs(3000, 6, rng), pairs(3000, 6, rng)
    judge = misreading(told, misread(told, np.zeros(3000, dtype=int), errors, rng), 6, run="control")
    assert judge.illegible_pairs().tolist() == [[0, 1]]
    taken = (scores[options] + rng.gumbel(size=options.shape)).argmax(axis=1)
    read = misread(options, taken, errors, rng)
    fit = corrected_fit(Trials.of(options, read, 6), judge)
    assert np.all(np.abs(fit.scores - scores) < 3 * fit.stderr)
    apart = np.all(options < 2, axis=1)
    without = corrected_fit(Trials.of(options[~apart], read[~apart], 6), judge)
    assert np.all(np.abs(fit.scores - without.scores) < 0.6 * fit.stderr)
    assert np.all(fit.stderr[:2] > 2 * fit.stderr[2:].max())


def test_what_cannot_be_corrected_is_refused():
    _, _, options, read, judge = tournament(4, 100)
    with pytest.raises(UsageError, match="no better than chance"):
        corrected_fit(Trials.of(options, read, 4), Misreading.known([0.5, 0.5, 0.5, 0.5]))
    with pytest.raises(UsageError, match="2 options a trial"):
        corrected_fit(Trials.of(np.tile([0, 1, 2], (9, 1)), np.zeros(9, int), 4), judge)
    for errors, reason in ((np.full((2, 100), 0.5), "misread must be ≥ 0"), (np.zeros(4), "misread must be")):
        with pytest.raises(ValueError, match=reason):
            choice.fit(Trials.of(options, read, 4, misread=errors))


def test_a_profile_shows_both_and_takes_no_part_in_a_diff():
    _, _, options, read, judge = tournament(6, 1200)
    cluster = np.arange(1200) % 60
    names, prompts = tuple("abcdef"), tuple(f"p{i}" for i in range(60))
    table = Comparisons(options=options, chosen=read, cluster=cluster, traits=names, clusters=prompts)
    plain, corrected = rate(table), rate(table, judge_correction=judge)
    alone = {row["trait"]: row["rating"] for row in plain.rows}
    assert all(row["uncorrected_rating"] == alone[row["trait"]] for row in corrected.rows)
    assert np.std(corrected.rating) > 1.2 * np.std(plain.rating)
    recorded = corrected.to_dict()["judge_correction"]
    assert recorded == {
        "run": "control",
        "accuracy": judge.accuracy,
        "n": 3000,
        "foils": judge.foils._asdict(),
        "n_illegible": 0,
        "illegible": [],
    }
    assert plain.to_dict()["judge_correction"] is None
    with pytest.raises(UsageError, match="corrected for its judge's errors"):
        diff(plain, corrected)
