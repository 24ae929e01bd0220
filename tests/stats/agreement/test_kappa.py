from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from mien.stats.agreement.kappa import cohen_kappa


def test_kappa_matches_statsmodels():
    rng = np.random.default_rng(0)
    a = rng.choice(["calm", "warm", "neither"], size=200, p=[0.5, 0.3, 0.2])
    b = np.where(rng.random(200) < 0.7, a, rng.choice(["calm", "warm", "neither"], size=200))
    names = ["calm", "neither", "warm"]
    table = np.array([[np.sum((a == x) & (b == y)) for y in names] for x in names])
    oracle = cohens_kappa(table)
    ours = cohen_kappa(a, b)
    assert ours.kappa == pytest.approx(oracle.kappa)
    assert ours.stderr == pytest.approx(oracle.std_kappa)
    assert (ours.low, ours.high) == pytest.approx((oracle.kappa_low, oracle.kappa_upp))
    assert ours.n == 200


def test_kappa_at_its_ends():
    assert cohen_kappa([0, 1, 0], [0, 1, 0])[:2] == (1, 0)
    assert np.isnan(cohen_kappa(["x", "x"], ["x", "x"]).kappa)
    with pytest.raises(ValueError, match="same trials"):
        cohen_kappa([1], [1, 2])
