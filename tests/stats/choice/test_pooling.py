"""Judges' probabilities pooled: those who err by themselves add up, those who err alike count as one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from mien.errors import UsageError
from mien.stats.choice.calibration import calibrate
from mien.stats.choice.pooling import pool

N, T = 6, 1200
RNG = np.random.default_rng(3)
OPTIONS = np.array([RNG.permutation(N)[:2] for _ in range(T)])
PROMPTS = np.arange(T) % 60


def told(accuracy: float, noise: np.ndarray, sharpness: float = 1.0) -> np.ndarray:
    """Log-probabilities of a judge who finds the first option likelier in a share of trials."""
    clear = np.sqrt(2) * norm.ppf(accuracy)
    seen = sharpness * clear * (noise + clear * np.array([1.0, 0.0]))
    return seen - np.logaddexp(seen[:, 0], seen[:, 1])[:, None]


def drawn() -> np.ndarray:
    return RNG.normal(size=(T, 2))


def test_log_odds_of_judges_who_err_by_themselves_add_up() -> None:
    """With independent normal noise the sum of the log odds is the likelihood ratio: Bayes' own answer."""
    judges = [told(0.8, drawn(), sharpness) for sharpness in (1.0, 3.0)]
    found = pool(OPTIONS, judges, PROMPTS, N)
    np.testing.assert_allclose(found.weights, 1, atol=0.2)
    exact = norm.cdf(np.sqrt(2) * norm.ppf(0.8))  # of √2 times as clear a difference
    assert found.whole.after.accuracy == pytest.approx(exact, abs=0.03)
    assert found.whole.after.ece < 0.04
    assert found.judges[1].temperature == pytest.approx(3 * found.judges[0].temperature, rel=0.25)


def test_a_judge_who_is_there_twice_counts_once() -> None:
    one = told(0.8, drawn())
    found = pool(OPTIONS, [one, one.copy()], PROMPTS, N)
    assert found.weights.sum() == pytest.approx(1, abs=0.1)
    alone = calibrate(OPTIONS, one, PROMPTS, N)
    np.testing.assert_allclose(
        found.whole.likelihoods(OPTIONS, found.logs([one, one])), alone.likelihoods(OPTIONS, one), atol=0.05
    )


def test_who_tells_nothing_of_a_trial_leaves_it_to_the_others() -> None:
    full, some = told(0.8, drawn()), told(0.8, drawn())
    some[::3] = np.nan
    found = pool(OPTIONS, [full, some], PROMPTS, N)
    pooled = found.logs([full, some])
    alone = found.weights[0] * found.judges[0].slope * full
    odds = pooled[:, 0] - pooled[:, 1]
    np.testing.assert_allclose(odds[::3], (alone[:, 0] - alone[:, 1])[::3], atol=1e-9)
    nobody = np.full((1, 2), np.nan)
    assert found.logs([nobody, nobody]).tolist() == [[0.0, 0.0]]


def test_a_judge_who_guesses_is_refused() -> None:
    with pytest.raises(UsageError, match="no better than chance"):
        pool(OPTIONS, [told(0.8, drawn()), told(0.5001, drawn())], PROMPTS, N)
