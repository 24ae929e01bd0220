"""The way to the models: one HTTP session, one throttle per endpoint, engines in this process, one tally."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import aiohttp
import msgspec

from mien.errors import UsageError
from mien.models.http.chat import Chat
from mien.models.http.providers import COMPLETIONS, resolve
from mien.models.http.served import Served, identity
from mien.models.http.servers import Server
from mien.models.http.throttle import Throttle
from mien.models.http.transport import Wire
from mien.models.inprocess.loading import Hardware, open_engine, runs_here
from mien.models.inprocess.model import Resident
from mien.models.prefixes import BASE, bare
from mien.models.usage import Limits, Tally

if TYPE_CHECKING:
    from types import TracebackType

    from mien.models import Model
    from mien.models.http.batches.service import Service
    from mien.models.http.providers import Endpoint
    from mien.models.usage import Price

_USER_AGENT = "mien (+https://pypi.org/project/mien)"


class Transport:
    """Opens models and carries their requests.

    >>> async with Transport(Limits(max_concurrency=200)) as transport:  # doctest: +SKIP
    ...     model = transport.open("openrouter/z-ai/glm-4.5-air")
    ...     call = await model.complete(request)

    Args:
        limits: of speed and budget; those of speed hold for each endpoint.
        hardware: where and how models in this process run.
        served: where models are that go by their names.
    """

    def __init__(
        self, limits: Limits = Limits(), hardware: Hardware = Hardware(), served: Served = Served()
    ) -> None:
        self.tally = Tally(max_calls=limits.max_calls, max_cost=limits.max_cost, before=limits.spent)
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None
        self._throttles: dict[str, Throttle] = {}
        self._chats: dict[str, Chat] = {}
        self._hardware = hardware
        self._served = served
        self._residents: dict[str, Resident] = {}
        self._called: dict[str, Resident] = {}  # those of them that go by a spec that says how they are asked
        self._services: dict[str, Service] = {}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300),
            timeout=aiohttp.ClientTimeout(total=self._limits.timeout, sock_connect=30),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Content-Type": "application/json", "User-Agent": _USER_AGENT},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for resident in self._residents.values():
            await resident.aclose()
        if self._session:
            await self._session.close()
            self._session = None

    def open(self, spec: str) -> Model:
        """The model that a spec names, wherever it runs; the same object for the same spec.

        Args:
            spec: as `mien.models.inprocess.loading.open_engine` or `mien.models.http.providers.resolve` takes
                it.

        Raises:
            UsageError: there is no such model or provider, or what it needs is missing.
        """
        itself = bare(spec)
        if not runs_here(itself) or self._served.servers(itself):
            return self.chat(spec)
        if spec != itself and spec not in self._called:
            self._called[spec] = self._resident(itself).called(spec)
        return self._called[spec] if spec != itself else self._resident(spec)

    def _resident(self, spec: str) -> Resident:
        if spec not in self._residents:
            hardware = self._hardware
            engine = open_engine(
                spec, device=hardware.device, dtype=hardware.dtype, batch_size=hardware.batch_size
            )
            self._residents[spec] = Resident(spec, engine, self.tally)
        return self._residents[spec]

    async def release(self, spec: str) -> None:
        """Let go of a model in this process, and of its memory; nobody may be asking it any more."""
        itself = bare(spec)
        self._called = {name: one for name, one in self._called.items() if bare(name) != itself}
        if resident := self._residents.pop(itself, None):
            await resident.aclose()

    def chat(self, spec: str, *, price: Price | None = None) -> Chat:
        """The model behind an endpoint that a spec names; the same object for the same spec.

        Args:
            spec: as `mien.models.http.providers.resolve` takes it.
            price: what its calls cost, where that differs from the transport's price.

        Raises:
            UsageError: there is no such provider, or its key is not in the environment.
        """
        if self._session is None:
            raise RuntimeError("a Transport opens chats only inside `async with`")
        if spec not in self._chats:
            if served := self._served.servers(bare(spec)):
                endpoint, model = identity(served[0]), bare(spec)
            else:
                endpoint, model = resolve(bare(spec))
                served = (endpoint,)
            if spec.startswith(BASE):
                served = [msgspec.structs.replace(place, path=COMPLETIONS) for place in served]
            self._chats[spec] = Chat(
                spec,
                endpoint,
                model,
                servers=[self._server(self._session, place) for place in served],
                tally=self.tally,
                price=price or self._limits.price,
            )
        return self._chats[spec]

    async def batches(self, chat: Chat) -> Service:
        """The batches of a model's endpoint; the same object for the same address.

        Raises:
            UsageError: it has none, or the model is at several addresses.
            EndpointRefused: it does not let itself be asked.
        """
        from mien.models.http.batches.opening import open_batches  # for runs in batches alone

        if self._session is None:
            raise RuntimeError("a Transport opens batches only inside `async with`")
        places = [*self._served.servers(chat.name)] or [chat.endpoint]
        if len(places) > 1:
            raise UsageError(
                f"{chat.name} is at {len(places)} addresses, and a batch is at one; leave out --batch, or "
                f"give the one to send batches to: --served-by {chat.name}=URL"
            )
        (place,) = places
        if place.url not in self._services:
            self._services[place.url] = await open_batches(self._session, place)
        return self._services[place.url]

    def _server(self, session: aiohttp.ClientSession, place: Endpoint) -> Server:
        if place.url not in self._throttles:
            self._throttles[place.url] = Throttle(*self._limits.speed(place.url))
        return Server(Wire(session, place), self._throttles[place.url])
