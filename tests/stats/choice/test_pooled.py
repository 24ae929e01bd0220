"""The fit beside whose prior some scores may stand out: its parts against slow twins, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from mien.stats import choice
from mien.stats.choice import Trials, pooled
from mien.stats.choice.empirical_bayes import Estimate, pool
from mien.stats.comparisons import Comparisons
from mien.stats.profiles import rate

N, PROMPTS = 60, 120


def centred(x):
    return x - x.mean(axis=-1, keepdims=True)


def tournament(scores, n_trials, rng):
    """Options, choices and prompts; each trait as often as the next."""
    rounds = n_trials * 2 // len(scores) + 1
    options = np.argsort(rng.random((rounds, len(scores))), axis=1).reshape(-1, 2)[:n_trials]
    chosen = (scores[options] + rng.gumbel(size=options.shape)).argmax(axis=1)
    return options, chosen, rng.permutation(n_trials) % PROMPTS


def played(scores, n_trials, rng):
    options, chosen, prompt = tournament(scores, n_trials, rng)
    return Trials.of(options, chosen, len(scores), clusters=prompt)


def estimate(fit):
    return Estimate.unshrunk(fit.scores, fit.bread, fit.alpha, fit.inflation)


def made(rng, *, n_trials, own=0.3, moved=0, by=3.0, n=N):
    """The truth of a model like its pool but for the first traits, its trials, and its prior."""
    shared = 1.2 * rng.normal(size=n)
    truths = shared + own * rng.normal(size=(6, n))
    truths[0, :moved] += by
    truths = centred(truths)
    others = [estimate(choice.fit(played(truth, 3_000, rng))) for truth in truths[1:]]
    trials = played(truths[0], n_trials, rng)
    return truths[0], trials, pool(estimate(choice.fit(trials)), others, ["a", "b", "c", "d", "e"])


def test_what_is_foretold_leaves_the_own_trials_of_a_score_out():
    """By conditioning, with a score's own part unbounded, in a normal model of the same information."""
    _, trials, prior = made(np.random.default_rng(0), n_trials=400, n=14, moved=2)
    fit, foretold = pooled.fit(trials, prior)
    n, law = 14, fit.prior
    centre = np.eye(n) - 1 / n
    precision = law.precision - law.precision @ fit.bread[:n, :n] @ law.precision
    basis = np.linalg.svd(centre)[0][:, : n - 1]
    data = law.mean + basis @ np.linalg.inv(basis.T @ precision @ basis) @ basis.T @ law.precision @ (
        fit.scores - law.mean
    )
    noise = basis @ np.linalg.inv(basis.T @ precision @ basis) @ basis.T - law.covariance
    shared = prior.covariance - prior.own * centre
    sizes = np.linalg.lstsq(np.eye(n) * (1 - 2 / n) + 1 / n**2, np.diag(law.covariance - prior.covariance))[0]
    for i in range(n):
        unbounded = sizes.copy()
        unbounded[i] = 1e7
        of_data = prior.covariance + centre @ np.diag(unbounded) @ centre + noise
        gain = shared[i] @ basis @ np.linalg.inv(basis.T @ of_data @ basis) @ basis.T
        assert foretold.mean[i] == pytest.approx(law.mean[i] + gain @ (data - law.mean), abs=1e-3)
        expected = prior.own + shared[i, i] - gain @ shared[:, i]
        assert foretold.variance[i] == pytest.approx(expected, abs=1e-3)


def test_where_nothing_stands_out_the_fit_is_that_under_the_normal_prior():
    truth, trials, prior = made(np.random.default_rng(5), n_trials=1_500)
    fit, foretold = pooled.fit(trials, prior)
    plain = choice.fit(trials, prior=prior)
    assert np.abs(fit.scores - plain.scores).max() < 0.25
    assert np.mean(foretold.stands_out) < 0.12
    assert fit.prior.runs == ("a", "b", "c", "d", "e")
    np.testing.assert_allclose(fit.covariance[:N].sum(axis=0), 0, atol=1e-9)
    flat = choice.fit(trials)
    assert np.mean(np.square(fit.scores - truth)) < 0.7 * np.mean(np.square(flat.scores - truth))


def test_what_stands_out_is_let_stand_and_the_rest_does_not_suffer():
    rng = np.random.default_rng(6)
    error, plain = [], []
    for _ in range(4):
        truth, trials, prior = made(rng, n_trials=1_500, moved=3)
        fit, foretold = pooled.fit(trials, prior)
        error.append(fit.scores - truth)
        plain.append(choice.fit(trials, prior=prior).scores - truth)
        assert np.all(foretold.stands_out[:3])
    error, plain = (np.sqrt(np.mean(np.square(of), axis=0)) for of in (error, plain))
    assert np.mean(error[:3]) < 0.7 * np.mean(plain[:3])
    assert np.mean(error[3:]) < 1.02 * np.mean(plain[3:])


@pytest.mark.parametrize(("n_trials", "by"), [(330, 3.0), (330, 0.9), (1_500, 3.0), (4_000, 3.0)])
def test_intervals_hold_for_traits_that_stand_out(n_trials, by):
    """Of a model like its pool but for five traits at +520 points, or 3 τ; they held in 3 to 20 %."""
    rng = np.random.default_rng([n_trials, int(10 * by)])
    covered = []
    for _ in range(10):
        truth, trials, prior = made(rng, n_trials=n_trials, moved=5, by=by)
        comparisons = Comparisons(
            traits=tuple(f"t{i:02d}" for i in range(N)),
            options=trials.options.T.astype(np.int32),
            chosen=trials.chosen.astype(np.int32),
            cluster=trials.clusters.astype(np.int32),
            clusters=tuple(f"p{i:03d}" for i in range(PROMPTS)),
        )
        profile = rate(comparisons, prior=prior)
        low, high = ((end - 1000) * np.log(10) / 400 for end in profile.intervals)
        covered.append((low < truth) & (truth < high))
    covered = np.array(covered)
    assert covered[:, :5].mean() >= 0.9
    assert 0.93 <= covered[:, 5:].mean() <= 0.98
