from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from mien.stats.diffs.adjustment import adjusted
from mien.stats.estimates import Amount, Quantity, Share

MARKS, ASKS, LENGTH = Quantity("marks", Amount()), Quantity("asks", Share()), Quantity("length", Amount())


def responses(
    rng: np.random.Generator, run: int, n: int = 60, *, first: int = 0, change: float = 0.0, asked: int = 1
) -> pd.DataFrame:
    """What a prompt asks for, and how long the answer is, both move the marks; the second run writes more."""
    prompts = np.arange(first, first + n)
    own = np.random.default_rng(asked).normal(size=120)[prompts]
    length = 4 + 0.3 * own + 0.5 * run + 0.4 * rng.normal(size=n)
    noise = rng.normal(size=n) * np.exp(0.5 * own)
    marks = 30 + 2 * length + own + change * run + noise
    asks = (rng.random(n) < 0.3).astype(float)
    ids = [f"p{i}" for i in prompts]
    return pd.DataFrame({"prompt_id": ids, "length": length, "marks": marks, "asks": asks})


def test_differences_by_prompt_are_regressed_on_those_of_what_is_held():
    """The oracle is statsmodels' regression and its HC3."""
    rng = np.random.default_rng(2)
    before, after = responses(rng, 0), responses(rng, 1, change=1.0)
    marks, asks = adjusted(before, after, [MARKS, LENGTH, ASKS], held="length")
    assert (marks.quantity, asks.quantity) == (MARKS, ASKS)  # what is held is left out
    columns = sm.add_constant((after["length"] - before["length"]).to_numpy())
    oracle = sm.OLS((after["marks"] - before["marks"]).to_numpy(), columns).fit(cov_type="HC3", use_t=True)
    low, high = oracle.conf_int()[0]
    assert (marks.delta, marks.low, marks.high) == pytest.approx((oracle.params[0], low, high))
    assert marks.p == pytest.approx(oracle.pvalues[0])
    assert (marks.q, asks.q) == pytest.approx((min(2 * marks.p, asks.p), asks.p))


def test_what_follows_from_length_cancels_and_what_does_not_is_covered():
    rng = np.random.default_rng(4)
    covered = 0
    for asked in range(400):
        before = responses(rng, 0, asked=asked)
        after = responses(rng, 1, change=1.0, asked=asked)
        (marks,) = adjusted(before, after, [MARKS], held="length")
        covered += marks.low <= 1 <= marks.high
    assert 0.93 * 400 <= covered <= 0.97 * 400


def test_what_cannot_be_told_is_left_out():
    rng = np.random.default_rng(5)
    before, after = responses(rng, 0), responses(rng, 1)
    never = before.assign(asks=0.0), after.assign(asks=0.0)
    assert [one.quantity.name for one in adjusted(*never, [MARKS, ASKS], held="length")] == ["marks"]
    same = after.assign(length=before["length"])  # nothing moved that could be held
    assert adjusted(before, same, [MARKS], held="length") == []
    unknown = after.assign(marks=np.nan)
    assert adjusted(before, unknown, [MARKS], held="length") == []
    few = before[:9], after[:9]
    assert adjusted(*few, [MARKS], held="length") == []


def test_of_prompts_that_are_not_shared_nothing_is_told():
    """What they ask for moves length and marks alike, which no regression on length takes out."""
    rng = np.random.default_rng(6)
    before, after = responses(rng, 0), responses(rng, 1, first=60)
    assert adjusted(before, after, [MARKS], held="length") == []
