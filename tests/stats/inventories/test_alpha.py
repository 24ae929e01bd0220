"""Cronbach's α by the published example, and by the variances of sums."""

from __future__ import annotations

import numpy as np
import pytest

from mien.stats.inventories.alpha import cronbach_alpha, rest_correlation


def test_alpha_is_that_of_the_anova_and_its_interval_covers_it() -> None:
    """Hoyt's (1941) form: α = 1 − MS of what is left / MS between subjects."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(300):
        keyed = rng.normal(size=(30, 1)) + rng.normal(scale=1.5, size=(30, 6))
        alpha = cronbach_alpha(keyed)
        left = keyed - keyed.mean(axis=1, keepdims=True) - keyed.mean(axis=0) + keyed.mean()
        between = 6 * keyed.mean(axis=1).var(ddof=1)
        assert alpha.value == pytest.approx(1 - (left**2).sum() / (29 * 5) / between)
        assert alpha.traits == 30
        assert alpha.low is not None
        assert alpha.high is not None
        found.append(alpha.low <= 6 / (6 + 1.5**2) <= alpha.high)
    assert 0.92 < np.mean(found) < 0.98


def test_what_is_not_there_is_left_out_and_never_made_up() -> None:
    keyed = np.array([[1.0, 2.0], [2.0, 3.0], [4.0, 4.0], [5.0, np.nan]])
    assert cronbach_alpha(keyed) == cronbach_alpha(keyed[:3])
    assert cronbach_alpha(keyed[1:]).value is None
    assert cronbach_alpha(np.full((5, 3), 4.0)).value is None
    assert rest_correlation(keyed, 0) == pytest.approx(np.corrcoef(keyed[:3].T)[0, 1])
    assert rest_correlation(keyed[1:], 0) is None
