from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from mien.stats.sign_flips import FEWEST, MOST, gather, sign_flip_test


def test_it_is_the_statistic_among_all_its_signs() -> None:
    """With few clusters all signs can be written down."""
    rng = np.random.default_rng(0)
    parts = rng.normal(size=(9, 3))
    observed = parts.sum(axis=0)
    metric = np.cov(rng.normal(size=(3, 50)))
    signs = np.array(np.meshgrid(*[[-1, 1]] * 9)).reshape(9, -1).T
    lengths = np.einsum("ri,ij,rj->r", signs @ parts, np.linalg.inv(metric), signs @ parts)
    found = sign_flip_test(observed, parts, metric, n_draws=20_000)
    assert found.statistic == pytest.approx(observed @ np.linalg.inv(metric) @ observed)
    assert found.df == 3
    assert found.p == pytest.approx(np.mean(lengths >= found.statistic - 1e-9), abs=0.01)


def test_it_keeps_its_level_where_a_few_clusters_have_most() -> None:
    rng = np.random.default_rng(1)
    size = 1 / np.arange(1, 41)
    ps = []
    for seed in range(300):
        parts = rng.standard_t(4, size=(40, 12)) * size[:, None]
        ps.append(sign_flip_test(parts.sum(axis=0), parts, np.eye(12), n_draws=199, seed=seed).p)
    assert np.mean(np.array(ps) < 0.05) == pytest.approx(0.05, abs=0.035)
    assert np.mean(ps) == pytest.approx(0.5, abs=0.06)


def test_units_do_not_matter_and_what_does_not_vary_is_left_out() -> None:
    rng = np.random.default_rng(2)
    parts = rng.normal(size=(30, 3))
    scale = np.array([1e6, 1.0, 1e-6])
    one = sign_flip_test(parts.sum(axis=0), parts, np.eye(3))
    other = sign_flip_test(parts.sum(axis=0) * scale, parts * scale, np.diag(scale**2))
    assert other == pytest.approx(one)
    still = np.diag([1.0, 1.0, 0.0])
    assert sign_flip_test(parts.sum(axis=0), parts, still).df == 2
    assert sign_flip_test(np.zeros(2), np.zeros((30, 2)), np.zeros((2, 2))).p is None


def test_too_few_clusters_tell_nothing() -> None:
    parts = np.ones((FEWEST - 1, 2))
    assert sign_flip_test(parts.sum(axis=0), parts, np.eye(2)) == (None, 2, None)


def test_many_clusters_are_turned_in_groups() -> None:
    rows = sp.csr_array(np.random.default_rng(3).normal(size=(MOST + 10, 2)))
    found = gather(rows)
    assert found.shape == (MOST, 2)
    np.testing.assert_allclose(found.sum(axis=0), rows.sum(axis=0))
    assert gather(found) is found
