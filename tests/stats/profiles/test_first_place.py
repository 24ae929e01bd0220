from __future__ import annotations

import math

import numpy as np
import pytest

from mien.stats.distributions import t_half_width
from mien.stats.profiles import rate
from tests.stats.profiles.tables import table


def test_position_is_the_chance_of_the_first_among_equals():
    position = rate(table(n_trials=4000, first=0.4)).position
    assert position["first"] == pytest.approx(1 / (1 + math.exp(-0.4)), abs=0.03)
    assert position["low"] < 1 / (1 + math.exp(-0.4)) < position["high"]
    three = rate(table(n_trials=4000, k=3, first=0.4)).position
    assert three["first"] == pytest.approx(math.exp(0.4) / (math.exp(0.4) + 2), abs=0.03)
    assert three["low"] < math.exp(0.4) / (math.exp(0.4) + 2) < three["high"]


def test_position_interval_of_pairs_is_that_of_the_contrast():
    profile = rate(table())
    fit = profile.fit
    contrast = np.zeros(10)
    contrast[8:] = 1, -1
    margin = t_half_width(0.95, fit.n_clusters - 1) * math.sqrt(contrast @ fit.covariance @ contrast)
    positions = fit.positions - fit.position_bias
    effect = positions[0] - positions[1]
    expected = [1 / (1 + math.exp(-x)) for x in (effect, effect - margin, effect + margin)]
    assert list(profile.position.values()) == pytest.approx(expected)
