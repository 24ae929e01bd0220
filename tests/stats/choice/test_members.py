"""Sums by cluster over members that are kept as rows."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from mien.stats.choice import members
from mien.stats.choice.members import Members


@pytest.mark.parametrize("at_a_time", [1, 7, 1 << 18])
def test_sums_are_those_of_each_member_in_turn(monkeypatch: pytest.MonkeyPatch, at_a_time: int) -> None:
    monkeypatch.setattr(members, "AT_A_TIME", at_a_time)
    rng = np.random.default_rng(1)
    clusters, row = rng.choice([2, 3, 5, 70], size=60), rng.integers(9, size=60)
    values = rng.normal(size=(9, 4)) * (rng.random((9, 4)) < 0.5)
    found = Members.of(clusters, row, 9)
    assert found.labels.tolist() == [2, 3, 5, 70]
    expected = np.array([values[row[clusters == label]].sum(axis=0) for label in found.labels])
    np.testing.assert_allclose(found.sums(sp.csr_array(values)).toarray(), expected, atol=1e-14)
    np.testing.assert_allclose(found.total(values[:, 1]), expected[:, 1], atol=1e-14)
    some = found.only(np.array([True, False, True, True]))
    assert some.labels.tolist() == [2, 5, 70]
    np.testing.assert_array_equal(some.times(), np.bincount(row[clusters != 3], minlength=9))
    np.testing.assert_allclose(some.total(values[:, 1]), expected[[0, 2, 3], 1], atol=1e-14)


def test_an_entry_stays_where_members_cancel() -> None:
    # Which clusters tell of an item is told by where entries are.
    found = Members.of(np.array([0, 0, 1]), np.array([0, 1, 0]), 2)
    sums = found.sums(sp.csr_array([[0.5, 0.0], [-0.5, 1.0]]))
    assert np.bincount(sums.indices).tolist() == [2, 1]
