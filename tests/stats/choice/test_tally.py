"""Trials counted by kind, or laid out in blocks, against the same trials laid out one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.stats import choice
from mien.stats.choice import Trials, blocks, members, tally
from mien.stats.choice.empirical_bayes import Prior
from mien.stats.choice.flat import flat_test
from mien.stats.choice.legibility import misreading
from mien.stats.choice.misclassification import corrected_fit
from mien.stats.comparisons import TIE_CODE, Comparisons
from mien.stats.profiles import reliability

ARRAYS = ("scores", "positions", "position_bias", "covariance", "bread", "noise", "expected")
NUMBERS = ("correction", "inflation", "log_likelihood", "n_trials", "n_clusters", "df")


def table(
    n_trials: int, n: int, k: int, *, seed: int = 0, n_prompts: int = 23, tied: float = 0.0, raters: int = 0
) -> Comparisons:
    """Uneven: some options and prompts come far more often, and some trials end without a choice."""
    rng = np.random.default_rng(seed)
    often = rng.gumbel(size=(n_trials, n)) + np.linspace(0, 1.5, n)
    options = np.argsort(-often, axis=1)[:, :k]
    utilities = np.linspace(-1, 1, n)[options] + rng.gumbel(size=options.shape)
    utilities[:, 0] += 0.5
    chosen = utilities.argmax(axis=1)
    chosen[rng.random(n_trials) < tied] = TIE_CODE
    chosen[rng.random(n_trials) < 0.1] = rng.choice([-1, -2, -3])
    return Comparisons(
        traits=tuple(f"t{i:02d}" for i in range(n)),
        options=options.astype(np.uint16),
        chosen=chosen.astype(np.int8),
        cluster=(n_prompts * rng.random(n_trials) ** 2).astype(np.int32),
        clusters=tuple(f"p{i:02d}" for i in range(n_prompts)),
        rater=rng.integers(raters, size=n_trials).astype(np.int32) if raters else None,
        raters=tuple(f"r{i}" for i in range(raters)),
    )


@pytest.fixture(autouse=True)
def many_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MANY", 1)
    monkeypatch.setattr(tally, "CHUNK", 97)
    monkeypatch.setattr(members, "AT_A_TIME", 150)
    monkeypatch.setattr(blocks, "BLOCK", 61)


def close(found: float | None, twin: float | None) -> bool:
    return found is twin if found is None or twin is None else found == pytest.approx(twin, rel=1e-9)


def assert_alike(found: choice.ChoiceFit, twin: choice.ChoiceFit) -> None:
    for name in ARRAYS:
        np.testing.assert_allclose(getattr(found, name), getattr(twin, name), rtol=1e-9, atol=1e-12)
    for name in NUMBERS:
        assert getattr(found, name) == pytest.approx(getattr(twin, name), rel=1e-9), name
    assert close(found.nu, twin.nu)
    np.testing.assert_array_equal(found.clusters, twin.clusters)
    np.testing.assert_allclose(found.gradients.toarray(), twin.gradients.toarray(), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(found.clusters_per_item, twin.clusters_per_item)


CASES = {
    "pairs": (table(400, 5, 2), {}),
    "pairs, ties as half": (table(400, 5, 2, tied=0.2), {"ties": "half"}),
    "pairs, ties dropped": (table(400, 5, 2, tied=0.2), {"ties": "drop"}),
    "pairs, Davidson's ties": (table(400, 5, 2, tied=0.2), {"ties": "davidson"}),
    "pairs, raters cross prompts": (table(400, 5, 2, raters=8), {}),
    "pairs, two raters": (table(400, 5, 2, raters=2), {}),
    "pairs, a trial a prompt": (table(400, 5, 2, n_prompts=4000), {}),
    "three options, counted": (table(1100, 5, 3, tied=0.1), {}),
    "three options, in blocks": (table(300, 9, 3, tied=0.1), {}),
    "four options, ties dropped": (table(300, 9, 4, tied=0.1), {"ties": "drop"}),
    "five options, a trial a prompt": (table(300, 9, 5, n_prompts=4000), {}),
    "five options, three prompts": (table(300, 9, 5, n_prompts=3), {}),
    "pairs of many, laid out": (table(300, 30, 2, tied=0.1), {"ties": "davidson"}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_tally_is_fitted_as_its_trials_are(name: str) -> None:
    comparisons, ties = CASES[name]
    counted, twin = tally.tally(comparisons, **ties), Trials.decided(comparisons, **ties)
    assert_alike(choice.fit(counted), choice.fit(twin))
    tests = [flat_test(trials, seed=3) for trials in (counted, twin)]
    assert close(tests[0].statistic, tests[1].statistic)
    assert tests[0].p == tests[1].p
    assert close(*(reliability.split_half(trials, seed=5) for trials in (counted, twin)))


def test_alike_trials_of_pairs_are_counted_and_those_of_many_options_are_not_laid_out() -> None:
    pairs, many = tally.tally(CASES["pairs"][0]), tally.tally(CASES["three options, in blocks"][0])
    assert pairs.n_trials <= 5 * 4 * 2 < pairs.n_counted == np.count_nonzero(CASES["pairs"][0].chosen >= 0)
    assert many.pairs == ()
    with pytest.raises(TypeError, match="may be in many clusters"):
        pairs.clustered()
    with pytest.raises(TypeError, match="those of some clusters"):
        pairs.only(pairs.weights > 1)


def test_a_tally_is_fitted_under_a_prior_as_its_trials_are() -> None:
    comparisons = CASES["pairs"][0]
    mean = np.array([0.4, -0.2, -0.3, 0.1, 0.0])
    prior = Prior(mean=mean, covariance=0.3 * (np.eye(5) - 1 / 5), runs=("a",))
    counted, twin = (
        choice.fit(trials, prior=prior) for trials in (tally.tally(comparisons), Trials.decided(comparisons))
    )
    assert_alike(counted, twin)


def test_a_judges_errors_are_taken_out_of_a_tally_as_of_its_trials() -> None:
    comparisons, told = CASES["pairs"][0], table(600, 5, 2, seed=9)
    judge = misreading(told.options, np.where(np.arange(600) % 7 == 0, 1, 0), 5)
    counted, twin = tally.tally(comparisons), Trials.decided(comparisons)
    assert_alike(corrected_fit(counted, judge), corrected_fit(twin, judge))
    assert flat_test(counted, judge=judge).p == flat_test(twin, judge=judge).p


def test_what_is_out_of_range_is_refused() -> None:
    comparisons = table(400, 5, 2)
    comparisons.options[7] = 5
    with pytest.raises(ValueError, match="options must lie"):
        tally.tally(comparisons)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(3, 5),
    st.integers(2, 3),
    st.integers(1, 40),
    st.sampled_from(["half", "drop"]),
    st.integers(0, 2**16),
)
def test_whatever_the_trials_the_tally_has_their_likelihood(n, k, n_prompts, ties, seed) -> None:
    rng = np.random.default_rng(seed)
    comparisons = table(int(rng.integers(60, 500)), n, k, seed=seed, n_prompts=n_prompts, tied=0.2)
    counted, twin = tally.tally(comparisons, ties=ties), Trials.decided(comparisons, ties=ties)
    params = rng.normal(size=n + k)
    found, expected = choice.likelihood_of(counted), choice.likelihood_of(twin)
    (value, p), (known, q) = found.log_likelihood(params), expected.log_likelihood(params)
    assert value == pytest.approx(known, rel=1e-10)
    np.testing.assert_allclose(found.gradient(p), expected.gradient(q), atol=1e-9)
    np.testing.assert_allclose(found.information(p), expected.information(q), atol=1e-9)
    np.testing.assert_allclose(found.dispersion(p)[1], expected.dispersion(q)[1], rtol=1e-9)
    bread = np.eye(n + k)
    np.testing.assert_allclose(found.skewness(p, bread), expected.skewness(q, bread), atol=1e-9)
    (labels, rows), (names, same) = found.gradients_by_cluster(p), expected.gradients_by_cluster(q)
    np.testing.assert_array_equal(labels, names)
    np.testing.assert_allclose(rows.toarray(), same.toarray(), atol=1e-10)
