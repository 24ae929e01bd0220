"""Batches between the store and their providers: committed, sent once, found again, waited for, collected.

The order of things is what keeps a request from being paid for twice. A batch is committed with all that it
holds; its file is brought to the provider; that it is about to be made is committed; it is made; its name at
the provider is committed. A process that was killed before the third step has made nothing. One that was
killed after it may have: the provider is then asked for the batch of this name, and it is made only where
there is none. Anthropic keeps no names, and is asked for those of as many requests; their results tell which
it is.
Requests leave the batch in the store only after all that came of it is there.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections import defaultdict
from contextlib import asynccontextmanager, closing
from typing import IO, TYPE_CHECKING, Final

from mien.errors import BudgetReached, EndpointRefused, notify
from mien.formatting import counted
from mien.models.http.batches.desk import Unanswered
from mien.models.http.batches.service import PRICE_SHARE
from mien.models.http.chat import Chat
from mien.types import BatchRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from collections.abc import Set as AbstractSet

    from mien.measurement.calls import Progress
    from mien.models.http.batches.service import Result, Service, Standing
    from mien.store.batches import BatchRecord
    from mien.store.store import Store
    from mien.types import Request

#: Seconds after the making of a batch in which a provider may not list it yet.
SETTLING: Final = 30.0

_FIRST_LOOK, _LONGEST_LOOK = 0.2, 60.0  # seconds between two looks at a batch
_LINE = 200  # bytes at most that a request takes in a batch beside its body


class Post:
    """Carries batches between a store and their providers.

    Args:
        store: where they are kept.
        services: the models whose calls are made in batches, with the batches of their endpoints.
        progress: is told where batches stand, and why the work stops.
        report: tells of it.

    Attributes:
        awaited: keys of calls that are in a batch, each with the batch's name in the store.
        brought: keys of calls that batches have brought in this process, answered or not.
        failed: of these, those that may be answered when they are asked again.
    """

    def __init__(
        self, store: Store, services: Mapping[Chat, Service], progress: Progress, report: Callable[[], None]
    ) -> None:
        self.awaited = dict[str, str]()
        self.brought = set[str]()
        self.failed = set[str]()
        self._store = store
        self._book = store.batches
        self._services = services
        self._chats = {chat.name: chat for chat in services}
        self._progress = progress
        self._report = report
        self._bundles: defaultdict[Chat, list[BatchRequest]] = defaultdict(list)
        self._sizes: defaultdict[Chat, int] = defaultdict(int)
        self._committed = set[str]()
        self._reserved = dict[str, int]()  # requests that are counted as in flight, by batch
        self._most = dict[Chat, int]()  # requests of a batch, where the provider took no more
        self._foreign = set[str]()  # batches at a provider that were taken for ones of ours

    # -- what is wanted --------------------------------------------------------------------------------------

    def want(self, chat: Chat, request: Request, key: str) -> None:
        """Have a call made in the next batch.

        Raises:
            UsageError: the provider's batches cannot hold it.
        """
        sent, departed = chat.laid_out(request)
        service = self._services[chat]
        asked = BatchRequest(key=key, replicate=request.replicate, body=service.body(sent), adapted=departed)
        size = len(asked.body) + _LINE
        full = len(self._bundles[chat]) >= self._most.get(chat, service.most_requests)
        if full or self._sizes[chat] + size > service.most_bytes:
            self._commit(chat)
        self._bundles[chat].append(asked)
        self._sizes[chat] += size

    def take_few(self, most: int) -> set[str]:
        """Want no more what is wanted of a model where it is no more than this; the keys of those calls."""
        few = [chat for chat, bundle in self._bundles.items() if len(bundle) <= most]
        return {asked.key for chat in few for asked in self._bundles.pop(chat)}

    def commit(self) -> frozenset[str]:
        """Commit all that is wanted; names of the batches that were made since this was last done."""
        for chat in [*self._bundles]:
            self._commit(chat)
        self._awaited()  # also of what others have collected meanwhile
        committed = frozenset(self._committed)
        self._committed.clear()
        return committed

    def _commit(self, chat: Chat) -> None:
        batch = self._book.add(chat.name, self._bundles.pop(chat, ()))
        self._sizes.pop(chat, None)
        if batch:
            self._committed.add(batch.name)
        self._awaited()

    def _awaited(self) -> None:
        """See what batches hold now, and count as in flight no more what others have collected."""
        self.awaited = self._book.awaited("planned", "sending", "sent")
        for name in self._reserved.keys() - self._names():
            self._progress.tally.reserve(-self._reserved.pop(name))

    # -- to the provider -------------------------------------------------------------------------------------

    async def open(self) -> None:
        """See what the store knows of, and collect what has ended since."""
        self._awaited()
        for batch in self._ours():
            standing = await self._look(batch) if batch.state == "sent" else None
            if standing and standing.outcome != "completed":
                told = f" ({standing.problem})" if standing.problem else ""
                notify(batch.spec, [f"batch {batch} ended {standing.outcome}{told}"])
        self._progress.batches.clear()

    def sent(self, names: AbstractSet[str]) -> list[BatchRecord]:
        """Those of some batches that are at their providers."""
        return [batch for batch in self._ours(names) if batch.state == "sent"]

    def of_others(self, names: AbstractSet[str]) -> list[BatchRecord]:
        """Those of some batches that were sent for models which are not asked here."""
        return [one for one in self._book.open() if one.name in names and one.spec not in self._chats]

    def _ours(self, names: AbstractSet[str] | None = None) -> list[BatchRecord]:
        return [
            batch
            for batch in self._book.open()
            if batch.spec in self._chats and (names is None or batch.name in names)
        ]

    async def send(self, names: AbstractSet[str]) -> None:
        """Send those of some batches that are not at their providers, as far as the budget goes.

        Raises:
            BudgetReached: it does not go so far; what it leaves no room for is wanted no more.
            EndpointRefused: a provider refuses one.
        """
        if len(self.sent(names)) == len(self._ours(names)):
            return
        async with self._alone():
            try:
                for batch in self._ours(names):
                    if batch.state != "sent":
                        await self._send(batch)
            except BudgetReached:
                for batch in self._ours(names):
                    if batch.state == "planned":
                        self._book.keep(batch.name, 0)
                raise
            finally:
                self._awaited()

    async def _send(self, batch: BatchRecord) -> None:
        chat = self._chats[batch.spec]
        service = self._services[chat]
        if batch.state == "sending":
            if await self.find(batch):
                return
            self._book.plan_again(batch.name)
        if chat in self._most and any(other.spec == batch.spec for other in self.sent(self._names())):
            return  # the provider takes no more at a time
        room = self._room(batch, chat)
        with tempfile.TemporaryFile() as file:
            n = self._write(batch, service, file)
            uploaded = await service.upload(batch.name, file)
            self._book.begin_sending(batch.name)
            try:
                made = await service.make(batch.name, chat.model, uploaded, file)
            except EndpointRefused:
                self._book.keep(batch.name, 0)
                raise
            except Unanswered as unanswered:
                again = self._book.get(batch.name)
                if not (again and await self.find(again)):
                    self._book.plan_again(batch.name)
                    raise EndpointRefused(
                        f"{chat.name}: the batch was not made: {unanswered}; the same command goes on"
                    ) from None
            else:
                self._book.sent(batch.name, made.id)
        self._reserve(batch.name, n)
        if room is not None:
            raise BudgetReached(f"the limits leave room for {room:,} of {counted(batch.requests, 'request')}")

    def _names(self) -> set[str]:
        return {batch.name for batch in self._book.open()}

    def _room(self, batch: BatchRecord, chat: Chat) -> int | None:
        """How many of a batch's requests the budget has room for, to which it is cut; None where for all.

        Raises:
            BudgetReached: for none.
        """
        sizes = [len(asked.body) for asked in self._book.requests(batch.name)]
        expected = chat.expected_cost(sum(sizes) / len(sizes))
        room = self._progress.tally.room(None if expected is None else expected * PRICE_SHARE)
        if room is None or room >= len(sizes):
            return None
        self._book.keep(batch.name, room)
        if not room:
            raise BudgetReached(f"the limits leave no room for {counted(len(sizes), 'request')} in a batch")
        return room

    def _write(self, batch: BatchRecord, service: Service, file: IO[bytes]) -> int:
        """Write a batch's file; how many requests it holds."""
        begin, between, end = service.frame
        n = 0
        for n, asked in enumerate(self._book.requests(batch.name), 1):
            file.write(begin if n == 1 else between)
            file.write(service.line(asked.key, asked.body))
        file.write(end)
        file.flush()
        return n

    async def find(self, batch: BatchRecord) -> bool:
        """Whether the provider has a batch that was about to be made; if so, its name there is kept."""
        service = self._services[self._chats[batch.spec]]
        while True:
            known = {other.remote for other in self._book.all()} | self._foreign
            for made in await service.find(batch.name, total=batch.requests, since=batch.sent):
                if made.id not in known:
                    self._book.sent(batch.name, made.id, found=not service.named)
                    return True
            if (left := batch.sent + SETTLING - time.time()) <= 0:
                return False
            await asyncio.sleep(min(left, 2.0))

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[None]:
        """While no other process, and nobody else in this one, sends or collects batches of this store.

        The lock is SQLite's, of a file beside the store: it ends with the process, however that ends.
        """
        path = self._store.path.with_name(f"{self._store.path.name}-batches")
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
            while True:
                try:
                    lock.execute("BEGIN EXCLUSIVE")
                except sqlite3.OperationalError:
                    await asyncio.sleep(0.2)
                else:
                    break
            yield

    def _reserve(self, name: str, n: int) -> None:
        """Count a batch's requests as in flight."""
        if name not in self._reserved:
            self._reserved[name] = n
            self._progress.tally.reserve(n)

    # -- and back --------------------------------------------------------------------------------------------

    async def wait(self, names: AbstractSet[str]) -> None:
        """Wait for batches, and send meanwhile what their provider took no more of at a time.

        Raises:
            EndpointRefused: one failed as a whole.
        """
        pause = _FIRST_LOOK
        while True:
            for batch in self.sent(names):
                if standing := await self._look(batch):
                    self._draw_conclusions(batch, standing)
            if self._progress.stopped or not self._ours(names):
                break
            await self.send(names)
            self._report()
            await asyncio.sleep(pause)
            pause = min(1.5 * pause, _LONGEST_LOOK)
        self._progress.batches.clear()
        self._awaited()

    async def _look(self, batch: BatchRecord) -> Standing | None:
        """See where a batch stands, and collect it where it has ended; None where it has not."""
        chat = self._chats[batch.spec]
        service = self._services[chat]
        standing = await service.standing(batch.remote)
        if standing is None:
            notify(chat.name, [f"batch {batch} is not there any more, and what it brought is lost"])
            self._book.collected(batch.name, "lost", 0)
            self._awaited()
            return None
        self._progress.batches[batch.remote] = standing
        if not standing.outcome:
            return None
        async with self._alone():
            known = self._book.get(batch.name)
            if known and known.state == "sent" and known.remote == batch.remote:
                return standing if await self._collect(batch, chat, standing) else None
        self._progress.batches.pop(batch.remote, None)  # somebody else has collected it
        self._awaited()
        return None

    async def _collect(self, batch: BatchRecord, chat: Chat, standing: Standing) -> bool:
        """Make calls of what a batch has brought, and let go of what it has not; whether it was ours."""
        service = self._services[chat]
        self._reserve(batch.name, batch.requests)
        came, strange, answered = set[str](), 0, 0
        cut: list[tuple[BatchRequest, Result]] = []
        async for result in service.results(standing):
            asked = self._book.request(batch.name, result.key)
            if asked is None:
                strange += 1
            elif result.reply and result.key not in came:
                came.add(result.key)
                if result.reply.finish_reason == "length":
                    cut.append((asked, result))  # whether it is an answer is told by those that are not cut
                else:
                    answered += await self._take(chat, asked, result)
        for asked, result in cut:
            answered += await self._take(chat, asked, result)
        self._progress.batches.pop(batch.remote, None)
        self._progress.tally.reserve(len(came) - self._reserved.pop(batch.name))
        if strange and not came and batch.found:
            self._foreign.add(batch.remote)
            if not await self.find(batch):
                self._book.plan_again(batch.name)
            return False
        self._store.flush()
        self._book.collected(batch.name, standing.outcome, answered)
        self._awaited()
        return True

    async def _take(self, chat: Chat, asked: BatchRequest, result: Result) -> bool:
        assert result.reply is not None
        call = await chat.settle_from_batch(asked, result.reply, result.body)
        self._store.put_call(call)
        self.brought.add(call.key)
        if not call.answered and (result.reply.transient or not 200 <= call.status < 300):
            self.failed.add(call.key)
        return call.answered

    def _draw_conclusions(self, batch: BatchRecord, standing: Standing) -> None:
        """Stop where sending the same again would bring no more.

        Raises:
            EndpointRefused: the batch failed as a whole.
        """
        chat, ended = self._chats[batch.spec], self._book.get(batch.name)
        if standing.outcome == "failed" and standing.crowded and batch.requests > 1:
            alone = all(other.spec != batch.spec for other in self.sent(self._names()))
            self._most[chat] = max(1, batch.requests // 2) if alone else batch.requests
            for other in self._ours():  # they were to be as large
                if other.spec == batch.spec and other.state == "planned":
                    self._book.keep(other.name, 0)
            self._awaited()
        elif standing.outcome == "failed":
            why = standing.problem or "it does not say why"
            raise EndpointRefused(f"{chat.name}: batch {batch} failed: {why}")
        elif standing.outcome == "cancelled":
            self._progress.stopped = f"batch {batch} was cancelled"
        elif ended and not ended.answered and not self.brought:
            self._progress.stopped = f"batch {batch} ended ({standing.outcome}) and brought nothing"
