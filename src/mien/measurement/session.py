"""Calls under way: within limits, many at a time, each looked up in the store before it is made."""

from __future__ import annotations

import asyncio
import math
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from mien.errors import BudgetReached
from mien.models.client import Transport
from mien.models.http.providers import Price

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from mien.models import Model
    from mien.models.inprocess.loading import Hardware
    from mien.models.usage import Tally
    from mien.stats.design.stopping import Check
    from mien.store.store import Store
    from mien.types import Call, Request

TICK = 0.2  # seconds between two reports of progress
QUIRK_SCHEMA = "json_schema"  # the name under which the store remembers what an endpoint takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast, how long and how dear a run may get; see `mien.models.client.Transport`.

    Attributes:
        price_in: US dollars per million tokens of requests, where the endpoint does not say.
        price_out: US dollars per million tokens of answers.
    """

    max_concurrency: int = 256
    rpm: float | None = None
    tpm: float | None = None
    max_calls: int | None = None
    max_cost: float | None = None
    price_in: float | None = None
    price_out: float | None = None
    timeout: float = 600


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes:
        total: trials to go through; under a stop rule, until its next check.
        done: trials gone through, whatever came of them.
        failed: of these, trials without a verdict.
        unit: what is counted, where it is not trials, in the singular.
        reasons: why these have none, and how many times: the model's failures and the judge's.
        reused: calls that the store had already.
        stopped: why the run stopped before its end; empty where it did not.
        check: what the run's stop rule found last.
        tally: calls made, tokens, cost.
    """

    total: int
    tally: Tally
    done: int = 0
    failed: int = 0
    unit: str = "trial"
    reused: int = 0
    stopped: str = ""
    check: Check | None = None
    reasons: Counter[str] = field(default_factory=Counter[str])


Item = TypeVar("Item")


class Calls:
    """Makes calls, many at a time, and none that the store has already.

    Args:
        store: keeps them.
        progress: is kept up to date.
    """

    def __init__(self, store: Store, progress: Progress) -> None:
        self._store = store
        self.progress = progress

    async def ask(self, model: Model, request: Request) -> Call:
        """Answer from the store where it has one, else from the model; a failed call is made again."""
        call = self._store.call(model.key(request))
        if call and call.answered:
            self.progress.reused += 1
            await asyncio.sleep(0)  # a run that finds everything in the store lets others have a turn, too
            return call
        call = await model.complete(request)
        self._store.put_call(call)
        return call

    async def carry_out(
        self,
        step: Callable[[Item], Awaitable[bool]],
        items: Iterable[Item],
        *,
        workers: int,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        """Take every item through a step that tells whether it brought its result, ``workers`` at a time.

        Where a budget is reached, what is under way is finished, and ``progress.stopped`` says so.

        Raises:
            MienError: whatever else a step raises; steps under way are cancelled.
        """
        remaining = iter(items)

        async def work() -> None:
            for item in remaining:
                if self.progress.stopped:
                    return
                try:
                    brought = await step(item)
                except BudgetReached as reached:
                    self.progress.stopped = str(reached)
                    return
                self.progress.done += 1
                self.progress.failed += not brought

        reporter = asyncio.create_task(self._report(on_progress)) if on_progress else None
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(work())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            if reporter and on_progress:
                reporter.cancel()
                on_progress(self.progress)

    async def _report(self, on_progress: Callable[[Progress], None]) -> None:
        while True:
            on_progress(self.progress)
            await asyncio.sleep(TICK)


def open_transport(limits: Limits, hardware: Hardware) -> Transport:
    """The way to the models, within limits."""
    price = None
    if limits.price_in is not None or limits.price_out is not None:
        price = Price(limits.price_in or 0.0, limits.price_out or 0.0)
    return Transport(
        max_concurrency=limits.max_concurrency,
        rpm=limits.rpm,
        tpm=limits.tpm,
        max_calls=limits.max_calls,
        max_cost=limits.max_cost,
        price=price,
        timeout=limits.timeout,
        hardware=hardware,
    )


def count_workers(limits: Limits, *models: Model) -> int:
    """How many trials to have under way: enough to keep every address busy, with some in reserve.

    Many more would only wait, and have their responses judged late.
    """
    addresses = {model.address for model in models}
    return math.ceil(1.1 * len(addresses) * limits.max_concurrency)


def run_to_end(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run to the end, also where an event loop is running already, as in a notebook."""
    loop_factory = None
    if sys.platform != "win32":
        import uvloop

        loop_factory = uvloop.new_event_loop

    def run() -> None:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(main())

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        run()
        return
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(run).result()


def recall_quirk(store: Store, model: Model) -> None:
    """Tell a model what the store knows of its endpoint."""
    if model.supports_schema is None and store.quirk(model.address, model.model, QUIRK_SCHEMA) == "no":
        model.supports_schema = False


def remember_quirk(store: Store, model: Model) -> None:
    """Keep what was learnt about a model's endpoint."""
    if model.supports_schema is False:
        store.set_quirk(model.address, model.model, QUIRK_SCHEMA, "no")
