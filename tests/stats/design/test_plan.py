from __future__ import annotations

import numpy as np
import pytest

from mien.errors import UnknownName, UsageError
from mien.stats.design.plan import plan
from mien.stats.diffs import diff
from mien.stats.estimates import Amount, Quantity, Share, means

QUANTITIES = [Quantity("length", Amount("tokens")), Quantity("apology", Share())]


def counted(n_prompts, *, seed, longer=0.0, prefix="p"):
    rng, prompt = np.random.default_rng(seed), np.repeat(np.arange(n_prompts), 3)
    own = rng.normal(scale=40, size=n_prompts)[prompt]
    table = {
        "prompt_id": np.char.add(prefix, prompt.astype(str)),
        "length": 300 + longer + own + rng.normal(scale=30, size=len(prompt)),
        "apology": rng.random(len(prompt)) < 0.2,
    }
    return means(table, QUANTITIES)


def test_a_sample_as_long_as_planned_finds_the_change():
    (row,) = plan(counted(400, seed=0), {"length": 15.0})
    assert (row["quantity"], row["by"]) == ("length", "prompt")
    # Two samples of n need 160 by the normal law; one of them has 400 here.
    assert 85 < row["needed"] < 130
    assert row["smallest"] < 15
    n = row["needed"]
    found = [
        diff(counted(400, seed=s), counted(n, seed=s + 900, longer=15.0, prefix="q")).changed[0]
        for s in range(1, 81)
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.12)


def test_larger_changes_and_less_power_need_fewer():
    before = counted(150, seed=0)
    lengths = [plan(before, {"length": change})[0]["needed"] for change in (10.0, 20.0, 40.0)]
    assert lengths == sorted(lengths, reverse=True)
    assert plan(before, {"length": 10.0}, power=0.5)[0]["needed"] < lengths[0]
    assert [row["quantity"] for row in plan(before, {"apology": 0.1, "length": 5.0})] == ["apology", "length"]


@pytest.mark.parametrize(
    ("changes", "settings", "problem"),
    [
        ({"lenght": 5.0}, {}, "no quantity named 'lenght'; did you mean length"),
        ({"length": 0.0}, {}, "a change of length is a number of tokens above 0"),
        ({"length": 1e-9}, {}, "no sample is long enough to find a change of length by 1e-09"),
        ({"length": 5.0}, {"power": 1.0}, "power lies between 0.025"),
    ],
)
def test_what_cannot_be_planned(changes, settings, problem):
    with pytest.raises((UsageError, UnknownName), match=problem):
        plan(counted(40, seed=0), changes, **settings)
