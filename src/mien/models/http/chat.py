"""A model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from mien.errors import BudgetReached, EndpointRefused, UsageError
from mien.models.answer_format import may_be_the_schema
from mien.models.http import guard
from mien.models.http.batches.service import PRICE_SHARE
from mien.models.http.completions import score, text_members
from mien.models.http.logprobs import MISSING, first_word
from mien.models.http.opening import Opening
from mien.models.http.quirks import LEFT_OUT, Quirk, adapted, departures, told_by, way_on
from mien.models.http.refusals import PATIENCE
from mien.models.http.served import SERVED
from mien.models.http.servers import Servers
from mien.models.prefixes import require_text
from mien.models.system_role import messages_of
from mien.models.usage import Wait, account
from mien.types import Call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.models.http.providers import Endpoint
    from mien.models.http.replies import Reply
    from mien.models.http.servers import Server
    from mien.models.http.throttle import Slot
    from mien.models.http.transport import Exchange
    from mien.models.usage import Price, Tally
    from mien.types import BatchRequest, Request, Sampling

#: Attempts at a call before it is recorded as failed.
MAX_ATTEMPTS = 6

#: Attempts at a call whose reply is whole, the same each time, and no answer.
MAX_ALIKE = 3

#: Seconds before the second attempt; doubled for each further one.
BACKOFF = 0.5
_LONGEST_BACKOFF = 30.0

#: Calls that must all fail alike, first of all, for the endpoint to be given up.
FIRST_CALLS = 20

_KEPT = "what was answered is kept, and the same command goes on"

# Statuses of refusals that tell nothing of what a request holds.
_OTHER_REASONS = frozenset((401, 402, 403, 408, 429, 503, 529))

# Members of the body that are mien's own: an answer read as one would be wrong with another value.
_RESERVED = frozenset(("messages", "model", "n", "response_format", "stream"))

_encode = msgspec.json.Encoder(order="sorted").encode


class Chat:
    """A model behind an OpenAI-compatible endpoint; `mien.models.client.Transport.chat` makes it.

    Attributes:
        name: the spec as the user gave it.
        endpoint: where the model lives.
        address: the endpoint's base URL; of a model that goes by its name, `mien.models.http.served.SERVED`.
        places: the base URLs of its servers.
        model: the model's name there.
        supports_schema: whether the endpoint obeys a `Request.schema`; None where that is not known.
            Whoever finds out may set it; unless it is False, schemas are sent.
        learnt: the endpoint's quirks, once a request that heeded them was answered; see
            `mien.models.http.quirks`. Also whether the model begins amid its reasoning: see
            `mien.models.http.opening`.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        model: str,
        *,
        servers: Sequence[Server],
        tally: Tally,
        price: Price | None = None,
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self.address = endpoint.url
        self.model = model
        self.supports_schema = endpoint.json_schema
        self.learnt: dict[str, str] = {}
        self._told: dict[str, str] = {}  # quirks that no answer has confirmed yet
        self.places = tuple(server.wire.address for server in servers)
        self._servers = Servers(servers, model, self.learnt, named=endpoint.url == SERVED)
        self._whole = tally
        self._price = price
        self._refused_parameters = endpoint.refused_by(model)
        self._typical_tokens_out = 500.0
        self._refusal = ""  # why going on is pointless
        self._opening = Opening(self.learnt)
        self._lasting = set[bytes]()  # malformed replies that asking again does not mend
        self._first_failures: list[str] | None = []  # None once it is known that calls can be answered

    @property
    def _tally(self) -> Tally:
        return account(self._whole)

    def body(self, request: Request) -> bytes:
        """The JSON body that is sent: in full, and the same for the same request.

        Raises:
            UsageError: `Sampling.extra` sets a member that is mien's own, or a likelihood is asked for.
        """
        return _encode(self._sent(request, self._asked(request)))

    def _asked(self, request: Request) -> dict[str, Any]:
        """What tells requests apart: the members of the body before quirks, and without what is in all."""
        require_text(self.name, request.text)
        if request.text:
            return text_members(self.model, request)
        if request.continuation is not None:
            raise UsageError(f"{self.name} is behind an endpoint, which tells no likelihood of given answers")
        members: dict[str, Any] = {"model": self.model, "messages": messages_of(request)}
        members.update(self._parameters(request.sampling))
        if request.schema is not None and self.supports_schema is not False:
            schema = {"name": "answer", "strict": True, "schema": request.schema}
            members["response_format"] = {"type": "json_schema", "json_schema": schema}
        if wanted := request.alternatives or request.traced:
            members["top_logprobs"] = wanted
        if request.alternatives or request.traced is not None:
            members["logprobs"] = True
        return members

    def key(self, request: Request) -> str:
        """What tells this call from all others: a hash of endpoint, body and replicate.

        ``stream`` and `Request.longest` are not in it, so that the calls of stores from before they were sent
        are found; nor is what was learnt, so that those from before it was known are.
        """
        return self._key(self._asked(request), request)

    async def complete(self, request: Request) -> Call:
        """Ask, and ask again where that may help. A call that failed is returned, with its reason.

        Raises:
            BudgetReached: the call was not made, since it would go beyond a limit.
            EndpointRefused: the first calls all failed alike, the account is spent, or nothing was accepted
                for a long time.
        """
        if self._refusal:
            raise EndpointRefused(self._refusal)
        asked = self._asked(request)
        with self._opening.asking():
            call = await self._settle(self._key(asked, request), request, asked)
        self._tally.settle(call)
        if call.answered:
            self._lasting.clear()
            self.learnt |= self._told
            self._told.clear()
        if self._first_failures is not None:
            self._watch(request, call)
        return call

    def laid_out(self, request: Request) -> tuple[dict[str, Any], str]:
        """The members of the body as the endpoint takes them, and in what they depart from the request."""
        asked = self._asked(request)
        sent = self._sent(request, asked)
        return sent, departures(asked, sent)

    def expected_cost(self, size: float) -> float | None:
        """US dollars that a request of so many bytes is expected to cost live; None without a price."""
        return self._price and self._price.of(round(size / 4), round(self._typical_tokens_out))

    async def settle_from_batch(self, asked: BatchRequest, reply: Reply, body: bytes) -> Call:
        """The call that a provider's batch has brought, counted at the price of batches.

        Args:
            asked: what the batch held.
            reply: what came of it.
            body: as it came.
        """
        with self._opening.asking():
            reply = await self._opening.heed(reply)
        cost = reply.reported_cost
        if cost is None and self._price:
            cost = self._price.of(reply.tokens_in, reply.tokens_out) * PRICE_SHARE
        self._tally.end(reply.tokens_in, reply.tokens_out, cost, answered=not reply.failure)
        self._expect(reply.tokens_out)
        call = Call(
            key=asked.key,
            endpoint=self.address,
            model=self.model,
            replicate=asked.replicate,
            request=asked.body,
            body=body,
            failure=reply.failure,
            status=reply.status,
            text=reply.text,
            reasoning=reply.reasoning,
            finish_reason=reply.finish_reason,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            cost=cost,
            adapted=asked.adapted,
            created=time.time(),
        )
        self._tally.settle(call)
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

    def _key(self, asked: Mapping[str, Any], request: Request) -> str:
        # Where in what is sent the words begin whose likelihood is wanted is told by no member of the body.
        scored = "" if request.continuation is None else f"{len(request.text)}\n"
        asked_where = f"{self.address}\n{request.replicate}\n{scored}".encode()
        return hashlib.blake2b(asked_where + _encode(asked), digest_size=16).hexdigest()

    async def _settle(self, key: str, request: Request, asked: Mapping[str, Any]) -> Call:
        """Attempt a call until it is answered or must be given up."""
        attempts, costs = 0, list[float]()
        last: tuple[Exchange, dict[str, Any]] | None = None  # but for refusals for asking too often
        again = False
        malformed: list[bytes] = []
        while True:
            try:
                exchange, sent = await self._attempt(request, asked, again)
            except BudgetReached:
                if last is None:
                    raise
                exchange, sent = last
                break
            again = True
            self._heed(exchange, _encode(sent))
            learnt = bool(exchange.reply.failure) and self._learn(exchange.reply, asked, sent)
            if exchange.reply.limited:
                continue
            last = exchange, sent
            if (cost := self._cost(exchange.reply)) is not None:
                costs.append(cost)
            if learnt or (exchange.reply.failure and sent != self._sent(request, asked)):
                continue
            attempts += 1
            malformed += [_without_marks(exchange.body)] if exchange.reply.malformed else []
            if not exchange.reply.transient or attempts == MAX_ATTEMPTS or self._is_hopeless(malformed):
                exchange = exchange._replace(reply=await self._opening.heed(exchange.reply))
                break
            self._tally.retries += 1
            backoff = min(BACKOFF * 2 ** (attempts - 1), _LONGEST_BACKOFF) * random.uniform(0.5, 1.0)
            await asyncio.sleep(max(backoff, exchange.retry_after or 0.0))
        call = self._record(request, asked, sent, exchange)
        if departed := departures(asked, sent):
            self._tally.adapted[self.name] = departed
        return replace(call, key=key, cost=sum(costs) if costs else None, adapted=departed)

    def _sent(self, request: Request, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The members of the body as this endpoint takes them."""
        known = self.learnt | self._told
        limited = guard.guarded(asked, request.longest, self.endpoint, known)
        return adapted(limited, known) | {"stream": False}

    def _learn(self, reply: Reply, asked: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
        """Whether a refusal tells of a quirk that was not known."""
        quirk = None if reply.status in _OTHER_REASONS else told_by(reply.failure, sent)
        known, limit = self.learnt | self._told, guard.guard(asked, sent)
        if (quirk is None or quirk.name in known) and limit:
            refused = guard.refuses_guard(reply.status, reply.failure, limit)
            quirk = Quirk(guard.REFUSED, LEFT_OUT) if refused else None
        if quirk is None or quirk.name in known:
            return False
        self._told[quirk.name] = quirk.value
        return True

    def _is_hopeless(self, malformed: Sequence[bytes]) -> bool:
        """Whether the malformed replies to a request tell that it will never be answered.

        So they do where they are alike, and at once where the endpoint was seen to send them for ever.
        """
        if not malformed:
            return False
        if len(malformed) >= MAX_ALIKE and len(set(malformed)) == 1:
            self._lasting.add(malformed[-1])
        return malformed[-1] in self._lasting

    async def _attempt(
        self, request: Request, asked: Mapping[str, Any], again: bool
    ) -> tuple[Exchange, dict[str, Any]]:
        """What came of one request, and the members of its body."""
        # Four bytes a token is near enough: the throttle is told the true number afterwards.
        expected = len(_encode(asked)) / 4 + self._typical_tokens_out
        server, slot = await self._servers.start(expected, again=again)
        sent = self._sent(request, asked)  # by what is known now that its turn has come
        exchange = await self._post(server, slot, _encode(sent))
        reply = exchange.reply
        server.heed(reply.status)
        if reply.limited:
            self._tally.drop(throttled=True)
        else:
            self._tally.end(reply.tokens_in, reply.tokens_out, self._cost(reply), answered=not reply.failure)
        self._expect(reply.tokens_out)
        return exchange, sent

    async def _post(self, server: Server, slot: Slot, body: bytes) -> Exchange:
        exchange, begun = None, False
        try:
            if self._refusal:  # while this call waited
                raise EndpointRefused(self._refusal)
            self._tally.begin()
            begun = True
            self._tally.on_their_way += 1
            exchange = await server.wire.post(body)
            return exchange
        finally:
            self._tally.on_their_way -= begun
            if exchange is None:  # cancelled, or not sent
                server.throttle.finish(slot)
                if begun:
                    self._tally.drop()
            else:
                server.throttle.finish(slot, exchange.reply, exchange.retry_after)

    def _expect(self, tokens_out: int) -> None:
        """Learn how long answers are."""
        if tokens_out:
            self._typical_tokens_out += (tokens_out - self._typical_tokens_out) / 20

    def _cost(self, reply: Reply) -> float | None:
        """US dollars for what one request brought; None where that is not known."""
        if reply.reported_cost is None and self._price and reply.tokens_in + reply.tokens_out:
            return self._price.of(reply.tokens_in, reply.tokens_out)
        return reply.reported_cost

    def _record(
        self, request: Request, asked: Mapping[str, Any], sent: Mapping[str, Any], exchange: Exchange
    ) -> Call:
        reply = exchange.reply
        told = 200 <= reply.status < 300 and not reply.transient
        if request.continuation is not None and told:
            text, failure = score(exchange.body, request.text, request.continuation)
            reply = msgspec.structs.replace(reply, text=text, failure=failure, finish_reason="stop")
        elif request.alternatives and told:
            words = first_word(exchange.body)
            # That the answer ends after its first word was asked for: nothing was cut off.
            reply = msgspec.structs.replace(
                reply, text=words, failure="" if words else MISSING, finish_reason="stop"
            )
        failure, limit = reply.failure, guard.guard(asked, sent)
        if failure:
            failure += way_on(failure, sent)
            failure += guard.cut_by(limit) if limit and reply.finish_reason == "length" else ""
        return Call(
            key="",
            endpoint=self.address,
            model=self.model,
            replicate=request.replicate,
            request=_encode(sent),
            body=exchange.body,
            failure=failure,
            status=reply.status,
            text=reply.text,
            reasoning=reply.reasoning,
            finish_reason=reply.finish_reason,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            latency=exchange.latency,
            created=time.time(),
        )

    def _heed(self, exchange: Exchange, body: bytes) -> None:
        """Give the endpoint up where its account is spent or it wants too long a wait; tell of a shorter one.

        Raises:
            EndpointRefused: it is given up.
        """
        reply = exchange.reply
        # Some servers repeat what they were sent, and a prompt may speak of an account that is spent.
        spent = bool(reply.spent) and reply.spent.encode() not in body.lower()
        if not (spent or reply.limited or reply.transient):
            return
        wait = self._servers.refusing_for(exchange.retry_after or 0.0)
        if wait > PATIENCE:
            self._give_up(
                f"the endpoint takes no requests for {wait / 60:.0f} minutes: {reply.failure}; {_KEPT}"
            )
        if spent:
            self._give_up(f"the account is spent, suspended or at its limit: {reply.failure}; {_KEPT}")
        if pause := self._servers.pausing():
            self._tally.waits[self.name] = Wait(time.monotonic() + pause, reply.failure)

    def _give_up(self, why: str) -> NoReturn:
        self._refusal = f"{self.name}: {why}"
        raise EndpointRefused(self._refusal)

    def _watch(self, request: Request, call: Call) -> None:
        """Give the endpoint up if its first calls all fail alike."""
        if request.schema is not None and self.supports_schema is not False and may_be_the_schema(call):
            return  # whoever asked can do without
        if call.answered:
            self._first_failures = None
            return
        failures = [*(self._first_failures or ()), _kind(call)]
        if failures[0] != failures[-1]:
            self._first_failures = None
            return
        self._first_failures = failures
        if len(failures) >= FIRST_CALLS:
            self._give_up(f"the first {FIRST_CALLS} calls all failed alike: {call.failure}{_merging(call)}")


def _merging(call: Call) -> str:
    """The way on where a server fails without a reason, as some do over a system message."""
    told_system = b'"role":"system"' in call.request
    return "; if the model takes no system message, try --system-role merge" * (
        told_system and call.status >= 500
    )


def _without_marks(body: bytes) -> bytes:
    """A body without what makes each reply another: ids, times and other numbers."""
    return re.sub(rb"[\w-]*\d[\w-]*", b"#", body)


def _kind(call: Call) -> str:
    """What kind of failure a call ended in. What the server said, or quotes of it, does not count."""
    if call.status >= 500:
        return "5xx"
    what = re.split(r"[:(“]", call.failure, maxsplit=1)[0]
    what = re.sub(r"\S*\d\S*", "#", what)  # such as the seconds of a time limit
    return f"{call.status} {what.strip()}"
