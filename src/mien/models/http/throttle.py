"""When the next request may start: one throttle per endpoint, shared by all who call it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from mien.models.http.rate_limits import Cubic, Meter, Pace

if TYPE_CHECKING:
    from mien.models.http.replies import Reply


# Statuses by which an endpoint says that it has too much to do, whoever asks; 529 is Anthropic's.
_OVERLOADED = frozenset((503, 529))


class Slot(NamedTuple):
    """A request's leave to be on its way."""

    started: float
    tokens: float


class Window:
    """How many requests may be in flight at once: grows while all goes well, halves on a set-back.

    At first every answer makes room for `_GROWTH` more, so that the window quadruples with each wave: slower
    growth would cost a run at a slow endpoint several times its latency.

    After a set-back it follows `Cubic`: slowly where the endpoint was overloaded by what was in flight,
    fast where it was asked too often, for then `Pace` is what keeps within the limit.
    """

    _START = 32
    _GROWTH = 3
    _KEEP = 0.5
    _PERIOD_OVERLOADED, _PERIOD_REFUSED = 12.0, 2.0

    def __init__(self, most: int, now: float) -> None:
        self._most = most
        self._began = now
        self._size = min(self._START, most)
        self._curve: Cubic | None = None

    def size(self, now: float) -> int:
        """Requests that may be in flight."""
        if self._curve is None:
            return self._size
        return max(1, min(self._most, int(self._curve(now))))

    def grow(self, now: float) -> None:
        """Widen after an answer that others were waiting behind."""
        # The very first answers may overtake the first refusals; growing on them would double those.
        if self._size < self._most and now > self._began + 0.25:
            self._size = min(self._size + self._GROWTH, self._most)

    def halve(self, now: float, *, overloaded: bool) -> None:
        """Narrow after a set-back."""
        period = self._PERIOD_OVERLOADED if overloaded else self._PERIOD_REFUSED
        self._curve = Cubic(self.size(now), self._KEEP, period, now)


class Throttle:
    """Lets requests start, in order, as concurrency, known limits and learnt pace allow.

    Args:
        max_concurrency: most requests in flight at once.
        rpm: requests per minute that the endpoint allows; None where not known.
        tpm: tokens per minute that the endpoint allows; None where not known.
    """

    def __init__(self, max_concurrency: int, rpm: float | None = None, tpm: float | None = None) -> None:
        self._time = asyncio.get_running_loop().time
        self.in_flight = 0
        self.pace = Pace()
        self._window = Window(max_concurrency, self._time())
        self._requests = Meter(rpm) if rpm else None
        self._tokens = Meter(tpm) if tpm else None
        self._queue: deque[tuple[asyncio.Future[Slot], float]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._overload = float("-inf")  # when the last overload was told
        self._refusing_since: float | None = None

    @property
    def load(self) -> int:
        """Requests that are in flight or wait to be."""
        return self.in_flight + len(self._queue)

    def pausing(self) -> float:
        """Seconds for which no request starts, since the endpoint is to be left alone."""
        return max(0.0, self.pace.paused_until - self._time())

    async def start(self, tokens: float = 0.0, *, again: bool = False) -> Slot:
        """Wait for leave to send a request; `finish` must follow.

        Args:
            tokens: expected use, request and answer.
            again: whether the request was sent before; it then goes ahead of those that were not.
        """
        now = self._time()
        if not self._queue and self._wait(now) <= 0:
            return self._admit(now, tokens)
        future: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        if again:
            self._queue.appendleft((future, tokens))
        else:
            self._queue.append((future, tokens))
        self._wake()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # admitted, but nobody is left to send it
                self.in_flight -= 1
                self._wake()
            raise

    def finish(self, slot: Slot, reply: Reply | None = None, retry_after: float | None = None) -> None:
        """Give a slot back and learn from what came of it.

        Args:
            slot: what `start` returned.
            reply: what the endpoint answered; None where nobody waited for it.
            retry_after: seconds that the endpoint asked to wait.
        """
        now = self._time()
        self.in_flight -= 1
        if reply is None:
            pass
        elif reply.limited:
            self._refuse(now)
            if self.pace.refused(now, slot.started, retry_after):
                self._window.halve(now, overloaded=False)
        elif reply.status in _OVERLOADED:
            self._refuse(now)
            if slot.started > self._overload:
                self._overload = now
                self._window.halve(now, overloaded=True)
        elif reply.status:
            self._refusing_since = None
            if self._tokens and reply.tokens_out:
                self._tokens.correct(slot.tokens, reply.tokens_in + reply.tokens_out)
            if self._queue and reply.status < 400:  # who is refused learns nothing of what there is room for
                self._window.grow(now)
        if reply and retry_after is not None and (reply.transient or reply.status in _OVERLOADED):
            self.pace.pause(now, retry_after)
        self._wake()

    def _refuse(self, now: float) -> None:
        if self._refusing_since is None:
            self._refusing_since = now

    def refusing_for(self) -> float:
        """Seconds for which the endpoint has refused all that was sent."""
        return 0.0 if self._refusing_since is None else self._time() - self._refusing_since

    def _wait(self, now: float) -> float:
        """Seconds until a request may start, infinite until one in flight ends; 0 or less for now."""
        if self.in_flight >= self._window.size(now) and self.in_flight:
            return float("inf")
        wait = self.pace.wait(now)
        if self._requests:
            wait = max(wait, self._requests.wait(now))
        if self._tokens:
            wait = max(wait, self._tokens.wait(now))
        return wait

    def _admit(self, now: float, tokens: float) -> Slot:
        self.in_flight += 1
        self.pace.start(now)
        if self._requests:
            self._requests.use(now)
        if self._tokens:
            self._tokens.use(now, tokens)
        return Slot(now, tokens)

    def _wake(self) -> None:
        """Admit who may start, and set a timer for the next."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._queue:
            future, tokens = self._queue[0]
            if future.done():  # cancelled while it waited
                self._queue.popleft()
                continue
            now = self._time()
            wait = self._wait(now)
            if wait > 0:
                if wait != float("inf"):
                    # At least a millisecond: uvloop rounds less to nothing and would spin.
                    self._timer = asyncio.get_running_loop().call_later(max(wait, 0.001), self._wake)
                return
            self._queue.popleft()
            future.set_result(self._admit(now, tokens))
