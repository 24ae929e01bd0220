"""Levels rated by comparisons: against a fit that shares no code, and against what was planted."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize

from mien.errors import NotIdentified
from mien.stats.comparisons import TIE_CODE
from mien.stats.stretch import LEVELS, PARTS, stretch, wide

PAIRS = [(0, 1), (1, 2), (2, 3), (0, 3), (0, -1), (-1, -2), (-2, -3), (0, -3)]
POINTS = 400 / np.log(10)

Readings = tuple[list[tuple[int, int]], list[int], list[str]]


def drawn(rng: np.random.Generator, scores: np.ndarray, prompts: int, first: float = 0.4) -> Readings:
    """Readings of a judge that favours what stands first, with a shift of each prompt's own."""
    levels, chosen, of = [], [], []
    for prompt in range(prompts):
        own = scores * rng.uniform(0.7, 1.3)
        for low, high in PAIRS:
            for pair in ((low, high), (high, low)):
                odds = own[pair[0] + 3] - own[pair[1] + 3] + first
                levels.append(pair)
                chosen.append(int(rng.random() > 1 / (1 + np.exp(-odds))))
                of.append(f"p{prompt}")
    return levels, chosen, of


def test_values_are_those_of_a_plain_penalised_likelihood() -> None:
    levels, chosen, prompts = drawn(np.random.default_rng(1), 0.5 * np.array(LEVELS), 10)
    chosen[3], chosen[7] = TIE_CODE, TIE_CODE
    found = stretch("warm", levels, chosen, prompts)

    def cost(params: np.ndarray) -> float:
        total = 0.15 / 2 * float(params @ params)
        for (a, b), which in zip(levels, chosen, strict=True):
            odds = params[a + 3] + params[7] - params[b + 3] - params[8]
            won = np.logaddexp(0, -odds), np.logaddexp(0, odds)
            total += float(np.mean(won)) if which == TIE_CODE else float(won[which])
        return total

    scores = POINTS * scipy.optimize.minimize(cost, np.zeros(9), tol=1e-10).x
    by_hand = {
        "warm": scores[6] - scores[0],
        "warm up": scores[6] - scores[3],
        "warm down": scores[3] - scores[0],
        "warm asymmetry": scores[6] - 2 * scores[3] + scores[0],
        "warm slope": np.polyfit(LEVELS, scores[:7], 1)[0],
    }
    assert found.estimates.names == tuple(by_hand)
    np.testing.assert_allclose(found.estimates.values, [*by_hand.values()], atol=0.1)
    np.testing.assert_allclose(found.curve.values, scores[:7] - scores[3], atol=0.1)
    np.testing.assert_allclose(found.steps.values, np.diff(scores[:7]), atol=0.1)
    assert found.first == pytest.approx((scores[7] - scores[8]) / POINTS, abs=1e-3)
    assert found.curve.low[3] == found.curve.high[3] == 0
    assert len(found.estimates.names) == len(PARTS)


def test_what_was_planted_lies_in_nearly_all_intervals() -> None:
    """Up to a ceiling on one side: asymmetry is told, and its sign."""
    scores = np.array([-2.4, -1.6, -0.8, 0, 0.4, 0.4, 0.4])
    truth = POINTS * np.array([2.8, 0.4, 2.4, -2.0, scores @ np.array(LEVELS) / 28])
    rng = np.random.default_rng(5)
    covered = np.zeros(5)
    for _ in range(60):
        low, high = stretch("x", *drawn(rng, scores, 16)).estimates.intervals()
        covered += (low <= truth) & (truth <= high)
    assert covered.min() >= 53


def test_a_range_that_no_reading_bounds_is_told_to_be_endless() -> None:
    levels = [pair for low, high in PAIRS for pair in ((low, high), (high, low))] * 2
    prompts = ["p"] * 16 + ["q"] * 16
    higher = [int(b > a) for a, b in levels]
    assert stretch("x", levels, higher, prompts).endless
    # One reading against each step, up and down, bounds it.
    against = [int(b > a) if n < 16 else int(a > b) for n, (a, b) in enumerate(levels)]
    assert not stretch("x", levels, against, prompts).endless
    tied = [one if n < 16 else TIE_CODE for n, one in enumerate(higher)]
    assert not stretch("x", levels, tied, prompts).endless


def test_of_one_prompt_and_of_levels_that_were_not_compared_nothing_is_told() -> None:
    levels, chosen, prompts = drawn(np.random.default_rng(0), np.zeros(7), 3)
    with pytest.raises(NotIdentified, match="1 prompts"):
        stretch("x", levels, chosen, ["p"] * len(chosen))
    kept = [i for i, pair in enumerate(levels) if 3 not in pair]
    with pytest.raises(NotIdentified, match=r"x at \+3"):
        stretch("x", *([column[i] for i in kept] for column in (levels, chosen, prompts)))


def test_the_share_above_a_bound_has_every_ranges_noise() -> None:
    rng = np.random.default_rng(2)
    slopes = [0.0] * 4 + [0.38] * 2 + [1.0] * 4
    ranges = [stretch(str(n), *drawn(rng, slope * np.array(LEVELS), 20)) for n, slope in enumerate(slopes)]
    found = wide(ranges, 400)
    assert (found.n, found.low) == (10, 0.4)
    assert 0.4 <= found.share <= found.high == 0.6
    assert wide(ranges, 1e5) == (0, 0, 0, 10)
    assert wide([one._replace(endless=True) for one in ranges], 1e5).high == 1
