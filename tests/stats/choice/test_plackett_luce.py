from __future__ import annotations

import choix
import evalica
import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.discrete.conditional_models import ConditionalLogit
from statsmodels.discrete.discrete_model import Logit

from mien.errors import NotIdentified
from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.choice.empirical_bayes import Prior


def simulate(scores, positions, n_trials, rng):
    """Random options without repetition, and choices from the model."""
    n, k = len(scores), len(positions)
    options = np.argsort(rng.random((n_trials, n)), axis=1)[:, :k]
    chosen = (scores[options] + positions + rng.gumbel(size=(n_trials, k))).argmax(axis=1)
    return options, chosen


def sample(n=6, k=2, n_trials=200, seed=0, first=0.4):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=n)
    positions = np.zeros(k)
    positions[0] = first
    return *simulate(scores, positions, n_trials, rng), rng.integers(40, size=n_trials)


def centred(x):
    return x - x.mean()


# --- slow, obvious twins


def plain_objective(params, options, chosen, n, alpha):
    total = 0.0
    for shown, pick in zip(options, chosen, strict=True):
        utilities = [params[item] + params[n + place] for place, item in enumerate(shown)]
        total += utilities[pick] - np.log(sum(np.exp(utilities)))
    return -total + alpha / 2 * np.sum(params**2)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_fit_maximises_the_plain_penalised_likelihood(k):
    options, chosen, _ = sample(k=k, n_trials=120)
    fit = choice.fit(Trials.of(options, chosen, 6), alpha=0.3)
    found = scipy.optimize.minimize(
        plain_objective, np.zeros(6 + k), (options, chosen, 6, 0.3), method="BFGS", options={"gtol": 1e-7}
    )
    np.testing.assert_allclose(fit.scores, found.x[:6], atol=1e-5)
    np.testing.assert_allclose(fit.positions, found.x[6:], atol=1e-5)
    params = np.concatenate([fit.scores, fit.positions])
    assert fit.log_likelihood == pytest.approx(-plain_objective(params, options, chosen, 6, 0.0))
    assert fit.gradient_norm < 1e-8
    assert fit.iterations < 12


@pytest.mark.parametrize("k", [2, 3])
def test_scores_alone_are_those_of_the_fit(k):
    options, chosen, _ = sample(k=k)
    trials = Trials.of(options, chosen, 6, misread=np.linspace(0, 0.1, 6)[options.T] if k == 2 else None)
    np.testing.assert_array_equal(choice.scores(trials, alpha=0.3), choice.fit(trials, alpha=0.3).scores)
    with pytest.raises(NotIdentified, match="item 6"):
        choice.scores(Trials.of(options, chosen, 7))
    with pytest.raises(NotIdentified, match="no finite scores"):
        choice.scores(Trials.of([[0, 1], [1, 0]], [0, 1], 2), alpha=0)


def raised(covariance, least, n):
    """No score's variance is below what its trials allow, and the scores add up to 0."""
    centre = np.eye(n) - 1 / n
    found = covariance.copy()
    for _ in range(100):
        short = np.maximum(np.diag(least) - np.diag(found), 0)[:n]
        found[:n, :n] += centre @ np.diag(short) @ centre
    return found


@pytest.mark.parametrize("k", [2, 3])
def test_covariance_follows_its_definition(k):
    options, chosen, clusters = sample(k=k)
    n, alpha, n_trials = 6, 0.15, len(chosen)
    fit = choice.fit(Trials.of(options, chosen, n, clusters=clusters), alpha=alpha)
    p = n + k
    information, by_cluster = np.zeros((p, p)), {}
    for shown, pick, cluster in zip(options, chosen, clusters, strict=True):
        rows = np.zeros((k, p))
        for place, item in enumerate(shown):
            rows[place, item] = rows[place, n + place] = 1
        probability = scipy.special.softmax(rows @ np.concatenate([fit.scores, fit.positions]))
        mean = probability @ rows
        information += (rows * probability[:, None]).T @ rows - np.outer(mean, mean)
        by_cluster[cluster] = by_cluster.get(cluster, 0) + rows[pick] - mean
    centre = np.eye(p)
    centre[:n, :n] -= 1 / n
    centre[n:, n:] -= 1 / k
    bread = np.linalg.pinv(centre @ (information + alpha * np.eye(p)) @ centre)
    meat = sum(np.outer(g, g) for g in by_cluster.values())
    d, c = np.trace(bread @ information), len(by_cluster)
    kappa = c / (c - 1) * (n_trials - 1) / (n_trials - d)
    phi = max(1, np.trace(kappa * bread @ meat) / d)
    expected = kappa * bread @ meat @ bread + min(0.5, d / (n_trials - d)) * phi * bread
    pull = alpha * bread @ bread
    expected = raised(expected, phi * (bread - pull) + pull, n)
    np.testing.assert_allclose(fit.bread, bread, atol=1e-10)
    np.testing.assert_allclose(fit.covariance, expected, atol=1e-10)
    np.testing.assert_allclose(fit.gradients.toarray(), [by_cluster[c] for c in fit.clusters], atol=1e-10)


def plain_bias(params, options, n, k, alpha):
    marks = np.zeros((len(options), k, n + k))
    for t, shown in enumerate(options):
        for place, item in enumerate(shown):
            marks[t, place, item] = marks[t, place, n + place] = 1
    probability = scipy.special.softmax(marks @ params, axis=1)
    away = marks - np.einsum("tk,tkp->tp", probability, marks)[:, None]
    centre = np.eye(n + k)
    centre[:n, :n] -= 1 / n
    centre[n:, n:] -= 1 / k
    information = np.einsum("tk,tkp,tkq->pq", probability, away, away)
    bread = np.linalg.pinv(centre @ (information + alpha * np.eye(n + k)) @ centre)
    skew = np.einsum("tk,tkp,tkq,qr,tkr->p", probability, away, away, bread, away, optimize=True)
    return -bread @ (skew / 2 + alpha * params)


@pytest.mark.parametrize("k", [2, 3])
def test_position_bias_follows_its_definition(k):
    options, chosen, _ = sample(k=k, n_trials=100)
    fit = choice.fit(Trials.of(options, chosen, 6), alpha=0.15)
    params = np.concatenate([fit.scores, fit.positions])
    once = params - plain_bias(params, options, 6, k, 0.15)
    np.testing.assert_allclose(fit.position_bias, plain_bias(once, options, 6, k, 0.15)[6:], atol=1e-12)


def test_position_bias_is_that_of_many_items_in_few_trials():
    rng = np.random.default_rng(2)
    scores = centred(rng.normal(size=30))
    fits = [choice.fit(Trials.of(*simulate(scores, np.array([0.4, -0.4]), 250, rng), 30)) for _ in range(150)]
    raw = np.mean([f.positions[0] for f in fits])
    corrected = np.mean([f.positions[0] - f.position_bias[0] for f in fits])
    assert raw > 0.42
    assert corrected == pytest.approx(0.4, abs=0.02)


# --- outside oracles


def test_matches_statsmodels_logit_with_clusters():
    options, chosen, clusters = sample(n_trials=400)
    n, n_trials = 6, len(chosen)
    fit = choice.fit(Trials.of(options, chosen, n, clusters=clusters), alpha=0)
    contrasts = np.zeros((n_trials, n + 1))
    contrasts[np.arange(n_trials), options[:, 0]] += 1
    contrasts[np.arange(n_trials), options[:, 1]] -= 1
    contrasts[:, n] = 1
    kept = [*range(n - 1), n]  # the last item is the reference
    model = Logit((chosen == 0).astype(float), contrasts[:, kept])
    oracle = model.fit(disp=0, tol=1e-12, cov_type="cluster", cov_kwds={"groups": clusters})
    np.testing.assert_allclose(fit.scores[:-1] - fit.scores[-1], oracle.params[:-1], atol=1e-7)
    assert fit.positions[0] - fit.positions[1] == pytest.approx(oracle.params[-1], abs=1e-7)
    assert fit.log_likelihood == pytest.approx(oracle.llf)
    meat = (fit.gradients.T @ fit.gradients).toarray()
    ours = fit.correction * fit.bread @ meat @ fit.bread
    to_reference = np.zeros((n, n + 2))
    to_reference[: n - 1, : n - 1] = np.eye(n - 1)
    to_reference[: n - 1, n - 1] = -1
    to_reference[n - 1, n:] = 1, -1
    np.testing.assert_allclose(to_reference @ ours @ to_reference.T, oracle.cov_params(), rtol=1e-6)


def test_matches_statsmodels_conditional_logit():
    options, chosen, _ = sample(k=3, n_trials=300)
    fit = choice.fit(Trials.of(options, chosen, 6), alpha=0)
    columns = np.zeros((300, 3, 9))
    for t, shown in enumerate(options):
        for place, item in enumerate(shown):
            columns[t, place, item] = columns[t, place, 6 + place] = 1
    kept = [0, 1, 2, 3, 4, 6, 7]
    picked = np.arange(3) == chosen[:, None]
    model = ConditionalLogit(
        picked.ravel().astype(float), columns.reshape(-1, 9)[:, kept], groups=np.repeat(np.arange(300), 3)
    )
    oracle = model.fit(disp=0).params
    np.testing.assert_allclose(fit.scores, centred(np.append(oracle[:5], 0)), atol=1e-3)
    np.testing.assert_allclose(fit.positions, centred(np.append(oracle[5:], 0)), atol=1e-3)


def test_matches_choix_and_evalica_without_a_position_effect():
    options, chosen, _ = sample(n_trials=300, first=0)
    both = np.concatenate([options, options[:, ::-1]])  # every game in both orders: no effect of position
    picked = np.concatenate([chosen, 1 - chosen])
    won, lost = both[np.arange(600), picked], both[np.arange(600), 1 - picked]
    ours = choice.fit(Trials.of(both, picked, 6), alpha=0)
    np.testing.assert_allclose(ours.positions, 0, atol=1e-12)
    oracle = choix.opt_pairwise(6, list(zip(won, lost, strict=True)), tol=1e-9)
    np.testing.assert_allclose(ours.scores, centred(oracle), atol=1e-4)
    result = evalica.bradley_terry(
        won.tolist(), lost.tolist(), [evalica.Winner.X] * 600, tolerance=1e-12, limit=10_000
    )
    np.testing.assert_allclose(ours.scores, centred(np.log(result.scores.sort_index().to_numpy())), atol=1e-4)


def test_matches_choix_on_top_choices():
    options, chosen, _ = sample(k=3, n_trials=80, first=0)
    turned = np.concatenate([np.roll(options, shift, axis=1) for shift in range(3)])
    picked = np.concatenate([(chosen + shift) % 3 for shift in range(3)])
    data = [(row[c], np.delete(row, c)) for row, c in zip(turned, picked, strict=True)]
    oracle = choix.opt_top1(6, data, alpha=0.2, tol=1e-6)
    # choix's penalty is alpha · ‖θ‖², twice ours
    fit = choice.fit(Trials.of(turned, picked, 6), alpha=0.4)
    np.testing.assert_allclose(fit.scores, oracle, atol=1e-4)


# --- properties


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(2, 4))
def test_names_and_order_of_rows_do_not_matter(seed, k):
    options, chosen, clusters = sample(k=k, n_trials=80, seed=seed)
    rng = np.random.default_rng(seed)
    rename, rows = rng.permutation(6), rng.permutation(80)
    fit = choice.fit(Trials.of(options, chosen, 6, clusters=clusters))
    other = choice.fit(
        Trials.of(rename[options][rows], chosen[rows], 6, clusters=[f"p{c:02d}" for c in clusters[rows]])
    )
    np.testing.assert_allclose(other.scores[rename], fit.scores, atol=1e-8)
    np.testing.assert_allclose(other.stderr[rename], fit.stderr, atol=1e-8)
    np.testing.assert_allclose(other.positions, fit.positions, atol=1e-8)
    assert fit.scores.sum() == pytest.approx(0, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_swapping_options_flips_the_position_effect_alone(seed):
    options, chosen, clusters = sample(n_trials=80, seed=seed)
    fit = choice.fit(Trials.of(options, chosen, 6, clusters=clusters))
    swapped = choice.fit(Trials.of(options[:, ::-1], 1 - chosen, 6, clusters=clusters))
    np.testing.assert_allclose(swapped.scores, fit.scores, atol=1e-8)
    np.testing.assert_allclose(swapped.positions, -fit.positions, atol=1e-8)
    np.testing.assert_allclose(swapped.stderr, fit.stderr, atol=1e-8)


def test_weights_are_multiplicities():
    options, chosen, _ = sample(n_trials=150)
    weights = np.random.default_rng(1).integers(0, 3, size=150)
    weighted = choice.fit(Trials.of(options, chosen, 6, weights=weights))
    repeated = choice.fit(Trials.of(np.repeat(options, weights, axis=0), np.repeat(chosen, weights), 6))
    np.testing.assert_allclose(weighted.scores, repeated.scores, atol=1e-10)
    np.testing.assert_allclose(weighted.bread, repeated.bread, atol=1e-10)


def test_a_warm_start_needs_one_step():
    options, chosen, _ = sample()
    fit = choice.fit(Trials.of(options, chosen, 6))
    again = choice.fit(Trials.of(options, chosen, 6), start=np.concatenate([fit.scores, fit.positions]))
    assert again.iterations == 1
    np.testing.assert_allclose(again.scores, fit.scores, atol=1e-10)


# --- recovery and coverage


@pytest.mark.parametrize("k", [2, 3])
def test_recovers_planted_scores_and_positions_with_honest_intervals(k):
    rng = np.random.default_rng(5)
    n = 30
    scores = centred(rng.normal(size=n))
    positions = centred(np.array([0.5] + [0.0] * (k - 1)))
    covered, first = [], []
    for _ in range(25):
        options, chosen = simulate(scores, positions, 1500, rng)
        fit = choice.fit(Trials.of(options, chosen, n, clusters=rng.integers(200, size=1500)))
        covered.append(np.abs(fit.scores - scores) < scipy.stats.t.ppf(0.975, 199) * fit.stderr)
        first.append(fit.positions[0])
    assert 0.92 < np.mean(covered) < 0.98
    assert np.mean(first) == pytest.approx(positions[0], abs=0.03)
    assert scipy.stats.spearmanr(fit.scores, scores).statistic > 0.95


def test_bootstrap_agrees_with_the_sandwich_and_follows_its_seed():
    options, chosen, clusters = sample(n=8, n_trials=1000)
    fit = choice.fit(Trials.of(options, chosen, 8, clusters=clusters))
    draws = choice.bootstrap(Trials.of(options, chosen, 8, clusters=clusters), n_resamples=200, seed=3)
    assert draws.scores.shape == (200, 8)
    assert draws.positions.shape == (200, 2)
    np.testing.assert_allclose(draws.scores.std(axis=0).mean(), fit.stderr.mean(), rtol=0.15)
    again = choice.bootstrap(Trials.of(options, chosen, 8, clusters=clusters), n_resamples=2, seed=3)
    np.testing.assert_array_equal(again.scores, draws.scores[:2])
    with pytest.raises(ValueError, match="alpha > 0"):
        choice.bootstrap(Trials.of(options, chosen, 8), alpha=0)


def test_a_million_trials_of_their_own_clusters_stay_sparse():
    rng = np.random.default_rng(0)
    options, chosen = simulate(np.linspace(-1, 1, 5), np.zeros(2), 1_000_000, rng)
    fit = choice.fit(Trials.of(options, chosen, 5))
    assert fit.n_clusters == 1_000_000
    assert fit.gradients.nnz == 4_000_000
    np.testing.assert_allclose(fit.scores, np.linspace(-1, 1, 5), atol=0.02)


# --- a prior


def normal_prior(n=6, seed=3):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n, 2))
    factor -= factor.mean(axis=0)
    return Prior(mean=centred(rng.normal(size=n)), covariance=0.4 * (np.eye(n) - 1 / n) + factor @ factor.T)


@pytest.mark.parametrize("k", [2, 4])
def test_fit_with_a_prior_maximises_the_plain_penalised_likelihood(k):
    options, chosen, clusters = sample(k=k, n_trials=80)
    prior = normal_prior()
    fit = choice.fit(Trials.of(options, chosen, 6, clusters=clusters), alpha=0.3, prior=prior)
    precision = np.linalg.pinv(prior.covariance)

    def objective(params):
        away = centred(params[:6]) - prior.mean
        without = plain_objective(params, options, chosen, 6, 0.0)
        return without + away @ precision @ away / 2 + 0.15 * np.sum(params[6:] ** 2)

    found = scipy.optimize.minimize(objective, np.zeros(6 + k), method="BFGS", options={"gtol": 1e-7}).x
    np.testing.assert_allclose(fit.scores, centred(found[:6]), atol=1e-5)
    np.testing.assert_allclose(fit.positions, found[6:], atol=1e-5)
    assert fit.gradient_norm < 1e-8
    assert fit.scores.sum() == pytest.approx(0, abs=1e-12)
    params = np.concatenate([fit.scores, fit.positions])
    assert fit.log_likelihood == pytest.approx(-plain_objective(params, options, chosen, 6, 0.0))
    # The bread inverts the objective's curvature; the covariance adds what the prior leaves unknown.
    step, basis = 1e-4, np.eye(6 + k)
    hessian = np.array(
        [
            [
                sum(s * t * objective(params + step * (s * a + t * b)) for s in (1, -1) for t in (1, -1))
                for a in basis
            ]
            for b in basis
        ]
    ) / (4 * step**2)
    centre = np.eye(6 + k)
    centre[:6, :6] -= 1 / 6
    centre[6:, 6:] -= 1 / k
    np.testing.assert_allclose(fit.bread, np.linalg.pinv(centre @ hessian @ centre), atol=1e-4)
    bread = fit.bread[:, :6]
    n_trials, meat = len(chosen), (fit.gradients.T @ fit.gradients).toarray()
    information = np.linalg.pinv(fit.bread, rcond=1e-9)
    information[:6, :6] -= precision
    information[6:, 6:] -= 0.3 * (np.eye(k) - 1 / k)
    d = np.sum(fit.bread * information)
    expected = fit.correction * fit.bread @ meat @ fit.bread
    expected += min(0.5, d / (n_trials - d)) * fit.inflation * fit.bread + bread @ precision @ bread.T
    pull = bread @ precision @ bread.T + 0.3 * fit.bread[:, 6:] @ fit.bread[6:]
    expected = raised(expected, fit.inflation * (fit.bread - pull) + pull, 6)
    np.testing.assert_allclose(fit.covariance, expected, atol=1e-8)
    np.testing.assert_allclose(fit.shrinkage, np.diag(fit.bread)[:6] / np.diag(prior.covariance))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(2, 4), alpha=st.floats(0.05, 2))
def test_the_ridge_is_a_prior_around_zero(seed, k, alpha):
    options, chosen, clusters = sample(k=k, n_trials=80, seed=seed)
    ridge = choice.fit(Trials.of(options, chosen, 6, clusters=clusters), alpha=alpha)
    prior = Prior(mean=np.zeros(6), covariance=(np.eye(6) - 1 / 6) / alpha)
    fit = choice.fit(Trials.of(options, chosen, 6, clusters=clusters), alpha=alpha, prior=prior)
    np.testing.assert_allclose(fit.scores, ridge.scores, atol=1e-8)
    np.testing.assert_allclose(fit.bread, ridge.bread, atol=1e-8)
    np.testing.assert_allclose(fit.position_bias, ridge.position_bias, atol=1e-8)
    assert ridge.shrinkage is None
    assert (fit.stderr > 0.95 * ridge.stderr).all()  # raised variances spill over to the other five
    assert ((fit.shrinkage > 0) & (fit.shrinkage <= 1)).all()


def test_a_sure_prior_decides_and_a_vague_one_leaves_it_to_the_data():
    options, chosen, clusters = sample(n_trials=400)
    centre, mean = np.eye(6) - 1 / 6, centred(np.arange(6.0))
    sure, vague = (
        choice.fit(
            Trials.of(options, chosen, 6, clusters=clusters),
            alpha=0.01,
            prior=Prior(mean=mean, covariance=size * centre),
        )
        for size in (1e-4, 1e4)
    )
    np.testing.assert_allclose(sure.scores, mean, atol=0.05)
    np.testing.assert_allclose(sure.shrinkage, 1, atol=0.02)
    np.testing.assert_allclose(sure.stderr, np.sqrt(1e-4 * 5 / 6), rtol=0.02)
    alone = choice.fit(Trials.of(options, chosen, 6, clusters=clusters), alpha=0.01)
    np.testing.assert_allclose(vague.scores, alone.scores, atol=0.01)
    np.testing.assert_allclose(vague.stderr, alone.stderr, rtol=0.01)


def test_a_prior_of_other_items_is_refused():
    options, chosen, _ = sample()
    with pytest.raises(ValueError, match="5 scores does not fit 6 items"):
        choice.fit(Trials.of(options, chosen, 6), prior=normal_prior(n=5))


# --- two fits


def test_cross_covariance_joins_clusters_by_label():
    options, chosen, clusters = sample(n_trials=300)
    a = choice.fit(Trials.of(options, chosen, 6, clusters=clusters))
    b = choice.fit(
        Trials.of(options[::-1], 1 - chosen[::-1], 6, clusters=clusters[::-1] + 20)
    )  # labels 20 … 39 are shared
    rows_a, _ = choice.shared_clusters(a, b)
    assert len(rows_a) == 20
    meat = np.zeros((8, 8))
    for i, label in enumerate(a.clusters):
        for j, other in enumerate(b.clusters):
            if label == other:
                meat += np.outer(a.gradients[[i]].toarray(), b.gradients[[j]].toarray())
    expected = np.sqrt(a.correction * b.correction) * a.bread @ meat @ b.bread
    np.testing.assert_allclose(choice.cross_covariance(a, b), expected, atol=1e-12)


def test_cross_covariance_of_strangers_is_zero():
    options, chosen, clusters = sample()
    a = choice.fit(Trials.of(options, chosen, 6, clusters=clusters))
    b = choice.fit(Trials.of(options, chosen, 6, clusters=clusters + 1000))
    assert not choice.cross_covariance(a, b).any()


# --- what cannot be fitted


def test_items_never_shown_are_named():
    with pytest.raises(NotIdentified, match=r"2 of 5 never appear .*: drab, eager"):
        choice.fit(
            Trials.of([[0, 1], [1, 2], [2, 0]], [0, 1, 0], 5, names=["airy", "bold", "calm", "drab", "eager"])
        )


def test_groups_that_never_meet_are_named():
    with pytest.raises(NotIdentified, match=r"never meet .*: \[airy, bold\]; \[calm, drab\]"):
        choice.fit(
            Trials.of(
                [[0, 1], [1, 0], [2, 3], [3, 2]], [0, 0, 0, 0], 4, names=["airy", "bold", "calm", "drab"]
            )
        )


def test_without_a_penalty_an_item_that_always_wins_is_named():
    games = [[0, 1], [1, 0], [0, 2], [2, 0], [1, 2], [2, 1]]
    with pytest.raises(NotIdentified, match="item 0"):
        choice.fit(Trials.of(games, [0, 1, 0, 1, 0, 0], 3), alpha=0)
    assert np.isfinite(choice.fit(Trials.of(games, [0, 1, 0, 1, 0, 0], 3)).scores).all()


def test_without_a_penalty_a_position_that_always_wins_is_refused():
    games = [[0, 1], [1, 0], [0, 2], [2, 0], [1, 2], [2, 1]]
    with pytest.raises(NotIdentified, match="without error"):
        choice.fit(Trials.of(games, [0] * 6, 3), alpha=0)
    fit = choice.fit(Trials.of(games, [0] * 6, 3))
    np.testing.assert_allclose(fit.scores, 0, atol=1e-9)
    assert fit.positions[0] > 1


def test_a_position_that_is_bound_to_the_items_is_refused():
    with pytest.raises(NotIdentified, match="varied orders"):
        choice.fit(Trials.of([[0, 1], [0, 1], [0, 1]], [0, 1, 0], 2))
    with pytest.raises(NotIdentified, match="the position effect cannot be told from the scores"):
        choice.fit(Trials.of([[0, 1]] * 9, [0, 1, 0] * 3, 2))


def test_where_few_choices_were_made_that_is_said():
    with pytest.raises(NotIdentified, match="too few choices were made: 4, for 4 scores and a position effe"):
        choice.fit(Trials.of([[0, 1], [2, 0], [0, 3], [2, 0]], [0, 1, 0, 1], 4))


def test_one_cluster_has_no_covariance():
    options, chosen, _ = sample()
    assert np.isnan(choice.fit(Trials.of(options, chosen, 6, clusters=np.zeros(200))).covariance).all()


@pytest.mark.parametrize(
    ("options", "chosen"),
    [([[0], [1]], [0, 0]), ([[0, 3], [1, 2]], [0, 0]), ([[0, 1], [1, 2]], [0, 2]), ([[0, 1]], [0, 1])],
)
def test_arrays_out_of_range_are_refused(options, chosen):
    with pytest.raises(ValueError, match=r"must (be|lie)"):
        choice.fit(Trials.of(options, chosen, 3))
