from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from mien.stats.agreement.prevalence import Acuity, Found, acuity, corrected
from mien.stats.proportions import Proportion


def reading(sensitivity: float, specificity: float, n: int = 10**9) -> Acuity:
    shares = [Proportion(share, 0.0, 1.0, n) for share in (sensitivity, specificity)]
    found = acuity([True, False], [True, False], ["a", "b"])
    assert found is not None
    return found._replace(sensitivity=shares[0], specificity=shares[1])


@pytest.mark.parametrize(("hits", "n"), [(0, 30), (7, 30), (20, 20)])
def test_under_a_perfect_judge_it_is_wilsons_interval(hits, n):
    found = corrected(Found(hits / n, n), reading(1.0, 1.0))
    assert found is not None
    assert found.share == pytest.approx(hits / n)
    assert (found.low, found.high) == pytest.approx(proportion_confint(hits, n, method="wilson"), abs=1e-6)


def test_under_a_known_judge_it_is_wilsons_interval_moved():
    found = corrected(Found(0.6, 200), reading(0.9, 0.8))
    low, high = (float(end) for end in proportion_confint(120, 200, method="wilson"))
    assert found == pytest.approx(((0.6 - 0.2) / 0.7, (low - 0.2) / 0.7, (high - 0.2) / 0.7), abs=1e-6)


def test_what_errors_alone_make_is_nothing_and_has_an_interval():
    found = corrected(Found(0.1, 50), reading(0.9, 0.8))
    assert found is not None
    assert found.share == found.low == 0
    assert found.high > 0.05
    full = corrected(Found(0.99, 50), reading(0.9, 0.8))
    assert full is not None
    assert full.share == full.high == 1


def test_a_judge_that_guesses_corrects_nothing():
    assert corrected(Found(0.6, 200), reading(0.5, 0.5)) is None
    assert corrected(Found(0.6, 200), reading(0.6, 0.5, n=20)) is None
    vague = corrected(
        Found(0.6, 5), reading(0.7, 0.7, n=60)._replace(sensitivity_spread=0.5), in_one_group=True
    )
    assert vague is not None
    assert vague[1:] == (0, 1)


def test_acuity_counts_hits_and_misses_apart():
    truth = [True] * 10 + [False] * 10
    found = acuity(truth, [True] * 9 + [False] * 9 + [True] * 2, list("ab" * 10))
    assert found is not None
    assert (found.sensitivity.share, found.specificity.share) == (0.9, 0.8)
    assert found.power == pytest.approx(0.7)
    assert found.kappa.kappa == pytest.approx(0.7)
    assert acuity([True, True], [True, False], ["a", "b"]) is None


def test_groups_that_differ_beyond_chance_are_noticed():
    """Each group has one sensitivity: half of them .95, half .55, a variance of .04."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(400), 6)
    own = np.where(np.arange(400) % 2, 0.95, 0.55)[groups]
    spreads: list[float] = []
    for rates in (own, np.full(len(groups), 0.75)):
        right = rng.random(len(groups)) < rates
        found = acuity([True] * len(groups) + [False], [*right, False], [*groups.astype(str), "0"])
        assert found is not None
        spreads.append(found.sensitivity_spread)
    assert spreads[0] == pytest.approx(0.04, abs=0.012)
    assert spreads[1] == pytest.approx(0.0, abs=0.008)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """A true share, a judge and its cases drawn anew, 2,000 times; the simulation knows no formula."""
    rng, held = np.random.default_rng(1), 0
    for _ in range(2000):
        truth = rng.random(120) < 0.72
        found = np.where(truth, rng.random(120) < 0.85, rng.random(120) < 0.15)
        cases = np.arange(100) % 2 == 0
        read = np.where(cases, rng.random(100) < 0.85, rng.random(100) < 0.15)
        judge = acuity(cases.tolist(), read.tolist(), ["all"] * 100)
        assert judge is not None
        one = corrected(Found(float(found.mean()), 120), judge)
        assert one is not None
        held += one.low <= 0.72 <= one.high
    assert held / 2000 == pytest.approx(0.95, abs=0.02)


def test_what_is_settled_without_the_judge_is_not_corrected():
    """Of 400 answers 100 are settled, 90 of them hits; of the rest the judge finds .6 at .9 and .8."""
    share = 0.25 * 0.9 + 0.75 * 0.6
    found = corrected(Found(share, 400, read=0.75, settled=0.225), reading(0.9, 0.8))
    assert found is not None
    assert found.share == pytest.approx(0.225 + 0.75 * 0.4 / 0.7)
    alone = corrected(Found(0.6, 300), reading(0.9, 0.8))
    assert alone is not None
    assert found.high - found.low > 0.75 * (alone.high - alone.low) * 0.95
    nothing = corrected(Found(0.225, 400, read=0.75, settled=0.225), reading(0.9, 0.8))
    assert nothing is not None
    assert nothing.share == pytest.approx(0.225)
