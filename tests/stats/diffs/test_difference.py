from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from mien.errors import UsageError
from mien.stats.choice.empirical_bayes import Prior
from mien.stats.comparisons import Comparisons
from mien.stats.diffs import diff
from mien.stats.profiles import Provenance, rate

N = 16
SCORES = np.linspace(1.2, -1.2, N)


def profile(scores=SCORES, *, seed, trials=0, n_trials=800, prefix="p", **metadata):
    """``trials`` seeds what is shown, ``seed`` what is chosen, so that runs can share their trials."""
    shared, rng = np.random.default_rng(trials), np.random.default_rng([seed, 1])
    options = np.argsort(shared.random((n_trials, N)), axis=1)[:, :2]
    cluster = shared.integers(100, size=n_trials)
    chosen = (scores[options] + rng.gumbel(size=(n_trials, 2))).argmax(axis=1)
    comparisons = Comparisons(
        traits=tuple(f"t{i:02d}" for i in range(N)),
        options=options.astype(np.int32),
        chosen=chosen.astype(np.int32),
        cluster=cluster.astype(np.int32),
        clusters=tuple(f"{prefix}{i}" for i in range(100)),
    )
    known = {name: metadata.pop(name) for name in ("run", "model") if name in metadata}
    return rate(comparisons, Provenance(**known), **metadata)


def test_delta_and_its_covariance_follow_their_definition():
    a, b = profile(seed=1), profile(seed=2)
    found = diff(a, b)
    np.testing.assert_allclose(found.delta, b.rating - a.rating)
    rows = {label: i for i, label in enumerate(b.fit.clusters)}
    meat = np.zeros((N + 2, N + 2))
    for i, label in enumerate(a.fit.clusters):
        meat += np.outer(a.fit.gradients[[i]].toarray(), b.fit.gradients[[rows[label]]].toarray())
    cross = math.sqrt(a.fit.correction * b.fit.correction) * a.fit.bread @ meat @ b.fit.bread
    covariance = (a.fit.covariance + b.fit.covariance - cross - cross.T)[:N, :N]
    np.testing.assert_allclose(found.stderr, 400 / math.log(10) * np.sqrt(np.diag(covariance)))
    t = np.abs(found.delta) / found.stderr
    shown = np.array([[len(set(p.fit.gradients[:, [i]].tocoo().row)) for i in range(N)] for p in (a, b)])
    variances = np.array([np.diag(p.fit.covariance)[:N] for p in (a, b)])
    df = variances.sum(axis=0) ** 2 / (variances**2 / (shown - 1)).sum(axis=0)
    pulls = np.array(
        [
            math.sqrt(b.fit.correction) * b.fit.bread @ b.fit.gradients[[rows[label]]].toarray()[0]
            - math.sqrt(a.fit.correction) * a.fit.bread @ a.fit.gradients[[i]].toarray()[0]
            for i, label in enumerate(a.fit.clusters)
        ]
    )[:, :N]
    df = np.minimum(df, 3 * (pulls**2).sum(axis=0) ** 2 / (pulls**4).sum(axis=0) - 1)
    np.testing.assert_allclose(found.p, 2 * scipy.stats.t.sf(t, df))
    margin = scipy.stats.t.ppf(0.975, df) * found.stderr
    np.testing.assert_allclose([found.low, found.high], [found.delta - margin, found.delta + margin])
    np.testing.assert_allclose(found.q, multipletests(found.p, method="fdr_bh")[1])
    change = b.fit.scores - a.fit.scores
    working = (a.fit.bread + b.fit.bread)[:N, :N]
    assert found.omnibus["chi2"] == pytest.approx(change @ np.linalg.pinv(working) @ change)
    assert found.rms == pytest.approx(np.sqrt(np.mean(found.delta**2)))
    assert found.rms_null == pytest.approx(np.sqrt(np.mean(found.stderr**2)))


def test_pairing_counts_and_uses_shared_prompts():
    a = profile(seed=1)
    assert diff(a, profile(seed=2)).paired == 100
    stranger = profile(seed=2, prefix="q")
    apart = diff(a, stranger)
    assert apart.paired == 0
    expected = np.sqrt(a.stderr**2 + stranger.stderr**2)
    np.testing.assert_allclose(apart.stderr, expected)
    # The very same answers, on prompts known to be shared, differ by next to nothing.
    assert diff(a, profile(seed=1)).rms_null < 0.5 * diff(a, profile(seed=1, prefix="q")).rms_null


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_exchanging_the_profiles_flips_the_sign_alone(seed):
    a, b = profile(seed=seed), profile(seed=seed + 1, n_trials=500)
    there, back = diff(a, b), diff(b, a)
    np.testing.assert_allclose(back.delta, -there.delta)
    np.testing.assert_allclose(back.low, -there.high)
    np.testing.assert_allclose(back.q, there.q)
    assert back.omnibus["p"] == pytest.approx(there.omnibus["p"])
    assert back.correlation == pytest.approx(there.correlation)


def test_finds_the_traits_that_moved():
    moved = SCORES.copy()
    moved[3] += 2.0
    moved[12] -= 2.0
    found = diff(profile(seed=1, n_trials=3000), profile(moved, seed=2, n_trials=3000))
    assert {row["trait"] for row in found.rows[:2]} == {"t03", "t12"}
    assert all(row["changed"] for row in found.rows[:2])
    assert found.omnibus["p"] == 1 / 2000
    assert found.rms > 2 * found.rms_null


@pytest.mark.parametrize("prefix", ["p", "q"])
def test_nothing_changed_is_called_changed_at_most_as_often_as_promised(prefix):
    found = [diff(profile(seed=s), profile(seed=s + 500, prefix=prefix)) for s in range(60)]
    assert np.mean([d.changed.any() for d in found]) <= 0.15
    assert 0.02 < np.mean([d.p < 0.05 for d in found]) < 0.09
    assert np.mean([d.omnibus["p"] < 0.05 for d in found]) <= 0.15
    assert 0.85 < np.mean([d.rms / d.rms_null for d in found]) < 1.15
    assert np.mean([d.size["low"] == 0 for d in found]) > 0.92
    assert np.median([d.size["rms"] for d in found]) < 20


def test_correlation_has_bonett_and_wrights_interval():
    a, b = profile(seed=1), profile(seed=2)
    found = diff(a, b, confidence_level=0.9).correlation
    rho = scipy.stats.spearmanr(a.rating, b.rating).statistic
    half = scipy.stats.norm.ppf(0.95) * math.sqrt((1 + rho**2 / 2) / (N - 3))
    assert found["spearman"] == pytest.approx(rho)
    assert found["low"] == pytest.approx(math.tanh(math.atanh(rho) - half))
    assert found["high"] == pytest.approx(math.tanh(math.atanh(rho) + half))
    reliabilities = a.reliability["model_based"] * b.reliability["model_based"]
    assert found["disattenuated"] == pytest.approx(min(rho / math.sqrt(reliabilities), 1))


def test_correlation_with_itself_is_one():
    a = profile(seed=1)
    assert diff(a, a).correlation["high"] == pytest.approx(1)
    assert not diff(a, a).changed.any()


def test_corrected_correlation_has_its_ends_corrected_alike():
    a, b = profile(seed=1), profile(seed=2)
    found = diff(a, b).correlation
    attenuation = math.sqrt(a.reliability["model_based"] * b.reliability["model_based"])
    for name in ("low", "high"):
        assert found[f"disattenuated_{name}"] == pytest.approx(min(found[name] / attenuation, 1))


@pytest.mark.parametrize("planted", [0.5, 1.0])
def test_corrected_correlation_holds_the_true_one(planted):
    """Two characters whose true scores correlate by so much, measured on prompts of their own."""
    rng, hits, estimates = np.random.default_rng(5), [], []
    for r in range(25):
        first = rng.normal(size=N)
        second = planted * first + math.sqrt(1 - planted**2) * rng.normal(size=N)
        true = scipy.stats.spearmanr(first, second).statistic
        found = diff(
            profile(first, seed=r, n_trials=400), profile(second, seed=r + 900, n_trials=400, prefix="q")
        ).correlation
        hits.append(found["disattenuated_low"] <= true <= found["disattenuated_high"])
        estimates.append(found["disattenuated"] - true)
    assert np.mean(hits) > 0.9
    assert abs(np.mean(estimates)) < 0.06


def test_size_leaves_the_noise_out():
    moved = SCORES + np.where(np.arange(N) % 2, 0.4, -0.4)
    true = 0.4 * 400 / math.log(10)
    found = [
        diff(profile(seed=s, n_trials=1200), profile(moved, seed=s + 500, n_trials=1200)) for s in range(25)
    ]
    assert np.mean([d.size["rms"] ** 2 for d in found]) == pytest.approx(true**2, rel=0.12)
    assert np.mean([d.rms for d in found]) > 1.1 * true
    assert np.mean([d.size["low"] <= true <= d.size["high"] for d in found]) > 0.88
    assert all(d.size["low"] <= d.size["rms"] <= d.size["high"] for d in found)


def test_margin_tells_unchanged_from_undecided():
    moved = SCORES.copy()
    moved[3] += 2.0
    found = diff(profile(seed=1, n_trials=6000), profile(moved, seed=2, n_trials=6000), margin=100)
    rows = {row["trait"]: row for row in found.rows}
    for row in rows.values():
        inside = row["low"] > -100 and row["high"] < 100
        assert (row["finding"] == "unchanged") == inside
        assert (row["finding"] == "changed") == row["changed"] == (row["q"] < 0.05 and not inside)
        assert (row["rounds"] is not None) == (row["finding"] == "undecided")
    assert rows["t03"]["finding"] == "changed"
    counts = found.equivalence
    assert counts["changed"] + counts["unchanged"] + counts["undecided"] == N
    assert counts["unchanged"] > N / 2
    assert counts["rounds"] == 6000 * 2 / N
    strict = diff(found.before, found.after, margin=20).equivalence
    assert strict["unchanged"] == 0
    assert strict["rounds_needed"] > 4 * strict["rounds"]
    never = diff(found.before, found.after, margin=20, fdr=0.0).equivalence
    assert (never["changed"], never["undecided"], never["rounds_needed"]) == (0, N, None)
    # A change that is there, and known to be within the margin, does not count as one.
    assert not diff(found.before, found.after, margin=2000).changed.any()


def test_nothing_is_undecided_after_the_rounds_needed():
    short = diff(profile(seed=1, n_trials=400), profile(seed=2, n_trials=400), margin=150)
    counts = short.equivalence
    assert counts["undecided"] > N / 2
    n_trials = counts["rounds_needed"] * N // 2
    longer = [
        diff(profile(seed=s, n_trials=n_trials), profile(seed=s + 50, n_trials=n_trials), margin=150)
        for s in range(3)
    ]
    assert sum(d.equivalence["undecided"] for d in longer) <= 1
    assert longer[0].equivalence["rounds"] == counts["rounds_needed"]


@pytest.mark.parametrize("margin", [0, -5, math.nan, math.inf])
def test_margins_that_are_none(margin):
    with pytest.raises(UsageError, match="a margin is a number of rating points above 0"):
        diff(profile(seed=1), profile(seed=2), margin=margin)


def test_an_unreliable_profile_has_no_corrected_correlation():
    a = profile(seed=1)
    noise = replace(a, reliability={"model_based": -0.2, "split_half": None})
    found = diff(a, noise).correlation
    assert found["disattenuated"] is found["disattenuated_low"] is found["disattenuated_high"] is None


def test_json_keys_are_the_documented_ones():
    record = diff(profile(seed=1, run="old"), profile(seed=2, model="new")).to_dict()
    assert list(record) == [
        *("a", "b", "traits", "omnibus", "rms", "rms_null", "size", "correlation", "equivalence", "pairing"),
        *("paired", "prompts", "complete", "missing", "endings", "warnings", "fdr", "confidence_level"),
    ]
    assert (record["a"], record["b"]) == ("old", "new")
    assert list(record["traits"][0]) == [
        *("trait", "delta", "low", "high", "stderr", "p", "q", "changed", "finding", "rounds"),
    ]
    assert list(record["omnibus"]) == ["chi2", "df", "p"]
    assert list(record["size"]) == ["rms", "low", "high"]
    assert record["equivalence"] is record["traits"][0]["finding"] is record["traits"][0]["rounds"] is None
    assert record["prompts"] == {"a": 100, "b": 100, "shared": record["paired"]}
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    record = diff(profile(seed=1), profile(seed=2, prefix="q"), margin=100).to_dict()
    assert (record["pairing"], record["paired"]) == ("unpaired", 0)
    assert list(record["equivalence"]) == [
        *("margin", "changed", "unchanged", "undecided", "rounds", "rounds_needed"),
    ]
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_tables_go_by_size_of_change():
    found = diff(profile(seed=1), profile(seed=2, run="<b>"))
    assert list(found.table["delta"].abs()) == sorted(np.abs(found.delta), reverse=True)
    assert "&lt;b&gt;" in found._repr_html_()


def test_a_profile_with_a_prior_is_refused():
    prior = Prior(mean=np.zeros(N), covariance=np.eye(N) - 1 / N)
    with pytest.raises(UsageError, match=r"profile of old was made with a prior.*flat prior"):
        diff(profile(seed=1, run="old", prior=prior), profile(seed=2))


def test_different_traits_are_named():
    a = profile(seed=1, run="old")
    b = replace(a, provenance=Provenance(run="new"), traits=(*a.traits[:-1], "zany"))
    with pytest.raises(UsageError, match=r"only in old: t15; only in new: zany"):
        diff(a, b)


def test_short_runs_of_extremes_are_not_called_changed_as_a_whole():
    """Traits chosen always or never show next to no noise: the omnibus test rejected 56 % of such nulls."""
    rejected = []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        options = np.argsort(rng.random((9, 120)), axis=1).reshape(-1, 2)
        scores = 2 * rng.normal(size=120)
        a, b = (
            rate(
                Comparisons(
                    traits=tuple(f"t{i:03}" for i in range(120)),
                    options=options.astype(np.int32),
                    chosen=(scores[options] + rng.gumbel(size=options.shape)).argmax(axis=1).astype(np.int32),
                    cluster=np.arange(540, dtype=np.int32),
                    clusters=tuple(f"p{i}" for i in range(540)),
                )
            )
            for _ in range(2)
        )
        rejected.append(diff(a, b).omnibus["p"] < 0.05)
    assert np.mean(rejected) <= 0.08
