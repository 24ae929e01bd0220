"""A model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import time
from typing import TYPE_CHECKING, Any

import msgspec

from mien.errors import EndpointRefused, UsageError
from mien.types import Call

if TYPE_CHECKING:
    from mien.models.http.providers import Endpoint
    from mien.models.http.throttle import Throttle
    from mien.models.http.transport import Exchange, Wire
    from mien.models.usage import Price, Tally
    from mien.types import Request, Sampling

#: Attempts at a call before it is recorded as failed.
MAX_ATTEMPTS = 6

#: Seconds before the second attempt; doubled for each further one.
BACKOFF = 0.5
_LONGEST_BACKOFF = 30.0

#: Calls that must all fail alike, first of all, for the endpoint to be given up.
FIRST_CALLS = 20

#: Seconds of nothing but 429 after which an endpoint is given up.
PATIENCE = 900.0

# How an endpoint answers that it does not know ``response_format``.
_UNSUPPORTED = frozenset((400, 404, 415, 422))

# Members of the body that are mien's own: an answer read as one would be wrong with another value.
_RESERVED = frozenset(("messages", "model", "n", "response_format", "stream"))

_encode = msgspec.json.Encoder(order="sorted").encode


class Chat:
    """A model behind an OpenAI-compatible endpoint; `mien.models.client.Transport.chat` makes it.

    Attributes:
        name: the spec as the user gave it.
        endpoint: where the model lives.
        address: the endpoint's base URL.
        model: the model's name there.
        supports_schema: whether the endpoint obeys a `Request.schema`; None where that is not known.
            Whoever finds out may set it; unless it is False, schemas are sent.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        model: str,
        *,
        wire: Wire,
        throttle: Throttle,
        tally: Tally,
        price: Price | None = None,
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self.address = endpoint.url
        self.model = model
        self.supports_schema = endpoint.json_schema
        self._wire = wire
        self._throttle = throttle
        self._tally = tally
        self._price = price
        self._refused_parameters = endpoint.refused_by(model)
        self._typical_tokens_out = 500.0
        self._refusal = ""  # why going on is pointless
        self._first_failures: list[str] | None = []  # None once it is known that calls can be answered

    def body(self, request: Request) -> bytes:
        """The JSON body that is sent: in full, and the same for the same request.

        Raises:
            UsageError: `Sampling.extra` sets a member that is mien's own, or a likelihood is asked for.
        """
        if request.continuation is not None:
            raise UsageError(f"{self.name} is behind an endpoint, which tells no likelihood of given answers")
        members: dict[str, Any] = {"model": self.model, "messages": request.messages}
        members.update(self._parameters(request.sampling))
        if request.schema is not None and self.supports_schema is not False:
            schema = {"name": "answer", "strict": True, "schema": request.schema}
            members["response_format"] = {"type": "json_schema", "json_schema": schema}
        return _encode(members)

    def key(self, request: Request) -> str:
        """What tells this call from all others: a hash of endpoint, body and replicate."""
        return self._key(self.body(request), request.replicate)

    async def complete(self, request: Request) -> Call:
        """Ask, and ask again where that may help. A call that failed is returned, with its reason.

        Raises:
            BudgetReached: the call was not made, since it would go beyond a limit.
            EndpointRefused: the first calls all failed alike, or nothing was accepted for a long time.
        """
        if self._refusal:
            raise EndpointRefused(self._refusal)
        body = self.body(request)
        self._tally.begin()
        try:
            call = await self._settle(request, body)
        except BaseException:
            self._tally.end(None)
            raise
        self._tally.end(call)
        if self._first_failures is not None:
            self._watch(request, call)
        return call

    def _parameters(self, sampling: Sampling) -> dict[str, Any]:
        """Sampling parameters as this endpoint takes them."""
        if not _RESERVED.isdisjoint(sampling.extra):
            names = ", ".join(sorted(_RESERVED.intersection(sampling.extra)))
            raise UsageError(f"these members of a request cannot be set: {names}")
        given = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            self.endpoint.max_tokens: sampling.max_tokens,
            "reasoning_effort": sampling.reasoning_effort,
        }
        sent = {n: v for n, v in given.items() if v is not None and n not in self._refused_parameters}
        return {**sent, **sampling.extra}

    def _key(self, body: bytes, replicate: int) -> str:
        asked = hashlib.blake2b(f"{self.address}\n{replicate}\n".encode(), digest_size=16)
        asked.update(body)
        return asked.hexdigest()

    async def _settle(self, request: Request, body: bytes) -> Call:
        """Attempt a call until it is answered or must be given up."""
        attempts = 0
        again = False
        while True:
            exchange = await self._attempt(body, again)
            reply, again = exchange.reply, True
            if reply.limited:
                self._tally.throttled += 1
                self._check_patience(exchange)
                continue
            attempts += 1
            if not reply.transient or attempts == MAX_ATTEMPTS:
                return self._record(request, body, exchange)
            self._tally.retries += 1
            backoff = min(BACKOFF * 2 ** (attempts - 1), _LONGEST_BACKOFF) * random.uniform(0.5, 1.0)
            await asyncio.sleep(max(backoff, exchange.retry_after or 0.0))

    async def _attempt(self, body: bytes, again: bool) -> Exchange:
        # Four bytes a token is near enough: the throttle is told the true number afterwards.
        slot = await self._throttle.start(len(body) / 4 + self._typical_tokens_out, again=again)
        exchange = None
        try:
            if self._refusal:  # while this call waited
                raise EndpointRefused(self._refusal)
            exchange = await self._wire.post(body)
        finally:
            if exchange is None:  # cancelled, or not sent
                self._throttle.finish(slot)
            else:
                self._throttle.finish(slot, exchange.reply, exchange.retry_after)
        if exchange.reply.tokens_out:
            self._typical_tokens_out += (exchange.reply.tokens_out - self._typical_tokens_out) / 20
        return exchange

    def _record(self, request: Request, body: bytes, exchange: Exchange) -> Call:
        reply = exchange.reply
        cost = reply.reported_cost
        if cost is None and self._price and reply.tokens_in + reply.tokens_out:
            cost = self._price.of(reply.tokens_in, reply.tokens_out)
        return Call(
            key=self._key(body, request.replicate),
            endpoint=self.address,
            model=self.model,
            replicate=request.replicate,
            request=body,
            body=exchange.body,
            failure=reply.failure,
            status=reply.status,
            text=reply.text,
            reasoning=reply.reasoning,
            finish_reason=reply.finish_reason,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            cost=cost,
            latency=exchange.latency,
            created=time.time(),
        )

    def _check_patience(self, exchange: Exchange) -> None:
        wait = max(self._throttle.refusing_for(), exchange.retry_after or 0.0)
        if wait > PATIENCE:
            self._refusal = (
                f"{self.name}: the endpoint takes no requests for {wait / 60:.0f} minutes: "
                f"{exchange.reply.failure}"
            )
            raise EndpointRefused(self._refusal)

    def _watch(self, request: Request, call: Call) -> None:
        """Give the endpoint up if its first calls all fail alike."""
        if request.schema is not None and self.supports_schema is not True and call.status in _UNSUPPORTED:
            return  # may be due to the schema, which whoever asked can do without
        # Messages may name the request that they answer: words with digits don't count.
        failure = re.sub(r"\S*\d\S*", "#", call.failure)
        failures = [*(self._first_failures or ()), f"{call.status} {failure}"]
        if call.answered or failures[0] != failures[-1]:
            self._first_failures = None
            return
        self._first_failures = failures
        if len(failures) >= FIRST_CALLS:
            self._refusal = f"{self.name}: the first {FIRST_CALLS} calls all failed alike: {call.failure}"
            raise EndpointRefused(self._refusal)
