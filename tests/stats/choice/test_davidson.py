"""Davidson's model beside a twin that writes out all three outcomes of each trial as rows of marks."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize

from mien.errors import NotIdentified, UsageError
from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.choice.davidson import Davidson
from mien.stats.choice.likelihood import Penalty
from mien.stats.comparisons import TIE_CODE, comparisons_from

N, ALPHA = 4, 0.15


def drawn(n_trials: int, *, nu: float = 0.8, seed: int = 0) -> Trials:
    rng = np.random.default_rng(seed)
    scores, places = np.array([0.9, 0.1, -0.3, -0.7]), np.array([0.3, -0.3])
    shown = np.array([rng.permutation(N)[:2] for _ in range(n_trials)])
    utilities = scores[shown] + places
    strengths = np.column_stack([np.exp(utilities), nu * np.exp(utilities.mean(axis=1))])
    ends = np.cumsum(strengths, axis=1) / strengths.sum(axis=1, keepdims=True)
    outcome = (rng.random((n_trials, 1)) > ends).sum(axis=1)
    prompts = rng.integers(n_trials // 3, size=n_trials)
    trials = Trials.of(shown, np.where(outcome == 2, TIE_CODE, outcome), N, clusters=prompts)
    return trials._replace(ties_apart=True)


def marks(trials: Trials) -> np.ndarray:
    """(T, 3, N + 3) of θ, β and ln ν, outcome by outcome."""
    rows = np.zeros((trials.n_trials, 3, N + 3))
    for t, (a, b) in enumerate(trials.options.T):
        rows[t, 0, [a, N]] = 1
        rows[t, 1, [b, N + 1]] = 1
        rows[t, 2, [a, N, b, N + 1]] = 0.5
        rows[t, 2, -1] = 1
    return rows


def probabilities(rows: np.ndarray, params: np.ndarray) -> np.ndarray:
    strengths = np.exp(rows @ params)
    return strengths / strengths.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def trials() -> Trials:
    return drawn(300)


@pytest.fixture(scope="module")
def best(trials: Trials) -> np.ndarray:
    rows, outcome = marks(trials), np.where(trials.tied, 2, trials.chosen)

    def loss(params: np.ndarray) -> float:
        logs = np.log(probabilities(rows, params)[np.arange(len(rows)), outcome])
        return -logs.sum() + ALPHA / 2 * (params[:-1] ** 2).sum()

    return scipy.optimize.minimize(loss, np.zeros(N + 3), method="BFGS", options={"gtol": 1e-9}).x


def test_estimate_and_nu_are_those_of_an_optimiser_that_knows_nothing_of_the_model(trials, best):
    found = choice.fit(trials, alpha=ALPHA)
    np.testing.assert_allclose(found.scores, best[:N] - best[:N].mean(), atol=1e-5)
    np.testing.assert_allclose(found.positions, best[N:-1] - best[N:-1].mean(), atol=1e-5)
    assert found.nu == pytest.approx(np.exp(best[-1]), rel=1e-5)
    assert found.gradient_norm < 1e-5


def test_covariance_is_the_sandwich_of_all_parameters(trials, best):
    found, rows = choice.fit(trials, alpha=ALPHA), marks(trials)
    p = probabilities(rows, best)
    outcome = np.where(trials.tied, 2, trials.chosen)
    means = np.einsum("tj,tjm->tm", p, rows)
    residuals = rows[np.arange(len(rows)), outcome] - means
    centred = rows - means[:, None]
    information = np.einsum("tj,tjm,tjn->mn", p, centred, centred)
    penalised = information + ALPHA * np.diag([*[1.0] * (N + 2), 0.0])
    bread = np.linalg.inv(penalised)
    labels, codes = np.unique(trials.clusters, return_inverse=True)
    gradients = np.zeros((len(labels), N + 3))
    np.add.at(gradients, codes, residuals)
    t, c, d = trials.n_trials, len(labels), np.sum(bread * information)
    kappa = c / (c - 1) * (t - 1) / (t - d)
    meat = kappa * gradients.T @ gradients
    phi = max(1, np.sum(bread * meat) / d)
    whole = bread @ meat @ bread + min(0.5, d / (t - d)) * phi * bread
    contrast = np.zeros(N + 3)
    contrast[[N, N + 1]] = 1, -1  # the scores' variances have a floor
    assert contrast @ found.covariance @ contrast == pytest.approx(contrast @ whole @ contrast, rel=1e-5)
    assert found.covariance[-1, -1] == pytest.approx(whole[-1, -1], rel=1e-5)


def test_bias_is_that_of_cox_and_snell_in_all_parameters(trials):
    rows, params = marks(trials), np.array([0.5, 0.2, -0.2, -0.5, 0.2, -0.2])
    likelihood, penalty = Davidson(trials), Penalty.ridge(ALPHA, N + 2)
    _, told = likelihood.log_likelihood(params)
    p = probabilities(rows, np.append(params, np.log(Davidson.nu(told))))
    np.testing.assert_allclose(told.T, p, atol=1e-10)
    centred = rows - np.einsum("tj,tjm->tm", p, rows)[:, None]
    information = np.einsum("tj,tjm,tjn->mn", p, centred, centred)
    ridge = np.diag([*[ALPHA] * (N + 2), 0.0])
    gauge = np.zeros((N + 3, N + 3))
    gauge[:N, :N], gauge[N:-1, N:-1] = 1, 1
    bread = np.linalg.inv(information + ridge + gauge)
    third = np.einsum("tj,tjm,tjn,tjo,no->m", p, centred, centred, centred, bread)
    bias = -bread @ (third / 2 + ridge @ np.append(params, 0.0))
    np.testing.assert_allclose(choice.first_order_bias(likelihood, params, penalty), bias[:-1], atol=1e-9)


def test_decided_choices_are_as_likely_as_without_ties(trials):
    _, p = Davidson(trials).log_likelihood(np.zeros(N + 2))
    np.testing.assert_allclose(p[0], p[1])
    # At equal strengths ties come as often as they did.
    np.testing.assert_allclose(p[2], trials.tied.mean())


def test_intervals_hold_the_truth_under_the_model():
    hits, nu = [], []
    truth = np.array([0.9, 0.1, -0.3, -0.7])
    for seed in range(120):
        found = choice.fit(drawn(240, seed=seed), alpha=0.05)
        hits.append(np.abs(found.scores - truth) < 1.98 * found.stderr)
        nu.append(found.nu)
    assert np.mean(hits) == pytest.approx(0.95, abs=0.03)
    assert np.median(nu) == pytest.approx(0.8, abs=0.05)


def test_what_it_cannot_tell_is_refused():
    tied = drawn(60)._replace(chosen=np.full(60, TIE_CODE))
    with pytest.raises(NotIdentified, match="all trials are tied"):
        choice.fit(tied)
    three = comparisons_from([["a", "b", "c"]] * 4, ["a", "b", "tie", "c"])
    with pytest.raises(UsageError, match="takes 2 options a trial; here are 3"):
        Trials.decided(three, ties="davidson")
    with pytest.raises(ValueError, match="misreadings are modelled of choices"):
        drawn(60).misread_by([0.1] * N)


def test_without_a_tie_it_is_the_model_of_choices():
    whole = drawn(200)
    decided = whole.only(~whole.tied)
    same = choice.fit(decided._replace(ties_apart=False))
    found = choice.fit(decided)
    np.testing.assert_array_equal(found.covariance, same.covariance)
    assert found.nu is None
