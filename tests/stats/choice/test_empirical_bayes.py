from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.stats import choice
from mien.stats.choice import Trials, jumps
from mien.stats.choice.empirical_bayes import Estimate, Prior, pool


def centred(x):
    return x - x.mean(axis=-1, keepdims=True)


def estimates(n_runs, n=30, *, own=0.5, error=0.05, seed=0):
    """Estimates of models that share a character and have something of their own."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=n)
    scores = shared + own * rng.normal(size=(n_runs, n)) + np.sqrt(error) * rng.normal(size=(n_runs, n))
    return [Estimate(row, error) for row in centred(scores)]


def contrasts(n):
    """(n, n − 1) orthonormal, each summing to 0."""
    return np.linalg.svd(np.eye(n) - 1 / n)[0][:, : n - 1]


def plain_log_likelihood(of, known, log_own, log_weight):
    n = len(of.scores)
    covariance = (np.exp(log_own) + of.error) * np.eye(n) + np.exp(log_weight) * known.T @ known
    basis = contrasts(n)
    residual, covariance = basis.T @ (of.scores - known.mean(axis=0)), basis.T @ covariance @ basis
    return -(np.linalg.slogdet(covariance)[1] + residual @ np.linalg.inv(covariance) @ residual) / 2


@pytest.mark.parametrize(("n_runs", "n"), [(5, 12), (9, 6)])
def test_hyperparameters_are_where_the_plain_likelihood_is_largest(n_runs, n, monkeypatch):
    monkeypatch.setattr(jumps, "SHARE", 1e-12)  # no score stands out
    own, *others = estimates(n_runs + 1, n, seed=n)
    known = np.array([other.scores for other in others])
    prior = pool(own, others)

    def shared(logs):
        return -sum(
            plain_log_likelihood(other, np.delete(known, i, axis=0), *logs) for i, other in enumerate(others)
        )

    log_shared, log_weight = scipy.optimize.minimize(shared, [-1, -3], bounds=[(-6.9, 4.6), (-13.8, 2.3)]).x

    def alone(log_own):
        distance = (log_own - log_shared) / 0.5
        return distance**2 / 2 - plain_log_likelihood(own, known, log_own, log_weight)

    log_own = scipy.optimize.minimize_scalar(alone, bounds=(-6, 4), method="bounded").x
    expected = np.exp(log_own) * (np.eye(n) - 1 / n) + np.exp(log_weight) * known.T @ known
    np.testing.assert_allclose(prior.covariance, expected, atol=0.01 * expected.max())
    np.testing.assert_allclose(prior.mean, known.mean(axis=0))


def test_what_models_do_not_share_is_found():
    for truth in (0.3, 1.0):
        own, *others = estimates(12, 200, own=truth, seed=1)
        variance = np.median(np.diag(pool(own, others).covariance))
        assert variance == pytest.approx(truth**2, rel=0.35)


def test_a_run_that_lies_far_off_has_a_wider_prior_and_the_same_mean():
    own, *others = estimates(6, 100)
    far = Estimate(centred(own.scores + np.random.default_rng(9).normal(size=100) * 1.5), own.error)
    near, wide = pool(own, others), pool(far, others)
    np.testing.assert_array_equal(near.mean, wide.mean)
    assert np.trace(wide.covariance) > 2 * np.trace(near.covariance)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(3, 20), n_runs=st.integers(4, 25))
def test_neither_names_nor_order_matter_and_the_precision_is_the_inverse(seed, n, n_runs):
    own, *others = estimates(n_runs + 1, n, seed=seed)
    prior = pool(own, others)
    centre = np.eye(n) - 1 / n
    np.testing.assert_allclose(prior.precision @ prior.covariance, centre, atol=1e-6)
    rename = np.random.default_rng(seed).permutation(n)
    again = pool(
        Estimate(own.scores[rename], own.error), [Estimate(o.scores[rename], o.error) for o in others[::-1]]
    )
    np.testing.assert_allclose(
        again.covariance, prior.covariance[np.ix_(rename, rename)], rtol=1e-2, atol=1e-2
    )


def test_the_ridge_is_taken_out_as_if_all_were_one():
    """With the same precision everywhere, what is left is the data's own estimate and its variance."""
    n, precision, alpha = 8, 3.0, 0.5
    data = centred(np.random.default_rng(0).normal(size=n))
    bread = (np.eye(n) - 1 / n) / (precision + alpha)
    found = Estimate.unshrunk(data * precision / (precision + alpha), bread, alpha, 1.5)
    np.testing.assert_allclose(found.scores, data)
    assert found.error == pytest.approx(1.5 / precision)


def test_too_few_runs_and_shapes_that_cannot_be():
    own, *others = estimates(4)
    with pytest.raises(ValueError, match="at least 4 other runs, not 3"):
        pool(own, others)
    for mean, covariance in (
        (np.zeros(3), np.eye(2)),
        (np.zeros(3), np.eye(3)),
        (np.zeros(3), np.zeros((3, 3))),
        (np.ones(3), np.eye(3) - 1 / 3),
    ):
        with pytest.raises(ValueError, match=r"must (be|do)"):
            Prior(mean=mean, covariance=covariance)


def test_intervals_hold_the_truths_of_the_population():
    """Truths drawn anew each time; a prompt draws its liking of each trait once, so that its trials agree."""
    rng = np.random.default_rng(4)
    n, n_trials, n_prompts = 30, 600, 40
    covered, errors, inflation = [], [], []
    for _ in range(40):
        shared = rng.normal(size=n)
        truths = centred(shared * rng.normal(1, 0.2, size=(5, 1)) + 0.5 * rng.normal(size=(5, n)))
        data = []
        for scores in truths:
            options = np.argsort(rng.random((n_trials, n)), axis=1)[:, :2]
            prompt = rng.integers(n_prompts, size=n_trials)
            liking = rng.gumbel(size=(n_prompts, n))
            chosen = (scores[options] + liking[prompt[:, None], options]).argmax(axis=1)
            data.append((options, chosen, prompt))
        fits = [choice.fit(Trials.of(o, c, n, clusters=p)) for o, c, p in data]
        own, *others = (Estimate.unshrunk(f.scores, f.bread, f.alpha, f.inflation) for f in fits)
        options, chosen, prompt = data[0]
        fit = choice.fit(Trials.of(options, chosen, n, clusters=prompt), prior=pool(own, others))
        margin = scipy.stats.t.ppf(0.975, n_prompts - 1) * fit.stderr
        covered.append(np.abs(fit.scores - truths[0]) < margin)
        errors.append([np.mean(np.square(f.scores - truths[0])) for f in (fits[0], fit)])
        inflation.append(fit.inflation)
    assert np.mean(inflation) > 1.1
    assert 0.93 < np.mean(covered) < 0.97
    flat, pooled = np.mean(errors, axis=0)
    assert pooled < 0.8 * flat


def test_a_few_traits_that_stand_out_do_not_make_the_others_look_singular():
    """Five of 100 lie far off: τ² stays, where it more than doubled."""
    own, *others = estimates(7, 100, own=0.4, error=0.03, seed=3)
    out = centred(np.where(np.arange(100) < 5, 3.0, 0.0))
    plain, changed = (pool(Estimate(own.scores + by * out, own.error), others) for by in (0, 1))
    assert plain.own == pytest.approx(0.16, rel=0.35)
    assert changed.own == pytest.approx(plain.own, rel=0.15)
    assert changed.jump == pytest.approx(2 * np.mean(np.var([o.scores for o in others], axis=1)), rel=0.3)
