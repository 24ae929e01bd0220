from __future__ import annotations

import json

import numpy as np
import pytest
import scipy.stats

from mien.errors import UsageError
from mien.stats.choice.empirical_bayes import Prior
from mien.stats.choice.plackett_luce import cross_covariance
from mien.stats.comparisons import Comparisons
from mien.stats.panels import compare
from mien.stats.panels.convergence import convergence
from mien.stats.panels.noise import draws, members
from mien.stats.profiles import Provenance, rate
from mien.stats.profiles.elo import ELO_SCALE

N = 12
TRAITS = tuple(f"t{i:02d}" for i in range(N))
BASE = np.linspace(1.5, -1.5, N)


def profile(scores=BASE, *, seed, n_trials=600, prefix="p", traits=TRAITS, **metadata):
    """Runs of one prefix share their trials and prompts."""
    n = len(traits)
    shared, rng = np.random.default_rng(7), np.random.default_rng([seed, 1])
    options = np.argsort(shared.random((n_trials, n)), axis=1)[:, :2]
    cluster = shared.integers(60, size=n_trials)
    # What a prompt does to a trait it does to all models: their errors hang together.
    effects = np.random.default_rng(3).normal(scale=0.7, size=(60, n))
    utilities = scores[options] + effects[cluster[:, None], options]
    chosen = (utilities + rng.gumbel(size=(n_trials, 2))).argmax(axis=1)
    comparisons = Comparisons(
        traits=traits,
        options=options.astype(np.int32),
        chosen=chosen.astype(np.int32),
        cluster=cluster.astype(np.int32),
        clusters=tuple(f"{prefix}{i}" for i in range(60)),
    )
    settings = {"prior": metadata.pop("prior")} if "prior" in metadata else {}
    return rate(comparisons, Provenance(run=f"r{seed}", **metadata), **settings)


@pytest.fixture(scope="module")
def panel():
    moved = BASE.copy()
    moved[[0, -1]] += [-2.0, 2.0]
    return compare([*(profile(seed=i) for i in range(3)), profile(moved, seed=3)], n_resamples=100)


def test_the_model_that_differs_is_told_by_the_traits_it_differs_in(panel):
    found = {(row["run"], row["trait"]) for run in panel.names for row in panel.rows(run) if row["distinct"]}
    assert {("r3", "t00"), ("r3", "t11")} <= found
    first = panel.rows("r3")[0]
    assert first["low"] < first["delta"] < first["high"]
    last = panel.models.linkage[-1, :2].astype(int)
    assert {panel.models.names[i] for i in last if i < 4} == {"r3"}


def test_components_agree_with_a_singular_value_decomposition(panel):
    centred = panel.rating - panel.rating.mean(axis=0)
    lengths = np.linalg.svd(centred, compute_uv=False)
    found = panel.components
    np.testing.assert_allclose(found.shares, (lengths**2 / np.sum(lengths**2))[:3])
    np.testing.assert_allclose(found.positions @ found.loadings.T, centred, atol=1e-8)
    np.testing.assert_allclose(found.loadings.T @ found.loadings, np.eye(3), atol=1e-10)
    assert np.isnan(found.low).all()  # four models are too few
    assert 0 < found.noise < 1


def test_correlations_and_concordance_agree_with_scipy(panel):
    rating = panel.rating
    for row in panel.correlations:
        a, b = panel.names.index(row["a"]), panel.names.index(row["b"])
        assert row["spearman"] == pytest.approx(scipy.stats.spearmanr(rating[a], rating[b]).statistic)
    friedman = scipy.stats.friedmanchisquare(*rating.T).statistic
    assert panel.concordance == pytest.approx(friedman / (len(panel.names) * (N - 1)))


def test_the_variance_of_what_sets_apart_follows_its_definition(panel):
    """From the joint covariance of all fits, block by block, instead of cluster by cluster."""
    fits = [p.fit for p in panel.profiles]
    for r in range(4):
        weights = [1 if s == r else -1 / 3 for s in range(4)]
        total = np.zeros((N, N))
        for s, one in enumerate(fits):
            for t, other in enumerate(fits):
                block = one.covariance if s == t else cross_covariance(one, other)
                total += weights[s] * weights[t] * block[:N, :N]
        expected = ELO_SCALE * np.sqrt(np.diag(total))
        np.testing.assert_allclose(panel.distinct.stderr[r], expected, rtol=1e-6)


def test_drawn_errors_have_the_joint_covariance():
    fits = [profile(seed=i).fit for i in range(2)]
    both = members(fits, [range(N)] * 2)
    found = draws(both, 20_000, seed=0)
    np.testing.assert_allclose(np.cov(found[:, 0].T), both[0].covariance, atol=0.012)
    crossed = found[:, 0].T @ found[:, 1] / len(found)
    (rows, one), (same, other) = (member.shared for member in both)
    np.testing.assert_array_equal(rows, same)
    shared = (one @ both[0].pulls).T @ (other @ both[1].pulls)
    np.testing.assert_allclose(crossed, shared, atol=0.012)
    np.testing.assert_allclose(shared, cross_covariance(*fits)[:N, :N], atol=1e-9)


def test_equal_models_are_seldom_set_apart():
    calls = 0
    for seed in range(0, 100, 5):
        found = compare([profile(seed=seed + i) for i in range(5)], n_resamples=20)
        calls += bool((found.distinct.q < found.fdr).any())
    assert calls <= 3  # of 20, at a rate of 5 %


def test_equal_models_rank_no_farther_apart_than_noise():
    tiers = compare([profile(seed=i) for i in range(8)], n_resamples=200).tiers
    assert [tier["last"] for tier in tiers][-1] == N
    spread, noise = (np.mean([tier[key] for tier in tiers]) for key in ("spread", "noise"))
    assert noise == pytest.approx(spread, rel=0.2)


def test_the_spread_of_ranks_without_noise_is_that_of_the_true_ranks():
    """Normal errors are added to known scores; nothing is fitted."""
    rng, n_models, n = np.random.default_rng(2), 8, 60
    found, true = [], []
    for _ in range(12):
        scores = rng.normal(size=n) + 0.6 * rng.normal(size=(n_models, n))
        errors = 0.45 * rng.normal(size=(101, n_models, n))
        tiers = convergence(scores + errors[0], errors[1:])
        weights = np.array([tier["last"] - tier["first"] + 1 for tier in tiers]) / n
        found.append(np.array([tier["corrected"] for tier in tiers]) @ weights)
        true.append(scipy.stats.rankdata(scores, axis=1).std(axis=0, ddof=1).mean())
    # Noise around the models' mean, which is flatter than each of them, took a tenth too much away.
    assert np.mean(found) == pytest.approx(np.mean(true), rel=0.05)


def test_shares_have_intervals_from_eight_models_on():
    axis = np.sin(np.arange(N))
    scores = [BASE + size * (axis - axis.mean()) for size in np.linspace(-1.5, 1.5, 9)]
    found = compare([profile(s, seed=i) for i, s in enumerate(scores)], n_resamples=100).components
    assert found.n_kept == 1
    assert found.low[0] <= found.shares[0] <= found.high[0]
    assert abs(np.corrcoef(found.positions[:, 0], np.arange(9))[0, 1]) > 0.9


def test_runs_of_different_traits_are_compared_on_those_they_share():
    short = profile(BASE[:8], seed=1, traits=TRAITS[:8], prefix="q")
    found = compare([profile(seed=0), short], n_resamples=20)
    assert found.traits == TRAITS[:8]
    assert found.left_out == {"r0": TRAITS[8:]}
    assert any("t08" in warning for warning in found.warnings)
    np.testing.assert_allclose(found.rating.mean(axis=1), 1000)
    assert found.tree is None


def test_json_is_plain(panel):
    value = panel.to_dict()
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert len(value["distinct"]) == 4 * N
    assert panel.table.shape == (N, 4)
    assert "4 runs" in panel._repr_html_()


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ([], "takes 2 to 1,000 runs, not 1"),
        ([{"seed": 0}], "'r0' is named twice"),
        ([{"seed": 1, "instrument": "instructed"}], "different instruments (r1: instructed, r0: revealed)"),
        ([{"seed": 1, "condition": "random"}, {"seed": 2, "condition": "feel"}], "different conditions"),
        ([{"seed": 1, "traits": tuple(f"u{i:02d}" for i in range(N))}], "0 traits in common"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(others, message):
    with pytest.raises(UsageError) as caught:
        compare([profile(seed=0), *(profile(**other) for other in others)])
    assert message in str(caught.value)


def test_a_prior_is_refused_and_other_judges_are_told():
    prior = Prior(mean=np.zeros(N), covariance=np.eye(N) - 1 / N)
    with pytest.raises(UsageError, match="made with a prior"):
        compare([profile(seed=0), profile(seed=1, prior=prior)])
    found = compare([profile(seed=0, judge="x"), profile(seed=1, judge="y")], n_resamples=20)
    assert "different judges (x, y)" in found.warnings[0]
