"""The throttle against limiters of many kinds, on a clock that jumps; and once in real time."""

from __future__ import annotations

import asyncio
import collections
import math
import random
import selectors
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mien.models.client import Transport
from mien.models.http.replies import Reply
from mien.models.http.throttle import Throttle
from mien.testing import ScriptedServer
from mien.types import Message, Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

#: Told the time of a request; how long it is too early, 0 where it is let through.
Limiter = "Callable[[float], float]"


class Clock(selectors.DefaultSelector):
    """Time that jumps to the next timer instead of passing."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += timeout or 0.0
        return super().select(0)


def simulate(main: Coroutine[Any, Any, Any]) -> Any:
    clock = Clock()
    loop = asyncio.SelectorEventLoop(clock)
    loop.time = lambda: clock.now  # type: ignore[method-assign]
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


def sliding(limit: int, seconds: float = 1.0, later: tuple[float, int] = (math.inf, 0)) -> Limiter:
    """At most so many in any span; another limit from some time on."""
    passed: collections.deque[float] = collections.deque()

    def wait(now: float) -> float:
        while passed and passed[0] <= now - seconds:
            passed.popleft()
        if len(passed) >= (later[1] if now >= later[0] else limit):
            return passed[0] + seconds - now
        passed.append(now)
        return 0.0

    return wait


def bucket(rate: float, capacity: float) -> Limiter:
    """A token bucket, full at first."""
    level, last = capacity, 0.0

    def wait(now: float) -> float:
        nonlocal level, last
        level, last = min(capacity, level + (now - last) * rate), now
        if level < 1:
            return (1 - level) / rate
        level -= 1
        return 0.0

    return wait


def fixed(limit: int, seconds: float) -> Limiter:
    """At most so many in each span of the clock."""
    counts: collections.Counter[int] = collections.Counter()

    def wait(now: float) -> float:
        span = int(now // seconds)
        counts[span] += 1
        return (span + 1) * seconds - now if counts[span] > limit else 0.0

    return wait


def at_random(share: float) -> Limiter:
    return lambda now: 0.5 if random.random() < share else 0.0


async def run(
    limiter: Limiter, n_jobs: int, latency: float, retry_after: str | None, **limits: Any
) -> tuple[float, float]:
    """Complete all jobs; the time that took, and the share of requests that were refused."""
    loop = asyncio.get_running_loop()
    throttle = Throttle(limits.pop("max_concurrency", 256), **limits)
    refused = 0

    async def job() -> None:
        nonlocal refused
        again = False
        while True:
            slot = await throttle.start(100, again=again)
            await asyncio.sleep(0.02)
            if not (wait := limiter(loop.time())):
                break
            refused, again = refused + 1, True
            await asyncio.sleep(0.02)
            told = {None: None, "integer": math.ceil(wait), "exact": wait}[retry_after]
            throttle.finish(slot, Reply(status=429, limited=True), told)
        await asyncio.sleep(latency - 0.02)
        throttle.finish(slot, Reply(status=200, tokens_in=50, tokens_out=50))

    await asyncio.gather(*(job() for _ in range(n_jobs)))
    assert throttle.in_flight == 0
    return loop.time(), refused / (n_jobs + refused)


@pytest.mark.parametrize("retry_after", [None, "integer", "exact"])
@pytest.mark.parametrize(
    ("make", "n_jobs", "latency", "ideal", "slower", "most_refused"),
    [
        # What the limiter is; jobs; their latency; seconds at best; times that; share refused.
        (lambda: sliding(20), 600, 0.05, 30, 1.2, 0.1),
        (lambda: fixed(20, 1), 600, 0.05, 30, 1.2, 0.1),
        (lambda: bucket(20, 20), 600, 0.05, 29, 1.2, 0.1),
        (lambda: bucket(20, 1), 600, 0.05, 30, 2.0, 0.1),
        (lambda: bucket(20, 20), 2000, 10, 110, 1.2, 0.1),
        (lambda: bucket(500 / 60, 500), 1500, 0.05, 120, 1.1, 0.25),
        (lambda: fixed(500, 60), 2000, 1, 180, 1.4, 0.2),
        (lambda: sliding(500), 5000, 0.5, 10, 1.5, 0.1),
        # The limit doubles: 300 jobs, then the rest at twice the pace; found within a minute.
        (lambda: sliding(20, later=(15, 40)), 2400, 0.05, 67.5, 1.35, 0.1),
        (lambda: sliding(40, later=(15, 20)), 1200, 0.05, 45, 1.35, 0.1),
    ],
)
def test_a_limit_that_nobody_told_is_learnt(
    make: Callable[[], Limiter],
    n_jobs: int,
    latency: float,
    ideal: float,
    slower: float,
    most_refused: float,
    retry_after: str | None,
):
    random.seed(1)
    seconds, refused = simulate(run(make(), n_jobs, latency, retry_after))
    assert seconds <= slower * ideal
    assert refused <= most_refused


def test_refusals_at_random_don_t_bring_the_endpoint_to_a_halt():
    random.seed(1)
    seconds, _ = simulate(run(at_random(0.3), 600, 0.05, None))
    assert seconds < 30


def test_limits_that_the_user_knows_are_never_refused():
    seconds, refused = simulate(run(sliding(120, 60), 360, 0.5, None, rpm=120))
    assert refused == 0
    assert seconds == pytest.approx(180, rel=0.02)
    seconds, _ = simulate(run(sliding(10**6), 360, 0.5, None, tpm=12_000))  # 100 tokens each
    assert seconds == pytest.approx(180, rel=0.03)


def test_concurrency_starts_low_grows_and_is_capped():
    async def main(max_concurrency: int) -> list[int]:
        throttle = Throttle(max_concurrency)
        peaks: list[int] = []

        async def job() -> None:
            slot = await throttle.start()
            peaks.append(throttle.in_flight)
            await asyncio.sleep(0.3)
            throttle.finish(slot, Reply(status=200))

        await asyncio.gather(*(job() for _ in range(2000)))
        return peaks

    peaks = simulate(main(300))
    assert max(peaks[:32]) == 32
    assert max(peaks[:160]) <= 128
    assert max(peaks) == 300
    assert max(simulate(main(5))) == 5


def test_an_overloaded_endpoint_is_asked_for_half_as_much():
    async def main() -> tuple[int, float]:
        throttle = Throttle(256)
        slots = [await throttle.start() for _ in range(32)]
        for slot in slots:
            throttle.finish(slot, Reply(status=503), 2.0)
        began = asyncio.get_running_loop().time()
        waiting = [asyncio.ensure_future(throttle.start()) for _ in range(32)]
        await waiting[0]
        waited = asyncio.get_running_loop().time() - began
        await asyncio.sleep(0)
        in_flight = throttle.in_flight
        for future in waiting:
            future.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return in_flight, waited

    in_flight, waited = simulate(main())
    assert 16 <= in_flight <= 24
    assert waited == pytest.approx(2)


def test_refusals_make_no_room_for_more():
    async def main(status: int) -> int:
        throttle = Throttle(256)
        slots = [await throttle.start() for _ in range(32)]
        waiting = [asyncio.ensure_future(throttle.start()) for _ in range(256)]
        await asyncio.sleep(1)
        for slot in slots[:16]:
            throttle.finish(slot, Reply(status=status))
        in_flight = throttle.in_flight
        for future in waiting:
            future.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return in_flight

    assert simulate(main(200)) == 32 + 3 * 16
    assert simulate(main(401)) == 32


def test_whoever_gives_up_waiting_holds_nobody_else_up():
    async def main() -> None:
        throttle = Throttle(1)
        first = await throttle.start()
        second = asyncio.ensure_future(throttle.start())
        third = asyncio.ensure_future(throttle.start())
        await asyncio.sleep(0)
        throttle.finish(first)  # admits the second, which is cancelled before it can go
        second.cancel()
        throttle.finish(await third)
        assert throttle.in_flight == 0

    simulate(main())


def test_a_refused_request_goes_ahead_of_new_ones():
    async def main() -> list[str]:
        throttle = Throttle(1)
        order: list[str] = []

        async def job(name: str, again: bool) -> None:
            slot = await throttle.start(again=again)
            order.append(name)
            throttle.finish(slot)

        slot = await throttle.start()
        jobs = [asyncio.ensure_future(job(name, name == "again")) for name in ("a", "b", "again")]
        await asyncio.sleep(0)
        throttle.finish(slot)
        await asyncio.gather(*jobs)
        return order

    assert simulate(main()) == ["again", "a", "b"]


RATE, CALLS = 20, 400  # a second; what takes twenty


class Lateness:
    """How long other programs kept the processor while this one would have gone on, in seconds."""

    seconds = 0.0

    @asynccontextmanager
    async def counted(self) -> AsyncIterator[None]:
        counting = asyncio.create_task(self._count())
        try:
            yield
        finally:
            counting.cancel()

    async def _count(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.05)
            self.seconds += time.perf_counter() - before - 0.05


@pytest.mark.slow
@pytest.mark.parametrize("retry_after", [None, 1])
def test_a_hard_server_in_real_time(retry_after: float | None):
    async def main(model: str) -> tuple[float, int]:
        async with Transport() as transport:
            chat = transport.chat(model)
            message = Message(role="user", content="Hello")
            late = Lateness()
            began = time.perf_counter()
            async with late.counted():
                calls = await asyncio.gather(
                    *(chat.complete(Request(messages=(message,), replicate=i)) for i in range(CALLS))
                )
            assert all(call.answered for call in calls)
            return time.perf_counter() - began - late.seconds, transport.tally.throttled

    with ScriptedServer(latency=0.05, rate_limit=RATE, retry_after=retry_after) as server:
        seconds, throttled = asyncio.run(main(server.model))
    print(f"{seconds:.1f} s, {throttled / (CALLS + throttled):.1%} of requests refused")  # noqa: T201
    assert seconds <= 1.5 * CALLS / RATE  # 1.2 on a machine that has nothing else to do
    assert throttled <= 0.1 * (CALLS + throttled)
