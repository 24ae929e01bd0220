from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize

from mien.errors import UsageError
from mien.stats import choice
from mien.stats.choice.likelihood import Trials
from mien.stats.choice.misclassification import Misreading, corrected_fit, gradient_by_rate, misreading
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


def known(rate):
    n = len(rate)
    return Misreading(run="", rate=np.asarray(rate, float), covariance=np.zeros((n, n)), accuracy=0.9, n=100)


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
    fit = corrected_fit(Trials.of(options, read, 5), known(errors), alpha=0.3)
    found = scipy.optimize.minimize(loss, np.zeros(7), (options, read, errors, 0.3), tol=1e-9).x
    np.testing.assert_allclose(fit.scores, found[:5], atol=2e-4)
    np.testing.assert_allclose(fit.positions, found[5:], atol=2e-4)


def test_information_is_the_expected_curvature_and_gradients_are_slopes():
    _, errors, options, read, _ = tournament(5, 200)
    params = np.random.default_rng(1).normal(size=7)

    def curvature(read):
        trials = Trials.of(options, read, 5, misread=errors)
        return np.array([(gradient(trials, params + d) - gradient(trials, params - d)) / 2e-5 for d in steps])

    def gradient(trials, at):
        return trials.gradient(trials.log_likelihood(at)[1])

    steps = 1e-5 * np.eye(7)
    trials = Trials.of(options, read, 5, misread=errors)
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


def test_the_slope_in_the_errors_is_that_of_refits():
    _, _, options, read, judge = tournament(6, 20_000)
    fit = corrected_fit(Trials.of(options, read, 6), known(judge.rate))
    trials = Trials.of(options, read, 6, misread=judge.rate)
    _, probabilities = trials.log_likelihood(np.concatenate([fit.scores, fit.positions]))
    slope = (fit.bread @ gradient_by_rate(trials, probabilities))[:6]
    refits = [
        (corrected_fit(Trials.of(options, read, 6), known(judge.rate + d)).scores - fit.scores) / 0.01
        for d in 0.01 * np.eye(6)
    ]
    np.testing.assert_allclose(slope, np.transpose(refits), atol=0.1 * np.abs(slope).max())


def test_without_errors_it_is_the_ordinary_fit():
    _, _, options, read, _ = tournament(6, 400)
    clusters = np.arange(400) % 40
    ordinary = choice.fit(Trials.of(options, read, 6, clusters=clusters))
    corrected = corrected_fit(Trials.of(options, read, 6, clusters=clusters), known(np.zeros(6)))
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


def test_rates_are_pooled_and_their_variance_is_right():
    z = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        errors = rng.beta(4, 12, 20)
        told = pairs(800, 20, rng)
        judge = misreading(told, misread(told, np.zeros(800, dtype=int), errors, rng), 20)
        z.append((judge.rate - errors) / np.sqrt(np.diag(judge.covariance)))
    assert 0.85 < np.std(z) < 1.15


def test_trials_without_an_option_read_do_not_count():
    told = np.tile([[0, 1], [1, 0]], (50, 1))
    read = np.random.default_rng(0).integers(-3, 2, 100)
    judge = misreading(told, read, 2)
    assert judge.n == np.count_nonzero(read >= 0)
    assert judge.accuracy == pytest.approx(np.mean(read[read >= 0] == 0))
    perfect = misreading(told, np.zeros(100, dtype=int), 2)
    assert not perfect.rate.any()
    assert not perfect.covariance.any()


def test_what_cannot_be_corrected_is_refused():
    _, _, options, read, judge = tournament(4, 100)
    with pytest.raises(UsageError, match="no better than chance"):
        corrected_fit(Trials.of(options, read, 4), known([0.5, 0.5, 0.5, 0.5]))
    with pytest.raises(UsageError, match="2 options a trial"):
        corrected_fit(Trials.of(np.tile([0, 1, 2], (9, 1)), np.zeros(9, int), 4), judge)
    with pytest.raises(UsageError, match="2 options a trial"):
        misreading(np.tile([0, 1, 2], (9, 1)), np.zeros(9, int), 4)
    with pytest.raises(UsageError, match="named no option"):
        misreading(options, np.full(100, -1), 4)
    with pytest.raises(ValueError, match="misread must be"):
        choice.fit(Trials.of(options, read, 4, misread=[0.5, 0.5, 0.5, 0.5]))


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
    assert recorded == {"run": "control", "accuracy": judge.accuracy, "n": 3000}
    assert plain.to_dict()["judge_correction"] is None
    with pytest.raises(UsageError, match="corrected for its judge's errors"):
        diff(plain, corrected)
