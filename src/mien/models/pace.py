"""How fast an endpoint may be asked: limits that the user knows, and limits that only refusals tell.

Pure logic: every method takes the time (seconds on any monotonic clock) and none reads it.
"""

from __future__ import annotations

import math
import random
from collections import deque
from contextlib import suppress

# Timers fire late by up to some milliseconds. A start that came late by no more than this is
# made up for by the next one, so that lateness does not add up to a lower rate.
_SLACK = 0.02


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
        self._free = max(self._free, now - _SLACK) + amount * self._interval

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


class Pace:
    """The rate at which an endpoint accepts requests, learnt from those that it refuses.

    Unlimited until the first refusal. Requests that were on their way when a refusal arrived belong to
    the same event; an event pauses the endpoint and sets the pace to just below the rate that was
    accepted before it. From there the pace follows `Cubic`.
    """

    _KEEP = 0.95
    _PERIOD = 12.0  # a limit that doubles is found in about 3.7 periods
    _SPAN = 5.0  # seconds over which the accepted rate is measured, where calls are frequent
    _FEW, _MANY = 5, 20  # accepted requests: too few to tell a rate from; enough, however long they took
    _SHORTEST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0

    def __init__(self) -> None:
        self._starts: deque[float] = deque(maxlen=1024)  # of requests that were not refused
        self._curve: Cubic | None = None
        self._free = -math.inf
        self._paused_until = -math.inf
        self._peak = self._peak_before = math.inf
        self._since = -math.inf  # where the present measurement begins
        self._event = self._event_before = -math.inf  # when an event's first refusal arrived
        self._measured = False  # whether the present event told a rate
        self._futile = self._futile_before = 0  # events in a row with nothing accepted between them
        self._jitter = 1.0

    def wait(self, now: float) -> float:
        """Seconds until the next request may start; 0 or less for now."""
        return max(self._free, self._paused_until) - now

    def rate(self, now: float) -> float:
        """Requests per second."""
        return self._curve(now) if self._curve else math.inf

    def start(self, now: float) -> None:
        """Record that a request starts now."""
        if not self._starts and self._event == -math.inf:
            self._since = math.nextafter(now, -math.inf)
        self._starts.append(now)
        if self._curve:
            self._free = max(self._free, now - _SLACK) + 1 / self._curve(now)

    def pause(self, now: float, seconds: float) -> None:
        """Let no request start for some seconds."""
        self._paused_until = max(self._paused_until, now + seconds)

    def refused(self, now: float, started: float, retry_after: float | None = None) -> bool:
        """Learn from the refusal of a request that had started at some time.

        Returns:
            Whether it opens a new event.
        """
        with suppress(ValueError):
            self._starts.remove(started)
        is_new = started > self._event
        if is_new:
            self._open(now)
        self._measure()
        backoff = min(self._SHORTEST_PAUSE * 2**self._futile, self._LONGEST_PAUSE) * self._jitter
        self.pause(now, backoff if retry_after is None else retry_after)
        self._curve = Cubic(self._peak, self._KEEP, self._PERIOD, self._paused_until)
        return is_new

    def _open(self, now: float) -> None:
        if self._measured:
            self._since = self._event
        self._event_before, self._event = self._event, now
        self._peak_before, self._futile_before = self._peak, self._futile
        self._jitter = random.uniform(0.75, 1.25)

    def _measure(self) -> None:
        """Take the accepted rate up to the event, less what has turned out to be refused since."""
        accepted = [start for start in self._starts if self._since < start <= self._event]
        progress = bool(accepted) and accepted[-1] > self._event_before
        self._futile = 0 if progress else self._futile_before + 1
        self._measured = len(accepted) >= self._FEW or math.isinf(self._peak_before)
        if not self._measured:
            # That the pause was too short does not mean that the pace was too high. What was accepted
            # counts towards the next event's measurement.
            self._peak = self._peak_before
            return
        since = self._since
        if len(accepted) > self._MANY:
            since = max(since, min(self._event - self._SPAN, accepted[-self._MANY - 1]))
        count = sum(start > since for start in accepted)
        self._peak = max(count, 1) / max(self._event - since, 1.0)
