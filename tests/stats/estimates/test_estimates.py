from __future__ import annotations

import numpy as np
import pytest

from mien.stats.estimates import Amount, Quantity, Share, means
from tests.stats.diffs.test_gates import SCORES, TRAITS, profile

RATES = [Quantity(name, Share()) for name in ("a", "b", "c")]


@pytest.fixture(scope="module")
def rates():
    rng = np.random.default_rng(0)
    prompt = np.repeat(np.arange(50), 4)
    table = {name: rng.random(200) < rate for name, rate in (("a", 0.1), ("b", 0.5), ("c", 0.8))}
    return means(table | {"prompt_id": prompt}, RATES, label="m")


def test_a_profile_gives_its_ratings():
    rated = profile(SCORES, seed=1, run="old")
    found = rated.estimates
    assert (found.label, found.names, found.noun) == ("old", TRAITS, "trait")
    np.testing.assert_allclose(1000 + found.values, rated.rating)
    np.testing.assert_allclose(found.stderr, rated.stderr)
    rows = {row["trait"]: row for row in rated.rows}
    low, high = found.intervals(rated.confidence_level)
    np.testing.assert_allclose(1000 + low, [rows[name]["low"] for name in TRAITS])
    np.testing.assert_allclose(1000 + high, [rows[name]["high"] for name in TRAITS])
    np.testing.assert_array_equal(found.clusters_per_quantity, rated.fit.clusters_per_item)
    assert found.centred


def test_ranks_are_of_what_is_on_one_scale(rates):
    assert [rates.rank(item).rank for item in range(3)] == [3, 2, 1]
    assert rates.rank(0).low == rates.rank(0).high == 3
    assert rates.unit == Share()
    assert not rates.centred


def test_some_of_the_quantities(rates):
    some = rates.only("c", "a")
    assert some.names == ("c", "a")
    np.testing.assert_allclose(some.covariance, rates.covariance[np.ix_([2, 0], [2, 0])])
    np.testing.assert_allclose(some.jackknife.covariance(), some.covariance)
    np.testing.assert_allclose(some.jackknife.pull(0), rates.jackknife.pull(2))
    np.testing.assert_allclose(some.leave_out("7").values, rates.leave_out("7").values[[2, 0]])
    with pytest.raises(KeyError):
        rates.only("d")


def test_units_that_differ_have_no_one_scale():
    table = {"prompt_id": [1, 2, 3], "a": [0, 1, 1], "words": [4, 5, 7]}
    mixed = means(table, [RATES[0], Quantity("words", Amount("words"))])
    assert mixed.unit is None
    assert mixed.only("words").unit == Amount("words")
