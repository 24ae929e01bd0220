"""Planned runs: the noise of a fit, the power of the test, and the rounds that follow."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import NormalIndPower, TTestIndPower

from mien.errors import UsageError
from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.comparisons import Comparisons
from mien.stats.design.power import (
    Against,
    Equal,
    Noise,
    Place,
    certain_power,
    power,
    rounds_needed,
    smallest_change,
    threshold,
)
from mien.stats.design.trials import lay_out
from mien.stats.diffs import diff
from mien.stats.profiles import rate, reliability
from mien.stats.profiles.elo import ELO_SCALE
from mien.types import Prompt

PROMPTS = tuple(Prompt(f"p{i}", f"prompt {i}") for i in range(500))


def information(n, n_options, rounds):
    """Of a design at equal scores, trial by trial."""
    found = np.zeros((n, n))
    for shown in lay_out([f"t{i}" for i in range(n)], PROMPTS, rounds=rounds, n_options=n_options).options:
        block = np.ix_(shown, shown)
        found[block] += np.eye(n_options) / n_options - 1 / n_options**2
    return found


@pytest.mark.parametrize(("n", "n_options", "rounds"), [(20, 2, 19), (13, 2, 12), (13, 4, 40), (40, 2, 390)])
def test_a_balanced_design_has_the_information_that_is_assumed(n, n_options, rounds):
    variance = np.diag(np.linalg.pinv(information(n, n_options, rounds)))
    raw = n_options**2 / (rounds * (n_options - 1)) * ((n - 1) / n) ** 2
    assert variance.mean() == pytest.approx(raw, rel=0.03)
    if n_options == 2 and rounds % (n - 1) == 0:  # every pair equally often
        np.testing.assert_allclose(variance, raw)
    fitted = raw * (rounds / (rounds - n_options)) ** 2
    assert Equal(n, n_options).noise(rounds, 1e-9).stderr == pytest.approx(ELO_SCALE * math.sqrt(2 * fitted))


@pytest.mark.parametrize(("n_options", "rounds"), [(2, 28), (2, 60), (4, 28)])
def test_fits_of_equal_scores_have_the_standard_errors_that_are_assumed(n_options, rounds):
    n, rng = 60, np.random.default_rng(0)
    shown = lay_out([f"t{i}" for i in range(n)], PROMPTS, rounds=rounds, n_options=n_options)
    fits = [
        choice.fit(
            Trials.of(shown.options, rng.integers(n_options, size=len(shown)), n, clusters=shown.prompt)
        )
        for _ in range(4)
    ]
    stderr = ELO_SCALE * np.sqrt(2 * np.mean([fit.stderr**2 for fit in fits]))
    assert stderr == pytest.approx(Equal(n, n_options).noise(rounds, 1e-9).stderr, rel=0.06)


@given(effect=st.floats(0.05, 6.0), n=st.integers(5, 400), level=st.sampled_from([0.05, 0.0026, 0.05 / 144]))
@settings(max_examples=25, deadline=None)
def test_the_power_is_that_of_statsmodels(effect, n, level):
    theirs = TTestIndPower().power(effect / math.sqrt(n / 2), n, level)
    assume(not math.isnan(theirs))  # theirs is, where the far tail underflows
    assert power(effect, Noise(1.0, 2 * n - 2), level) == pytest.approx(theirs, abs=1e-6)
    theirs = NormalIndPower().power(effect, 2, level)
    assert power(effect, Noise(1.0, 1e7), level) == pytest.approx(theirs, abs=1e-4)


def test_the_power_at_no_change_is_the_level():
    assert power(0, Noise(10.0, 40), 0.01) == pytest.approx(0.01)
    assert power(50, Equal(144, 2).noise(2, 50), 0.01) == 0


def test_the_threshold_is_that_of_so_many_discoveries():
    assert threshold(0.8, 144) == pytest.approx(0.05 / 144)
    assert threshold(0.8, 144, n_changed=10, fdr=0.1) == pytest.approx(0.1 * 8 / 144)


@pytest.mark.parametrize(
    "precision", [Equal(36, 2), Equal(36, 4), Against(60.0, 35.0, 400, Place(0.5, np.linspace(-2, 2, 35), 2))]
)
def test_the_rounds_are_the_fewest_that_are_enough(precision):
    level = threshold(0.8, 36)
    rounds = rounds_needed(precision, 150, level, 0.8)
    assert certain_power(precision, rounds, 150, level) >= 0.8
    assert certain_power(precision, rounds - 1, 150, level) < 0.8
    found = smallest_change(precision, rounds, level, 0.8)
    assert found is not None
    assert found <= 150
    assert certain_power(precision, rounds, found, level) == pytest.approx(0.8, abs=1e-6)
    assert rounds_needed(precision, 100, level, 0.8) > rounds


def test_a_short_run_finds_no_change_however_large():
    assert smallest_change(Equal(144, 2), 14, threshold(0.8, 144), 0.8) is None


def test_what_cannot_be_found_is_refused():
    with pytest.raises(UsageError, match="larger change"):
        rounds_needed(Equal(144, 2), 1e-3, threshold(0.8, 144), 0.8)


def test_a_longer_run_to_compare_with_is_less_noise():
    place = Place(0.0, np.zeros(1), 2)
    alike, longer = (Against(s, r, 900, place).noise(50, 1e-9) for s, r in ((40.0, 50.0), (20.0, 200.0)))
    assert alike.stderr == pytest.approx(40 * math.sqrt(2))
    assert longer.stderr == pytest.approx(math.hypot(40, 20))
    assert alike.df == pytest.approx(98)


def test_simulated_diffs_find_what_is_predicted(monkeypatch: pytest.MonkeyPatch):
    """One trait of twelve rises by 250 points, and nothing else changes."""
    monkeypatch.setattr(
        reliability, "split_half", lambda *_, **__: None
    )  # most of the time, and no part of it
    n, rounds, rise, rng = 12, 66, 250, np.random.default_rng(1)
    traits = tuple(f"t{i:02d}" for i in range(n))
    shown = lay_out(traits, PROMPTS, rounds=rounds)

    def run(scores):
        utilities = scores[shown.options] + rng.gumbel(size=shown.options.shape)
        return rate(
            Comparisons(
                traits=traits,
                options=shown.options,
                chosen=utilities.argmax(axis=1).astype(np.int32),
                cluster=shown.prompt,
                clusters=tuple(p.id for p in PROMPTS),
            )
        )

    moved = np.zeros(n)
    moved[3] = rise / ELO_SCALE
    found = np.mean([diff(run(np.zeros(n)), run(moved)).changed[3] for _ in range(150)])
    noise = Equal(n, 2).noise(rounds, rise)
    assert found == pytest.approx(power(rise, noise, threshold(0.8, n)), abs=0.1)
