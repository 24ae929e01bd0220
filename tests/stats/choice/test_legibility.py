from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize

from mien.errors import UsageError
from mien.stats.choice.legibility import MOST_ERRORS, Misreading, ToldTrials, misreading, posterior


def world(n_items, n_trials, rng, *, legibility=0.0, leaning=0.0, mean=1.8):
    """(n, n) errors of a judge that reads a told beside b, and what it read of trials."""
    told = mean + legibility * rng.normal(size=n_items)
    pull = leaning * rng.normal(size=n_items)
    errors = 1 / (1 + np.exp(told[:, None] + pull[:, None] - pull))
    options = np.argsort(rng.random((n_trials, n_items)), axis=1)[:, :2]
    read = (rng.random(n_trials) < errors[options[:, 0], options[:, 1]]).astype(int)
    return errors, options, read


def every_pair(judge, n_items):
    a, b = np.nonzero(~np.eye(n_items, dtype=bool))
    return a, b, judge.errors(np.array([a, b]))[0]


@pytest.mark.parametrize(("legibility", "leaning"), [(0.0, 0.0), (0.8, 0.0), (0.0, 0.8), (0.6, 0.9)])
def test_errors_by_pair_are_recovered_and_their_variance_is_right(legibility, leaning):
    z, gain = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        errors, options, read = world(20, 1200, rng, legibility=legibility, leaning=leaning)
        judge = misreading(options, read, 20)
        a, b, found = every_pair(judge, 20)
        odds = judge.told[a] - judge.pull[b]
        true = -np.log(errors[a, b] / (1 - errors[a, b]))
        rows = np.zeros((len(a), 40))
        rows[np.arange(len(a)), a], rows[np.arange(len(a)), 20 + b] = 1, -1
        z.append((odds - true) / np.sqrt(np.einsum("ij,jk,ik->i", rows, judge.covariance, rows)))
        gain.append(np.mean((found - errors[a, b]) ** 2) / np.mean((read.mean() - errors[a, b]) ** 2 + 1e-4))
    # Where a judge does not lean, less is known than is allowed for: `CAUTION` takes one that does.
    assert (0.85 if leaning else 0.45) < np.std(z) < 1.15
    assert legibility == leaning == 0 or np.mean(gain) < 0.5


def test_the_posterior_is_that_of_a_plain_maximisation():
    rng = np.random.default_rng(3)
    _, options, read = world(5, 200, rng, legibility=0.7, leaning=0.7)
    precision = np.repeat([4.0, 1.5, 0.0], [5, 5, 1])

    def loss(params):
        total = params @ (precision * params) / 2
        for (a, b), y in zip(options.tolist(), read.tolist(), strict=True):
            odds = params[-1] + params[a] + params[5 + a] - params[5 + b]
            total += np.log1p(np.exp(-odds if y == 0 else odds))
        return total

    told = ToldTrials(*options.T, (read == 0).astype(float), 5)
    found = posterior(told, precision, np.zeros(11))
    plain = scipy.optimize.minimize(loss, np.zeros(11), tol=1e-10)
    np.testing.assert_allclose(found.mode, plain.x, atol=1e-4)
    steps = 1e-3 * np.eye(11)
    curvature = [
        [
            (loss(found.mode + d + e) - loss(found.mode + d - e) - loss(found.mode - d + e))
            + loss(found.mode - d - e)
            for e in steps
        ]
        for d in steps
    ]
    np.testing.assert_allclose(found.hessian, np.array(curvature) / 4e-6, atol=1e-2)


def test_trials_without_an_option_read_do_not_count():
    told = np.tile([[0, 1], [1, 0]], (50, 1))
    read = np.random.default_rng(0).integers(-3, 2, 100)
    judge = misreading(told, read, 2)
    assert judge.n == np.count_nonzero(read >= 0)
    assert judge.accuracy == pytest.approx(np.mean(read[read >= 0] == 0))
    perfect = misreading(told, np.zeros(100, dtype=int), 2)
    assert not perfect.errors(told.T).any()
    assert not perfect.covariance.any()
    assert perfect.n == 100


def test_known_errors_are_those_of_the_trait_whatever_stands_beside():
    judge = Misreading.known([0.1, 0.3, 0.0])
    np.testing.assert_allclose(judge.errors(np.array([[0, 1, 2], [1, 2, 0]])), [[0.1, 0.3, 0], [0.3, 0, 0.1]])


def test_what_cannot_be_told_apart_is_bounded_and_named():
    judge = Misreading.known([0.6, 0.6, 0.7, 0.1])
    options = np.array([[0, 0], [1, 3]])
    assert judge.illegible(options).tolist() == [True, False]
    np.testing.assert_allclose(judge.errors(options), [[MOST_ERRORS / 2, 0.6], [MOST_ERRORS / 2, 0.1]])
    assert judge.illegible_pairs().tolist() == [[0, 2], [1, 2], [0, 1]]


def test_what_tells_nothing_is_refused():
    with pytest.raises(UsageError, match="2 options a trial"):
        misreading(np.tile([0, 1, 2], (9, 1)), np.zeros(9, int), 4)
    with pytest.raises(UsageError, match="named no option"):
        misreading(np.tile([0, 1], (9, 1)), np.full(9, -1), 4)
