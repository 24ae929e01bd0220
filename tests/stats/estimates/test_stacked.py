"""Estimates stacked on shared clusters: what one table gives at once is the oracle."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import UsageError
from mien.stats import diffs
from mien.stats.estimates import Amount, Lean, Quantity, means
from mien.stats.estimates.stacked import stacked, with_mean

RNG = np.random.default_rng(4)
TABLE = {
    "prompt_id": np.repeat([f"p{n}" for n in range(9)], 3),
    "a": RNG.normal(size=27) + np.repeat(RNG.normal(size=9), 3),
    "b": np.where(np.arange(27) < 21, RNG.normal(size=27), np.nan),  # two prompts tell nothing of it
    "lean": RNG.choice([-1.0, 0.0, 1.0], size=27),
}
A, B, LEAN = Quantity("a"), Quantity("b"), Quantity("lean", Lean())


def test_parts_are_as_the_whole_and_keep_what_they_share() -> None:
    whole = means(TABLE, [A, B, LEAN], label="x")
    parts = stacked([means(TABLE, [A]), means(TABLE, [B, LEAN])], label="x")
    assert (parts.names, parts.label, parts.n_clusters) == (whole.names, "x", whole.n_clusters)
    for name in ("values", "covariance", "df", "clusters_per_quantity"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=1e-15)
    changed = diffs.diff(parts, stacked([means(TABLE | {"a": TABLE["a"] + 1}, [A]), means(TABLE, [B, LEAN])]))
    np.testing.assert_allclose(changed.delta, [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(changed.stderr[:2], 0, atol=1e-9)  # paired: nothing else differs


def test_clusters_may_differ_and_names_may_not() -> None:
    other = {"prompt_id": ["p1", "q", "r"], "c": [1.0, 2.0, 6.0]}
    found = stacked([means(TABLE, [A]), means(other, [Quantity("c", Amount())])])
    assert found.n_clusters == 11
    assert found.clusters_per_quantity.tolist() == [9, 3]
    assert found.sample.n == 30
    with pytest.raises(UsageError, match="'a' is there twice"):
        stacked([found, means(TABLE, [A])])


def test_a_mean_of_quantities_is_the_mean_of_their_mean() -> None:
    both = {"prompt_id": TABLE["prompt_id"], "a": TABLE["a"], "lean": TABLE["lean"]}
    both["half"] = (TABLE["a"] + TABLE["lean"]) / 2
    found = with_mean(means(both, [A, Quantity("lean")]), ["a", "lean"], Quantity("half"))
    alone = means(both, [Quantity("half"), A, Quantity("lean")])
    assert found.names == alone.names
    np.testing.assert_allclose(found.values, alone.values)
    np.testing.assert_allclose(found.covariance, alone.covariance)
    np.testing.assert_allclose(found.jackknife.pull(0), alone.jackknife.pull(0))
    assert found.clusters_per_quantity.tolist() == alone.clusters_per_quantity.tolist()
