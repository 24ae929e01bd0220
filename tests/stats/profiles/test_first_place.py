from __future__ import annotations

import math

import numpy as np
import pytest

from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.distributions import t_half_width
from mien.stats.profiles import rate
from mien.stats.profiles.first_place import first_place
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
    variance = contrast @ fit.covariance @ contrast + (fit.position_bias[0] - fit.position_bias[1]) ** 2
    margin = t_half_width(0.95, fit.n_clusters - 1) * math.sqrt(variance)
    positions = fit.positions - fit.position_bias
    effect = positions[0] - positions[1]
    expected = [1 / (1 + math.exp(-x)) for x in (effect, effect - margin, effect + margin)]
    assert list(profile.position.values()) == pytest.approx(expected)


def test_position_interval_holds_where_the_first_option_nearly_always_wins():
    """Of a hundred items in few trials, bias is known badly: it used to hold 57 % of these."""
    covered = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        options = np.argsort(rng.random((1_000, 100)), axis=1)[:, :2]
        utilities = 0.6 * rng.normal(size=100)[options] + rng.gumbel(size=options.shape)
        utilities[:, 0] += 3
        fit = choice.fit(Trials.of(options, utilities.argmax(axis=1), 100))
        position = first_place(
            fit.positions,
            fit.position_bias,
            fit.covariance[100:, 100:],
            confidence_level=0.95,
            df=fit.df,
        )
        covered.append(position["low"] < 1 / (1 + math.exp(-3)) < position["high"])
    assert np.mean(covered) > 0.85
