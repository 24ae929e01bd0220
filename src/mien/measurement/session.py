"""The one way to the models: store, transport and models, opened once and closed together."""

from __future__ import annotations

import asyncio
import math
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self, TypeVar

from mien.errors import UsageError, notify
from mien.measurement.batches import BatchedCalls, Batching
from mien.measurement.calls import Calls, Progress
from mien.models.client import Transport
from mien.models.http.chat import Chat
from mien.models.http.served import BATCHES_AT, SERVED, Served
from mien.models.inprocess.loading import Hardware
from mien.models.prefixes import bare
from mien.models.usage import Limits, account
from mien.runs.run import store_path
from mien.store.copies import Copier
from mien.store.file_systems import shared_file_system
from mien.store.machines import MACHINE, is_local, this_machine
from mien.store.schema import explained, upgrade
from mien.store.store import LOCK_TIMEOUT, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from pathlib import Path

    from mien.models import Model
    from mien.models.http.batches.service import Service
    from mien.store.copies import Copies

QUIRK_SCHEMA = "json_schema"  # the name under which the store remembers what an endpoint takes

_ON_SHARED = (
    "lies on a file system that machines share ({kind}), where two of them can damage it and a lock may be "
    "none: give a --store on a disk of this machine, and this place as --copy-to"
)

Outcome = TypeVar("Outcome")


class Session:
    """Where models are opened, and their calls kept: whatever calls models does so through one.

    >>> session = Session("mien.db", limits=Limits(max_cost=2))
    >>> async with session:  # doctest: +SKIP
    ...     model = session.open("openrouter/z-ai/glm-4.5-air")
    ...     call = await session.calls(1).ask(model, request)

    Everything is closed at the end of the block, however it ends, and the store then knows what was learnt
    about the endpoints. A session may be opened again: its budget holds over all of it. A store of an older
    mien is upgraded at once, so that what it holds can be read before anything is asked.

    Args:
        store: the store's file; default: ``MIEN_STORE`` or ``mien.db``.
        limits: concurrency, rates and budget.
        hardware: where and how models in this process run.
        served: where models are that go by their names.
        copies: where the store is copied to meanwhile, if anywhere.
        on_progress: called a few times a second, and at the end of each stage.
        batching: to make calls in providers' batches where there are any, and how; None: live.

    Attributes:
        path: the store's file.
        limits: as they were given, less what has been spent by the times that the session was closed.
        progress: how far the latest work is, or came; None before any.
    """

    def __init__(
        self,
        store: str | Path | None = None,
        *,
        limits: Limits = Limits(),
        hardware: Hardware = Hardware(),
        served: Served = Served(),
        copies: Copies | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        batching: Batching | None = None,
    ) -> None:
        self.path = store_path(store)
        self.limits = limits
        self.hardware = hardware
        self.served = served
        self.copies = copies
        self.on_progress = on_progress
        self.batching = batching
        self.progress: Progress | None = None
        self._transport: Transport | None = None
        self._store: Store | None = None
        self._closing = AsyncExitStack()
        self._services: dict[Chat, Service] = {}
        self._opened: dict[Model, bool | None] = {}  # with what was known of them beforehand
        self._under_way: dict[str, asyncio.Future[None]] = {}  # calls, by key
        with explained(self.path):
            upgrade(self.path, lock_timeout=LOCK_TIMEOUT)

    def run(self, work: Callable[[], Coroutine[Any, Any, Outcome]]) -> Outcome:
        """Open, do some work to its end, and close.

        Args:
            work: what is done meanwhile; what it returns is returned.
        """

        async def main() -> Outcome:
            async with self:
                return await work()

        return _run_to_end(main)

    async def __aenter__(self) -> Self:
        self._transport = await self._closing.enter_async_context(
            Transport(self.limits, self.hardware, self.served)
        )
        return self

    async def __aexit__(self, *raised: Any) -> None:
        self.limits = self.limits.less(self.transport.tally)
        self._transport, self._store, self._opened, self._services = None, None, {}, {}
        await self._closing.__aexit__(*raised)

    @property
    def transport(self) -> Transport:
        """The way to the models; there is one while the session is open."""
        if self._transport is None:
            raise RuntimeError("a Session is used inside `async with`, or in what its `run` is given")
        return self._transport

    @property
    def store(self) -> Store:
        """The open store. It is opened once it is needed: where a model's name is wrong, no file is made."""
        if self._store is None:
            if kind := shared_file_system(self.path):
                notify(str(self.path), [_ON_SHARED.format(kind=kind)])
            if self.copies:
                self._closing.callback(Copier(self.path, self.copies).close)
            store = self._closing.enter_context(Store(self.path))
            self._closing.callback(_remember, store, self._opened)
            for model in self._opened:
                _recall(store, model)
            self._store = store
        return self._store

    def open(self, spec: str) -> Model:
        """The model that a spec names, as far as the store knows its endpoint; see `Transport.open`.

        Raises:
            UsageError: there is no such model or provider, or what it needs is missing.
        """
        model = self.transport.open(spec)
        if model not in self._opened:
            self._opened[model] = model.supports_schema
            if self._store:
                _recall(self._store, model)
        return model

    async def release(self, spec: str) -> None:
        """Let go of a model in this process, and of its memory; nobody may be asking it any more."""
        self._opened.pop(self.transport.open(spec), None)
        await self.transport.release(spec)

    async def open_batches(self, *models: Model) -> None:
        """Find the batches of models' endpoints, where calls are to be made in batches.

        Raises:
            UsageError: none of the models has any, and some are wanted; or a model has some at an address
                that is another now.
        """
        if self.batching is None:
            return
        without: list[str] = []
        for chat in models:
            if isinstance(chat, Chat) and bare(chat.name) != chat.name:
                without.append(f"{chat.name}: log-probabilities are read live; leave out --batch")
            elif isinstance(chat, Chat):
                try:
                    self._services[chat] = await self.transport.batches(chat)
                except UsageError as error:
                    without.append(str(error))
        if self.batching.required and not any(chat in self._services for chat in models):
            raise UsageError(
                without[0] if without else "models in this process have no batches; leave out --batch"
            )
        notify("--batch", [f"{one.partition(';')[0]}, and is asked live" for one in without])
        for chat in self._services:
            if chat.address == SERVED:
                _keep_place(self.store, chat)

    def calls(self, total: int, unit: str = "trial", *, live: bool = False) -> Calls:
        """Calls to be made for so many items, which ``unit`` names in the singular; in batches where it may.

        Args:
            total: how many items.
            unit: what one is.
            live: that they are made at once in any case.
        """
        self.progress = Progress(total=total, tally=account(self.transport.tally), unit=unit)
        if self.batching and self._services and not live:
            return BatchedCalls(
                self.store,
                self.progress,
                self.on_progress,
                services=self._services,
                batching=self.batching,
                under_way=self._under_way,
            )
        return Calls(self.store, self.progress, self.on_progress, under_way=self._under_way)

    def workers(self, *models: Model) -> int:
        """How many items to have under way: enough to keep every address busy, with some in reserve.

        Many more would only wait, and have their responses judged late.
        """
        places = {place for model in models for place in model.places}
        return math.ceil(1.1 * sum(self.limits.speed(place).max_concurrency for place in places))


def _keep_place(store: Store, chat: Chat) -> None:
    """Remember where the batches are of a model that goes by its name; only there can they be collected."""
    (here,) = chat.places
    there = store.quirk(chat.address, chat.model, BATCHES_AT)
    if there not in (None, here) and any(batch.spec == chat.name for batch in store.batches.open()):
        raise UsageError(
            f"batches of {chat.name} are at {there}, and it is now said to be at {here}: collect them first, "
            f"by --served-by {chat.name}={there} or `mien batches --collect`"
        )
    chat.learnt[BATCHES_AT] = here
    store.set_quirk(chat.address, chat.model, BATCHES_AT, here)


def _recall(store: Store, model: Model) -> None:
    """Tell a model what the store knows of its endpoint, and the store on which machine that is."""
    learnt = store.quirks(model.address, model.model)
    machines = {name for name in learnt if name.startswith(MACHINE)}
    if is_local(model.address):
        here = f"{MACHINE}{this_machine()}"
        if machines and here not in machines:
            told = "was asked on another machine, too: its answers there count as this model's"
            notify(model.name, [told])
        store.set_quirk(model.address, model.model, here, "yes")
    learnt = {name: value for name, value in learnt.items() if name not in machines}
    if learnt.pop(QUIRK_SCHEMA, "") == "no":
        model.supports_schema = False
    model.learnt |= learnt


def _remember(store: Store, models: Mapping[Model, bool | None]) -> None:
    """Keep what was learnt about the models' endpoints."""
    for model, before in models.items():
        learnt = dict(model.learnt)
        if model.supports_schema is False and before is not False:
            learnt[QUIRK_SCHEMA] = "no"
        for name, value in learnt.items():
            store.set_quirk(model.address, model.model, name, value)


def _run_to_end(main: Callable[[], Coroutine[Any, Any, Outcome]]) -> Outcome:
    """Run to the end, also where an event loop is running already, as in a notebook."""
    loop_factory = None
    if sys.platform != "win32":
        import uvloop

        loop_factory = uvloop.new_event_loop

    def run() -> Outcome:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(main())

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run()
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(run).result()
