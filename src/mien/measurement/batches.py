"""Calls made in providers' batches: what a pass over the trials lacks is sent together, and it begins again.

A step that needs a call which the store lacks writes down what it wants and is put off. What was wanted goes
into batches (`mien.measurement.batch_post`), and once these are in, the steps that were put off are taken
again and find their calls in the store as if somebody had made them before. So answers come in one batch and
verdicts in the next; what a judge asks for a second time, later turns, and what a batch did not carry out
come in further ones, by the same road.

The first request of each kind to a model is made at once: what its endpoint takes otherwise, or that it takes
nothing, is learnt by one call, not by thousands. What a batch carried out and failed at is made at once, too,
with all that live calls have; and so is what is too little to wait for.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mien.errors import BudgetReached
from mien.formatting import counted, enumerated
from mien.measurement.batch_post import Post
from mien.measurement.calls import Calls
from mien.models.http.chat import Chat

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from mien.measurement.calls import Item, Progress
    from mien.models import Model
    from mien.models.http.batches.service import Service
    from mien.store.store import Store
    from mien.types import Call, Request

#: Requests to a model in one pass that are made at once, where they are no more than a tenth of all items.
FEW: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """That calls are made in providers' batches, and how.

    Attributes:
        wait: whether to wait for them; else what is wanted now is sent, and the work ends as stopped.
        required: whether to refuse a run of which neither model nor judge has any; else it is made live.
    """

    wait: bool = True
    required: bool = True


# What one answer tells something about: a model, and whether it is asked under a schema.
_Kind = tuple["Model", bool]


class _PutOff(Exception):
    """A call that a step needs is on its way in a batch, or will be."""


class BatchedCalls(Calls):
    """Makes calls in batches where their endpoint has any, and live where it has none.

    Args:
        store: keeps them.
        progress: is kept up to date.
        on_progress: told of it now and then.
        services: the models that have batches, with those of their endpoints.
        batching: how.
        under_way: see `Calls`.
    """

    def __init__(
        self,
        store: Store,
        progress: Progress,
        on_progress: Callable[[Progress], None] | None,
        *,
        services: Mapping[Chat, Service],
        batching: Batching,
        under_way: dict[str, asyncio.Future[None]] | None = None,
    ) -> None:
        super().__init__(store, progress, on_progress, under_way=under_way)
        self._in_batches.clear()  # what is in one is waited for
        self._batching = batching
        self._services = services
        self._post = Post(store, services, progress, self.report)
        self._known: set[_Kind] = set()  # of what has been answered
        self._first: defaultdict[_Kind, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._at_once = set[str]()  # keys of calls that are made live
        self._settled = set[str]()  # keys of calls that failed, and are not made again in this process
        self._needed = set[str]()  # names of the batches that steps were put off for

    async def ask(self, model: Model, request: Request) -> Call:
        """Answer from the store where it has one; else live, or put the step off for a batch."""
        if not (isinstance(model, Chat) and model in self._services):
            return await super().ask(model, request)
        key, kind = model.key(request), (model, request.schema is not None)
        call = self.store.call(key)
        settled = key in self._settled or (key in self._post.brought and key not in self._post.failed)
        if call and (call.answered or settled):
            self._known.add(kind)
            self.progress.reused += key not in self._post.brought
            await asyncio.sleep(0)
            return call
        if batch := self._post.awaited.get(key):
            self._needed.add(batch)
            raise _PutOff
        if key in self._at_once or key in self._post.failed:
            return await self._ask_live(model, request)
        if kind not in self._known:
            async with self._first[kind]:
                if kind not in self._known:
                    return await self._ask_live(model, request)
        self._post.want(model, request, key)
        raise _PutOff

    async def _ask_live(self, model: Model, request: Request) -> Call:
        call = await super().ask(model, request)
        if call.answered:
            self._known.add((model, request.schema is not None))
        else:
            self._settled.add(call.key)
        self.store.flush()  # for the next pass to find it
        return call

    async def carry_out(
        self, step: Callable[[Item], Awaitable[bool]], items: Iterable[Item], *, workers: int
    ) -> None:
        """Take every item through a step, in as many passes as that takes; see `Calls.carry_out`.

        Where batches are not waited for, or a budget is reached, ``progress.stopped`` says so.

        Raises:
            EndpointRefused: an endpoint, or all that a batch held, is given up.
            MienError: whatever else a step raises.
        """
        put_off: list[Item] = []

        async def taken(item: Item) -> bool:
            try:
                return await step(item)
            except _PutOff:
                put_off.append(item)
                return True

        await self._post.open()
        remaining = [*items]
        while remaining:
            put_off.clear()
            self._needed.clear()
            await super().carry_out(taken, remaining, workers=workers)
            self.progress.done -= len(put_off)
            remaining = [*put_off]
            if not remaining or self.progress.stopped:
                return
            await self._exchange()
            if self.progress.stopped:
                self.report()
                return

    async def _exchange(self) -> None:
        """Send what the pass wanted, and wait for it and for what it found on its way."""
        few = min(FEW, self.progress.total // 10)
        self._at_once |= self._post.take_few(few)
        self._needed |= self._post.commit()
        stopped = ""
        try:
            await self._post.send(self._needed)
        except BudgetReached as reached:
            stopped = str(reached)
        on_their_way = self._post.sent(self._needed)
        if on_their_way and self._batching.wait:
            await self._post.wait(self._needed)
        elif on_their_way:
            named = enumerated(on_their_way, 3)
            self.progress.stopped = f"{counted(len(on_their_way), 'batch')} at the provider: {named}"
        elif stopped:
            self.progress.stopped = stopped
        elif others := self._post.of_others(self._needed):
            named = enumerated(others, 3)
            self.progress.stopped = f"calls are in batches that another model's name was given for ({named})"
