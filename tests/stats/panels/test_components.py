"""Principal components of models by traits: intervals of their shares."""

from __future__ import annotations

import numpy as np
import pytest

from mien.stats.panels.components import components


def panel(rng: np.random.Generator, n_models: int, factor: float, n: int = 100) -> np.ndarray:
    """Scores of models that lie along one axis, and apart beside it."""
    axis = np.random.default_rng(99).normal(size=n)
    return factor * rng.normal(size=(n_models, 1)) * axis + rng.normal(size=(n_models, n))


def shares(scores: np.ndarray) -> np.ndarray:
    """By the singular values, the obvious way."""
    squares = np.linalg.svd(scores - scores.mean(axis=0), compute_uv=False)[:-1] ** 2
    return squares / squares.sum()


@pytest.mark.parametrize(("n_models", "factor"), [(8, 0.0), (8, 1.0), (12, 0.5)])
def test_intervals_hold_the_share_that_so_many_models_show_on_the_average(n_models, factor):
    rng = np.random.default_rng(5)
    truth = np.mean([shares(panel(rng, n_models, factor))[:2] for _ in range(200)], axis=0)
    held = []
    for _ in range(60):
        scores = panel(rng, n_models, factor)
        found = components(scores, np.zeros((1, *scores.shape)), n_resamples=2)
        assert (found.low[:-1] <= found.shares[:-1]).all()
        assert (found.shares[:-1] <= found.high[:-1]).all()
        held.append((found.low[:2] < truth) & (truth < found.high[:2]))
    # Percentiles of resampled models held them in 0 to 90 %.
    assert (np.mean(held, axis=0) >= 0.88).all()


def test_the_last_component_has_no_interval():
    scores = panel(np.random.default_rng(1), 9, 1.0)
    found = components(scores, np.zeros((1, *scores.shape)), n_resamples=2)
    assert np.isfinite(found.low[:-1]).all()
    assert np.isnan([found.low[-1], found.high[-1]]).all()


def test_models_on_one_line_leave_nothing_to_the_others():
    line = np.linspace(-1, 1, 9)[:, None] * np.linspace(-1, 1, 12)
    found = components(line, np.zeros((1, 9, 12)), n_resamples=2)
    assert found.low[0] == pytest.approx(1) == found.high[0]
