from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from mien.stats.proportions import proportion


def test_proportion_of_independent_trials_is_wilsons():
    hits = np.repeat([True, False], [70, 30_000 - 70])
    found = proportion(hits)
    assert (found.low, found.high) == pytest.approx(proportion_confint(70, 30_000, method="wilson"), rel=1e-3)


def test_proportion_widens_with_ties_within_clusters():
    hits = np.tile(np.repeat([True, False], 10), 10)
    alone = proportion(hits)
    tied = proportion(hits, clusters=np.repeat(np.arange(20), 10))
    assert tied.share == alone.share == 0.5
    assert tied.high - tied.low > 2.5 * (alone.high - alone.low)


def test_proportion_of_halves_is_that_of_fewer_trials():
    rng = np.random.default_rng(0)
    scores = rng.choice([0.0, 0.5, 1.0], 20_000, p=[0.2, 0.5, 0.3])
    found = proportion(scores)
    assert (found.low, found.high) == pytest.approx(
        (found.share - 1.96 * scores.std() / 20_000**0.5, found.share + 1.96 * scores.std() / 20_000**0.5),
        abs=1e-4,
    )
    ties = proportion([0.5] * 5)
    assert ties.share == 0.5
    assert 0.15 < ties.low < 0.25  # five ties are no sure tie
    assert ties.high == pytest.approx(1 - ties.low)


def test_proportion_at_its_ends():
    assert proportion([True] * 20) == pytest.approx((1, 0.8203, 1, 20), abs=1e-4)
    assert proportion([True, True], clusters=["x", "x"]) == (1, 0, 1, 2)
    with pytest.raises(ValueError, match="no trials"):
        proportion([])
