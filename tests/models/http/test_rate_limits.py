"""Limits that are known are kept exactly; the growth after a set-back has the shape that is claimed."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.models.http.rate_limits import Cubic, Meter, Pace

#: Seconds by which timers wake too late: hardly, a little, and where the process was held up.
LATENESS = [0.0, 0.001, 0.015, 0.3]


def starts(meter: Meter, amounts: list[float], lateness: list[float], seed: int = 0) -> list[float]:
    """When calls start that all want to at once, woken too late by one of the given times."""
    late, now, times = random.Random(seed), 0.0, []
    for amount in amounts:
        now += max(0.0, meter.wait(now)) + late.choice(lateness)
        meter.use(now, amount)
        times.append(now)
    return times


@settings(deadline=None)
@given(st.integers(1, 900), st.integers(0, 1000))
def test_no_minute_holds_more_requests_than_allowed(per_minute: int, seed: int):
    times = starts(Meter(per_minute), [1.0] * (per_minute * 2 + 5), LATENESS, seed)
    worst = max(sum(start <= t < start + 60 for t in times[i:]) for i, start in enumerate(times[::7]))
    assert worst <= per_minute


@settings(deadline=None)
@given(st.lists(st.integers(1, 500), min_size=20, max_size=80), st.integers(0, 1000))
def test_no_minute_holds_more_tokens_than_allowed(amounts: list[int], seed: int):
    meter = Meter(2000)
    meter.use(-1000, 500)  # the largest call is known
    times = starts(meter, [float(a) for a in amounts], LATENESS, seed)
    for start in times:
        used = sum(a for t, a in zip(times, amounts, strict=True) if start <= t < start + 60)
        assert used <= 2000


@pytest.mark.parametrize("per_minute", [60, 1200, 60_000])
def test_a_known_limit_is_used_to_the_full(per_minute: int):
    times = starts(Meter(per_minute), [1.0] * (2 * per_minute), [0.0])
    assert times[-1] == pytest.approx(120, rel=0.02)


def test_use_that_was_expected_wrongly_is_made_good_for():
    meter = Meter(6000)  # 100 a second
    meter.use(0, 100)
    assert meter.wait(0) == pytest.approx(1, rel=0.05)
    meter.correct(100, 300)
    assert meter.wait(0) == pytest.approx(3, rel=0.1)


def test_cubic_growth_starts_low_stays_flat_and_leaves_fast():
    curve = Cubic(peak=100, keep=0.95, period=12, start=5)
    assert curve(5) == pytest.approx(95)
    assert curve(17) == pytest.approx(100)
    assert curve(11) > 99
    assert curve(23) < 101
    assert curve(5 + 3.72 * 12) == pytest.approx(200, rel=0.02)


def test_a_pause_lets_nothing_start():
    pace = Pace()
    assert pace.wait(0) <= 0
    pace.start(0)
    pace.start(0)
    assert pace.refused(0.1, 0, retry_after=2)
    assert pace.wait(0.1) == pytest.approx(2)
    assert pace.wait(2.1) <= 0


def test_refusals_of_requests_that_were_on_their_way_are_one_event():
    pace = Pace()
    for _ in range(32):
        pace.start(0)
    assert pace.refused(0.05, 0)
    assert not any(pace.refused(0.051, 0) for _ in range(11))
    assert pace.rate(pace.wait(0.051) + 0.051) == pytest.approx(0.95 * 20)
