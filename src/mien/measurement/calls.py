"""Calls under way: many at a time, each looked up in the store before it is made."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from mien.errors import BudgetReached, EndpointRefused, UsageError, notify
from mien.models.http.served import SERVED
from mien.runs.truncation import bytes_of, cut_at

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from mien.models import Model
    from mien.models.http.batches.service import Standing
    from mien.models.usage import Tally
    from mien.stats.design.stopping import Check
    from mien.store.store import Store
    from mien.types import Call, Request

TICK = 0.2  # seconds between two reports of progress
_LOOKS = (20, 60, 180)  # requests to a model after which their lengths are looked at
_GLANCE = 0.02  # seconds between two looks at what is on its way

Item = TypeVar("Item")


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
        batches: where the batches stand that are waited for, by the provider's names.
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
    batches: dict[str, Standing] = field(default_factory=dict[str, "Standing"])


class Calls:
    """Makes calls, many at a time, and none that the store has already.

    Args:
        store: keeps them.
        progress: is kept up to date.
        on_progress: told of it a few times a second, and at the end.
        under_way: calls that are being made, by key, where others make some in the same store.
    """

    def __init__(
        self,
        store: Store,
        progress: Progress,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        under_way: dict[str, asyncio.Future[None]] | None = None,
    ) -> None:
        self.store = store
        self.progress = progress
        self._in_batches = store.batches.awaited("sending", "sent")
        self._sizes: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)  # bytes and tokens, by model
        self._on_progress = on_progress
        self._under_way = {} if under_way is None else under_way

    async def ask(self, model: Model, request: Request) -> Call:
        """Answer from the store where it has one, else from the model; a failed call is made again."""
        key = model.key(request)
        while other := self._under_way.get(key):
            await asyncio.wait([other])
        call = self.store.call(key)
        if call and call.answered:
            self.progress.reused += 1
            await asyncio.sleep(0)  # a run that finds everything in the store lets others have a turn, too
            return call
        self._require_not_in_a_batch(model, request)
        made = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            call = await model.complete(request)
            self.store.put_call(call)
        finally:
            del self._under_way[key]
            made.set_result(None)
        self._look(model, request, call)
        return call

    def _require_not_in_a_batch(self, model: Model, request: Request) -> None:
        """Refuse to ask for what has been asked for: it will have to be paid for in any case.

        Raises:
            UsageError: the call is in a batch.
        """
        if self._in_batches and (batch := self._in_batches.get(model.key(request))):
            raise UsageError(
                f"{model.name}: this is asked for in a batch that has not been collected ({batch}): add "
                f"--batch to wait for it, or give it up: mien batches {batch} --cancel"
            )

    def _look(self, model: Model, request: Request, call: Call) -> None:
        """Warn while there is time where a model's server cuts what it is asked."""
        sizes = self._sizes[model.name]
        if not call.answered or not call.tokens_in or len(sizes) >= _LOOKS[-1]:
            return
        sizes.append((bytes_of(message["content"] for message in request.messages), call.tokens_in))
        if len(sizes) not in _LOOKS or not model.address.startswith(("http", SERVED)):
            return
        if cut := cut_at(sizes):
            self._sizes[model.name] = [(0, 0)] * _LOOKS[-1]  # that is said once
            told = (
                f"its server counts {cut:,} tokens in requests that are longer: it cuts them at its context "
                "length, and what is read so is worth nothing. Stop this (Ctrl-C), and raise that first"
            )
            notify(model.name, [told])

    async def carry_out(
        self, step: Callable[[Item], Awaitable[bool]], items: Iterable[Item], *, workers: int
    ) -> None:
        """Take every item through a step that tells whether it brought its result, ``workers`` at a time.

        Where a budget is reached, what is under way is finished, and ``progress.stopped`` says so.

        Raises:
            EndpointRefused: an endpoint is given up. What had been asked by then is awaited and kept: it may
                have been paid for.
            MienError: whatever else a step raises; steps under way are cancelled.
        """
        remaining = iter(items)
        refused: EndpointRefused | None = None

        async def work() -> None:
            nonlocal refused
            for item in remaining:
                if self.progress.stopped or refused:
                    return
                try:
                    brought = await step(item)
                except BudgetReached as reached:
                    self.progress.stopped = str(reached)
                    return
                except EndpointRefused as error:
                    if refused is None:
                        refused = error
                        group.create_task(self._wind_up(error, workers_at_it))
                    return
                self.progress.done += 1
                self.progress.failed += not brought

        reporter = asyncio.create_task(self._report())
        try:
            async with asyncio.TaskGroup() as group:
                workers_at_it = [group.create_task(work()) for _ in range(workers)]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            self.progress.tally.refusal = ""
            reporter.cancel()
            self.report()
        if refused:
            raise refused from None

    async def _wind_up(self, refused: EndpointRefused, workers: Sequence[asyncio.Task[None]]) -> None:
        """Let no request begin, wait for those on their way, and end who waits for anything else."""
        tally = self.progress.tally
        tally.refusal = str(refused)
        while tally.on_their_way:
            await asyncio.wait(workers, timeout=_GLANCE)
        for worker in workers:
            worker.cancel()

    def report(self) -> None:
        """Tell how far it is."""
        if self._on_progress:
            self._on_progress(self.progress)

    async def _report(self) -> None:
        while self._on_progress:
            self.report()
            await asyncio.sleep(TICK)
