"""How fast an endpoint may be asked: limits that the user knows, and limits that only refusals tell.

Pure logic: every method takes the time (seconds on any monotonic clock) and none reads it.
"""

from __future__ import annotations

import math
import random
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

# Timers fire late by up to some milliseconds. A start that came late by no more than this is
# made up for by the next one, so that lateness does not add up to a lower rate.
_SLACK = 0.02


def _due(free: float, now: float) -> float:
    """When a call that starts now was due; now, unless it was merely woken late."""
    return free if free > now - _SLACK else now


class Meter:
    """A limit per minute, kept exactly: no 60 seconds hold more than it allows.

    The generic cell rate algorithm (a token bucket kept as one time stamp). Calls are spaced by what
    they use, so that a window holds at most ``60 s / interval`` units more than its last call; the
    interval leaves room for the largest call seen.
    """

    def __init__(self, per_minute: float) -> None:
        self._limit = per_minute
        self._largest = 1.0
        self._free = -math.inf

    def wait(self, now: float) -> float:
        """Seconds until the next call may start; 0 or less for now."""
        return self._free - now

    def use(self, now: float, amount: float = 1.0) -> None:
        """Record that a call starts now and uses an amount."""
        self._largest = max(self._largest, amount)
        self._free = _due(self._free, now) + amount * self._interval

    def correct(self, expected: float, actual: float) -> None:
        """Make good for a call that used more or less than expected."""
        self._largest = max(self._largest, actual)
        self._free += (actual - expected) * self._interval

    @property
    def _interval(self) -> float:
        return (60 + _SLACK) / max(self._limit - self._largest + 1, self._limit / 2)


class Cubic:
    """Growth after a set-back, as TCP CUBIC (RFC 9438) grows its window.

    Starts at ``keep`` × peak, is flat around the peak, which it reaches after ``period`` seconds, and
    accelerates from there: it stays long where the limit was last seen, and leaves fast where it is gone.
    """

    def __init__(self, peak: float, keep: float, period: float, start: float) -> None:
        self.peak = peak
        self._cut = 1 - keep
        self._period = period
        self._start = start

    def __call__(self, now: float) -> float:
        u = (now - self._start) / self._period - 1
        return self.peak * (1 + self._cut * u * u * u)


@dataclass(slots=True)
class _Event:
    """When its first refusal arrived, and how things stood before."""

    time: float
    previous: float
    peak_before: float | None
    futile_before: int
    jitter: float = field(default_factory=lambda: random.uniform(0.75, 1.25))


class Pace:
    """The rate at which an endpoint accepts requests, learnt from those that it refuses.

    Unlimited until the first refusal. Refusals of requests that were on their way when the first of them
    arrived are one event. An event pauses the endpoint, measures the rate that was accepted up to it, and
    sets the pace just below; from there the pace follows `Cubic`. Refusals that go on at any pace, as from
    an overloaded server that refuses at random, are met with the pause alone.
    """

    _KEEP = 0.95
    _PERIOD = 2.0  # seconds; short while measurements differ by more than the tolerance
    _SETTLED_PERIOD = 12.0  # a limit that doubles is found within 3.7 periods
    _TOLERANCE = 0.25
    _SPAN = 1.0  # seconds at the least over which the accepted rate is taken
    _BRIEF = 3.0  # seconds between events from which nothing can be told, for pauses weigh too much
    _FEW, _MANY = 10, 20  # accepted requests: too few to tell a rate from; enough, however long they took
    _MOST = 0.6  # share refused beyond which refusals surely depend on the pace
    _FASTEST = 10_000.0  # requests per second
    _SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 20.0

    def __init__(self) -> None:
        self._starts: deque[float] = deque(maxlen=1024)  # of requests that were not refused
        self._curve: Cubic | None = None
        self._free = self._paused_until = -math.inf
        self._since = -math.inf  # where the present measurement begins
        self._event = _Event(-math.inf, -math.inf, None, 0)
        self._peak: float | None = None
        self._period = self._PERIOD
        self._measured = False  # whether the present event told a rate
        self._futile = 0  # events in a row with nothing accepted between them
        self._recent = self._recent_refused = 0.0  # requests, the older the less they count
        self._helpless = 3.0  # lower paces refused at once after which refusals are held to be random
        self._unhelped = 0.0  # lower paces in a row that were refused at once

    def wait(self, now: float) -> float:
        """Seconds until the next request may start; 0 or less for now."""
        return max(self._free, self._paused_until) - now

    @property
    def paused_until(self) -> float:
        """When the latest pause ends."""
        return self._paused_until

    def rate(self, now: float) -> float:
        """Requests per second."""
        return self._curve(now) if self._curve else math.inf

    def start(self, now: float) -> None:
        """Record that a request starts now."""
        if self._since == -math.inf:
            self._since = math.nextafter(now, -math.inf)
        self._starts.append(now)
        self._recent += 1
        if self._curve:
            self._free = _due(self._free, now) + 1 / self._curve(now)

    def pause(self, now: float, seconds: float) -> None:
        """Let no request start for some seconds."""
        self._paused_until = max(self._paused_until, now + seconds)

    def refused(self, now: float, started: float, retry_after: float | None = None) -> bool:
        """Learn from the refusal of a request that had started at some time.

        Returns:
            Whether it opens a new event, and one that tells a rate.
        """
        with suppress(ValueError):
            self._starts.remove(started)
        self._recent_refused += 1
        is_new = started > self._event.time
        if is_new:
            self._open(now)
        self._learn()
        seconds = retry_after
        if seconds is None:
            # The exponent is bounded, since a float is: a server may refuse thousands of times.
            backoff = min(self._SHORTEST_PAUSE * 2 ** min(self._futile, 30), self._LONGEST_PAUSE)
            seconds = backoff * self._event.jitter
        self.pause(now, seconds)
        # Where nothing was ever accepted, one request a pause finds out when that changes.
        peak = self._peak or 1 / max(seconds, 1 / self._FASTEST)
        self._curve = Cubic(peak, self._KEEP, self._period, self._paused_until)
        return is_new and self._measured

    def _open(self, now: float) -> None:
        many = sum(start > self._event.time for start in self._starts) >= self._MANY
        self._recent *= 0.8
        self._recent_refused *= 0.8
        mostly_refused = self._recent_refused > self._MOST * self._recent
        if mostly_refused and self._unhelped >= self._helpless:
            self._helpless *= 2  # that was wrong: be slower to think so again
        if mostly_refused or (many and now > self._paused_until + self._BRIEF):
            self._unhelped = 0
        else:  # without a measurement the pace was lowered by little
            self._unhelped += 1.0 if self._measured else 0.15
        if self._measured:
            self._since = self._event.time
        self._event = _Event(now, self._event.time, self._peak, self._futile)

    def _learn(self) -> None:
        """Set the peak by what was accepted up to the event, less what has turned out refused since."""
        event = self._event
        accepted = [start for start in self._starts if self._since < start <= event.time]
        progress = bool(accepted) and accepted[-1] > event.previous
        self._futile = 0 if progress else event.futile_before + 1
        enough = len(accepted) >= self._FEW and event.time - self._since >= self._BRIEF
        self._measured = False
        if event.peak_before is None:
            if accepted:
                self._measure(accepted)
            else:
                self._peak = None
        elif enough and self._unhelped < self._helpless:
            self._measure(accepted)
        elif self._unhelped >= self._helpless:
            # These refusals don't depend on the pace, so find the way back up.
            self._peak = min(event.peak_before * 2, self._FASTEST)
        else:
            # What was accepted counts towards the next event's measurement. Where it was nothing, the
            # pause was too short, which says nothing of the pace.
            self._peak = event.peak_before * (0.9 if progress else 1.0)

    def _measure(self, accepted: list[float]) -> None:
        """Take the rate of the latest accepted requests."""
        event, since = self._event, self._since
        if len(accepted) > self._MANY:
            since = max(since, min(event.time - self._SPAN, accepted[-self._MANY - 1]))
        count = sum(start > since for start in accepted)
        # A burst of many is what a second holds; one of few says little, and must not make the pace slow.
        self._peak = count / max(event.time - since, self._SPAN if count >= self._FEW else self._SPAN / 20)
        self._measured = True
        agrees = event.peak_before and abs(self._peak / event.peak_before - 1) < self._TOLERANCE
        self._period = max(self._SETTLED_PERIOD, 1.5 * self._MANY / self._peak) if agrees else self._PERIOD
