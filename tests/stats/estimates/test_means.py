from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import NotIdentified, UsageError
from mien.stats.diffs import diff
from mien.stats.estimates import Amount, Lean, Quantity, Share, Unit, means
from mien.stats.estimates.means import ratio_of

LENGTH, APOLOGY = Quantity("length", Amount("tokens"), more="worse"), Quantity("apology", Share())


def responses(seed: int, n_prompts: int = 12, *, first: int = 0) -> pd.DataFrame:
    """Few prompts have most of the responses, which hang together within a prompt."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 9, size=n_prompts)
    prompt = np.repeat(np.arange(n_prompts), counts)
    own = np.random.default_rng(5).normal(size=60)[first : first + n_prompts]
    length = np.exp(4 + 0.5 * own[prompt] + 0.4 * rng.normal(size=len(prompt)))
    apology = rng.random(len(prompt)) < 1 / (1 + np.exp(-own[prompt]))
    ids = [f"p{first + i:02d}" for i in prompt]
    return pd.DataFrame({"prompt_id": ids, "length": length, "apology": apology})


def weighted(table: pd.DataFrame) -> np.ndarray:
    """So that each prompt counts once."""
    return 1 / table.groupby("prompt_id")["length"].transform("size").to_numpy()


def test_they_are_weighted_least_squares_with_clustered_errors():
    """The oracle is statsmodels' cluster-robust regression on a constant."""
    table = responses(1)
    found = means(table, [LENGTH])
    codes = table["prompt_id"].astype("category").cat.codes
    oracle = sm.WLS(table["length"], np.ones(len(table)), weights=weighted(table)).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "df_correction": True}, use_t=True
    )
    assert found.values[0] == pytest.approx(oracle.params.iloc[0])
    # statsmodels' factor has (N − 1)/(N − k), which is 1 for a constant.
    assert found.stderr[0] == pytest.approx(oracle.bse.iloc[0])
    assert 6 < found.df[0] <= oracle.df_resid_inference == 11  # fewer, where few prompts carry the variance


@pytest.mark.parametrize("first", [0, 5, 30])
def test_a_change_is_that_of_a_regression_on_both_samples(first):
    """Samples that share all prompts, some, or none, stacked, the second marked, clustered by prompt."""
    before, after = responses(1), responses(2, first=first)
    a, b = means(before, [LENGTH]), means(after, [LENGTH])
    found = diff(a, b)
    both = pd.concat([before, after], ignore_index=True)
    marks = np.column_stack([np.ones(len(both)), np.repeat([0.0, 1.0], [len(before), len(after)])])
    codes = both["prompt_id"].astype("category").cat.codes
    oracle = sm.WLS(both["length"], marks, weights=np.concatenate([weighted(before), weighted(after)])).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "use_correction": False}
    )
    assert found.delta[0] == pytest.approx(oracle.params.iloc[1])
    # Both have 12 prompts, and with them one factor C/(C − 1).
    assert found.stderr[0] == pytest.approx(oracle.bse.iloc[1] * np.sqrt(12 / 11))
    assert found.paired == max(12 - first, 0)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_pulls_and_variance_are_those_of_leaving_each_prompt_out(seed):
    """The twin computes each mean anew without each prompt, and the jackknife's variance from these."""
    table = responses(seed)
    found = means(table, [LENGTH, APOLOGY])
    for item, name in enumerate(("length", "apology")):
        own = table.groupby("prompt_id")[name].mean()
        without = np.array([own.drop(prompt).mean() for prompt in found.jackknife.clusters])
        np.testing.assert_allclose(found.jackknife.pull(item), own.mean() - without, atol=1e-12)
        n = len(own)
        variance = (n - 1) / n * np.sum((without - own.mean()) ** 2)
        unseen = found.jackknife.unseen[0, item]
        assert found.covariance[item, item] == pytest.approx(variance + unseen**2)
        assert (unseen == 0) == (name == "length")
    left = found.leave_out("p03")
    np.testing.assert_allclose(
        left.values, means(table[table["prompt_id"] != "p03"], [LENGTH, APOLOGY]).values
    )


def test_responses_to_one_prompt_are_no_further_evidence():
    table = responses(1)
    once, thrice = means(table, [LENGTH]), means(pd.concat([table] * 3), [LENGTH])
    np.testing.assert_allclose([thrice.values, thrice.stderr], [once.values, once.stderr])
    assert thrice.sample.n == 3 * once.sample.n


def test_a_number_that_a_response_lacks_is_left_out():
    table = responses(1)
    table.loc[table["prompt_id"].isin(["p00", "p01"]), "length"] = np.nan
    found = means(table, [LENGTH, APOLOGY])
    alone = means(table.dropna(), [LENGTH])
    assert (found.values[0], found.stderr[0]) == (alone.values[0], alone.stderr[0])
    assert found.df[0] == pytest.approx(alone.df[0])
    assert found.clusters_per_quantity[0] == 10
    assert found.clusters_per_quantity.tolist() == [10, 12]


def rates(hits: int, n_prompts: int = 40, each: int = 1) -> pd.DataFrame:
    prompt = np.repeat(np.arange(n_prompts), each)
    return pd.DataFrame({"prompt_id": prompt, "apology": np.arange(len(prompt)) < hits})


@pytest.mark.parametrize("hits", [0, 40])
def test_a_rate_of_none_or_all_is_not_known_for_certain(hits):
    found = means(rates(hits), [APOLOGY])
    low, high = (float(end[0]) for end in found.intervals())
    assert (low, high) == pytest.approx((0, 0.093) if hits == 0 else (0.907, 1), abs=1e-3)
    change = diff(found, found)
    assert change.low[0] < -0.05
    assert change.high[0] > 0.05
    assert not change.changed.any()
    assert diff(found, found, margin=0.02).changes[0].finding == "undecided"


def test_a_few_hits_decide_nothing_and_many_do():
    none = means(rates(0), [APOLOGY])
    assert not diff(none, means(rates(3), [APOLOGY])).changed.any()
    assert diff(none, means(rates(20), [APOLOGY])).changed.all()


@pytest.mark.parametrize("n", [20, 84])
def test_a_difference_of_which_nothing_is_seen_is_not_known_to_be_0(n):
    """Bonett and Price's interval of paired shares, which adds a pair that differs in either direction."""
    table = {"prompt_id": np.arange(n), "x": np.zeros(n)}
    low, high = means(table, [Quantity("x", Lean())]).intervals()
    theirs = 1.96 * np.sqrt(2 / (n + 2)) / np.sqrt(n + 2)
    assert -low[0] == high[0] == pytest.approx(theirs, rel=0.2)


def test_one_hit_more_is_what_is_unseen():
    """With x hits of one response each, the variance is that of x + 1, nearly."""
    for hits in (1, 2, 5):
        found = means(rates(hits, n_prompts=2000), [APOLOGY])
        assert found.covariance[0, 0] == pytest.approx((hits + 1) / 2000**2, rel=0.01)
    assert means(rates(20), [APOLOGY]).jackknife.unseen[0, 0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"prompt_id": [1, 2], "length": [3, -1], "apology": [0, 1]}, "'length': an amount is 0 or more"),
        (
            {"prompt_id": [1, 2], "length": [3, 1], "apology": [0, 2]},
            "'apology': a share lies between 0 and 1",
        ),
        ({"prompt_id": [1, 2], "length": [3, np.inf], "apology": [0, 1]}, "an amount is 0 or more"),
        ({"prompt_id": [1, 2], "length": [3, 1]}, "no column 'apology'"),
        ({"prompt_id": [1, 2], "length": [3, 1], "apology": [1]}, "'apology' has 1 rows, and the prompts 2"),
        ({"prompt_id": ["a", None], "length": [3, 1], "apology": [0, 1]}, "row 2 has no 'prompt_id'"),
        ({"prompt_id": ["a", "b"], "length": ["long", 1], "apology": [0, 1]}, "something that is no number"),
        ({"prompt_id": [], "length": [], "apology": []}, "0 responses and 2 quantities"),
    ],
)
def test_what_has_no_mean_is_refused(table, problem):
    with pytest.raises(UsageError, match=problem):
        means(table, [LENGTH, APOLOGY])


def test_one_prompt_tells_nothing_of_how_prompts_vary():
    with pytest.raises(NotIdentified, match="numbers for 1 of 1 prompts"):
        means({"prompt_id": ["a", "a"], "length": [1, 2]}, [LENGTH])


def test_intervals_and_tests_hold_what_they_promise():
    """Two samples of twenty prompts, of skewed lengths and a rate of a tenth, with the same truth."""
    held, called = [], []
    rng = np.random.default_rng(0)
    for _ in range(250):
        tables = []
        log, odds = rng.normal(scale=0.5, size=20), rng.normal(scale=1.0, size=20)
        for _ in range(2):
            prompt = np.repeat(np.arange(20), rng.integers(1, 6, size=20))
            tables.append(
                {
                    "prompt_id": prompt,
                    "length": np.exp(log[prompt] + 0.4 * rng.normal(size=len(prompt))),
                    "apology": rng.random(len(prompt)) < 1 / (1 + np.exp(2.6 - odds[prompt])),
                    "depth": rng.normal(size=len(prompt)),
                }
            )
        found = diff(*(means(table, [LENGTH, APOLOGY, Quantity("depth", Unit())]) for table in tables))
        held.append((found.low <= 0) & (found.high >= 0))
        called.append(found.changed.any())
    assert (np.mean(held, axis=0) > 0.92).all()
    assert np.mean(called) < 0.08


def test_a_ratio_is_pulled_as_by_leaving_each_prompt_out():
    rng = np.random.default_rng(2)
    below = rng.uniform(0.5, 1.5, 400)
    above = 0.4 * below + rng.normal(scale=0.1, size=400)
    above[7] = np.nan
    found = ratio_of(above, below)
    kept = np.delete(np.arange(400), 7)
    assert found.value == pytest.approx(above[kept].sum() / below[kept].sum())
    left = np.array([above[kept[kept != i]].sum() / below[kept[kept != i]].sum() for i in kept])
    pulls = found.deviations[kept] / (len(kept) - 1)
    assert np.allclose(pulls, found.value - left, atol=1e-5)
    assert np.isnan(found.deviations[7])
    assert np.nansum(found.deviations) == pytest.approx(0, abs=1e-9)
    with pytest.raises(NotIdentified, match="numbers for 1 prompts"):
        ratio_of(np.array([1.0, np.nan]), np.array([1.0, 1.0]))
    with pytest.raises(NotIdentified, match="together have 0 to divide by"):
        ratio_of(np.zeros(3), np.zeros(3))
