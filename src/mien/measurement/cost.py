"""What a run would still take: calls, tokens, cost and time, without a call to any model."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from mien.errors import MissingKey
from mien.instruments import instrument as make_instrument
from mien.materials.multiturn import turn_name
from mien.materials.user_model import UserModel
from mien.models.http.batches.service import PRICE_SHARE
from mien.models.http.providers import prices, resolve
from mien.models.http.served import Served
from mien.models.inprocess.loading import runs_here
from mien.models.prefixes import BASE, FORMS, LOGPROBS, bare, base_form
from mien.models.usage import Price
from mien.runs.outcome import outcome
from mien.store.schema import is_store
from mien.store.store import Store
from mien.types import OWN_ANSWER, SELF_REPORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from mien.measurement.run_plan import RunPlan
    from mien.models.usage import Limits, Speed
    from mien.types import Message

CHARS_PER_TOKEN = 4  # of English; other scripts take more tokens
TOKENS_OF_RESPONSE = 400  # of a usual answer, where no shorter limit is set
TOKENS_OF_VERDICT = 12
CALLS_OF_BASE: Final[dict[str, int]] = dict(zip(FORMS, (4, 2, 4, 2), strict=True))  # of two options
SECONDS_OF_RESPONSE = 10.0  # assumed of an answer
SECONDS_OF_VERDICT = 2.0  # assumed of a judge's
TOKENS_OF_MESSAGE = 40  # of a user who is a model
FRAME = 40  # characters around the parts of the judge's question


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What calls would take.

    Attributes:
        calls: of all who are asked, without retries.
        tokens_in: from the length of the prompts, four characters to the token.
        tokens_out: assuming answers of 400 tokens, or of the limit on them where that is less.
        cost: US dollars; None where a price is not known.
        seconds: with answers of 10 s and verdicts of 2 s, each endpoint taking as many at once as it may be
            sent; None where a model runs in this process.
    """

    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate(Taken):
    """What a run would still take.

    Attributes:
        stored: calls that the store has already, beside these.
        generations: calls of the model alone; one may serve several trials.
    """

    stored: int
    generations: int


@dataclass(frozen=True, slots=True)
class Load:
    """Calls of one kind to one model, without retries, and their tokens."""

    calls: int
    tokens_in: int
    tokens_out: int

    def part(self, share: float) -> Load:
        """A share of it, 0 to 1."""
        return Load(*(round(share * whole) for whole in (self.calls, self.tokens_in, self.tokens_out)))

    def cost(self, price: Price | None) -> float | None:
        """US dollars; None where the price is not known."""
        return price and price.of(self.tokens_in, self.tokens_out)


#: Who is asked, for how much, and how many seconds a call takes.
Part = tuple[str, Load, float]


def estimate(
    planned: RunPlan,
    limits: Limits,
    served: Served = Served(),
    *,
    batch: bool = False,
    store: Path | None = None,
) -> Estimate:
    """Estimate a run, with the prices given in the limits or those that the endpoints list.

    Args:
        planned: what is to be carried out.
        limits: with the prices.
        served: where models are that go by their names.
        batch: whether calls are made in batches by endpoints that have any, at half the price.
        store: where the run is, if it was begun: what it has is left out.

    Raises:
        UsageError: there is no such provider.
        StoreError: the store cannot be read.
    """
    asked, judged = loads(planned)
    said = load_of_user(planned)
    whole = asked.calls + judged.calls + said.calls
    if store:
        unanswered, unread = left(planned, planned.judge, store)
        asked, judged, said = asked.part(unanswered), judged.part(unread), said.part(unanswered)
    loaded = [(asked, SECONDS_OF_RESPONSE)]
    loaded += [(judged, SECONDS_OF_VERDICT)] * (planned.judge != OWN_ANSWER) + [(said, SECONDS_OF_RESPONSE)]
    parts = [(spec, *load) for spec, load in zip(planned.models, loaded, strict=False)]
    found = taken(parts, prices_known(limits, served, batch=batch), limits, served)
    return Estimate(**asdict(found), stored=whole - found.calls, generations=asked.calls)


def left(planned: RunPlan, judge: str, path: Path) -> tuple[float, float]:
    """The shares of a run's trials, over all turns, that have no response in a store, and no verdict.

    Args:
        planned: the run.
        judge: the name that the verdicts go by.
        path: the store; where there is none, nothing is begun.

    Raises:
        StoreError: the store cannot be read.
    """
    if not is_store(path):
        return 1.0, 1.0
    talk = planned.conversation
    names = {turn_name(planned.name, talk.wish, turn) for turn in range(1, talk.turns + 1)}
    with Store(path, read_only=True) as store:
        found = [outcome(store, run, judge) for run in store.runs() if run.name in names]
    if planned.until and found and all(one.complete for one in found):
        return 0.0, 0.0  # it has stopped where it was to
    n = len(planned.design) * len(names)
    answered, read = sum(one.answered for one in found), sum(one.read for one in found)
    return max(0.0, 1 - answered / n), max(0.0, 1 - read / n)


def addresses(spec: str, served: Served) -> list[str]:
    """Where a model is; nowhere where it runs in this process."""
    if servers := served.servers(bare(spec)):
        return [server.url for server in servers]
    return [] if runs_here(bare(spec)) else [resolve(bare(spec))[0].url]


def taken(
    parts: Sequence[Part], price: Callable[[str], Price | None], limits: Limits, served: Served
) -> Taken:
    """What some calls take, made side by side.

    Args:
        parts: who is asked, and for how much.
        price: of a model's calls.
        limits: of speed.
        served: where models are that go by their names.
    """
    costs = [load.cost(price(spec)) if load.calls else 0.0 for spec, load, _ in parts]
    here = any(load.calls and not addresses(spec, served) for spec, load, _ in parts)
    return Taken(
        calls=sum(load.calls for _, load, _ in parts),
        tokens_in=sum(load.tokens_in for _, load, _ in parts),
        tokens_out=sum(load.tokens_out for _, load, _ in parts),
        cost=None if None in costs else sum(cost or 0.0 for cost in costs),
        seconds=None if here else max(seconds_by_address(parts, limits, served).values(), default=0.0),
    )


def in_turn(some: Sequence[Taken]) -> Taken:
    """What all of them take, one after the other."""
    costs, times = [one.cost for one in some], [one.seconds for one in some]
    return Taken(
        calls=sum(one.calls for one in some),
        tokens_in=sum(one.tokens_in for one in some),
        tokens_out=sum(one.tokens_out for one in some),
        cost=None if None in costs else sum(cost or 0.0 for cost in costs),
        seconds=None if None in times else sum(time or 0.0 for time in times),
    )


def seconds_by_address(parts: Iterable[Part], limits: Limits, served: Served) -> dict[str, float]:
    """How long each endpoint is busy.

    Args:
        parts: models, what they are asked, and how many seconds an answer takes.
        limits: how many requests each endpoint takes at once, and in a minute.
        served: where models are that go by their names.
    """
    found: defaultdict[str, float] = defaultdict(float)
    for spec, load, each in parts:
        places = addresses(spec, served)
        for place in places:
            found[place] += _seconds(load.calls / len(places), each, limits.speed(place))
    return found


def _seconds(calls: float, each: float, speed: Speed) -> float:
    """How long an endpoint takes to answer so many calls."""
    by_minute = calls / speed.rpm * 60 if speed.rpm else 0.0
    return max(calls * each / speed.max_concurrency, by_minute)


def loads(planned: RunPlan) -> tuple[Load, Load]:
    """What a run would ask of its model, and of a judge that reads it."""
    asked = judged = generations = 0
    instrument = make_instrument(planned.instrument, planned.protocol, planned.traits.traits)
    usual = TOKENS_OF_VERDICT if planned.instrument in SELF_REPORTS else TOKENS_OF_RESPONSE
    response = min(usual, planned.protocol.sampling.max_tokens or usual)
    wording = planned.protocol.wording
    frame = sum(map(len, (wording.judge, wording.neither, wording.question, wording.answer_json))) + FRAME
    followups = planned.followups
    turns = planned.conversation.turns
    for index, trial in enumerate(planned.design):
        first = index % planned.design.per_response == 0  # of the trials that one response serves
        generations += first
        messages, read = instrument.messages(trial), trial
        for turn in range(1, turns + 1):
            if followups and turn > 1:
                read = followups.asked(trial, turn)
                messages = followups.extend(messages, " " * response * CHARS_PER_TOKEN, read)
            asked += first * sum(len(message["content"]) for message in messages)
            judged += frame + len(read.prompt.text) + sum(map(len, read.options))
    n = len(planned.design) * turns
    of_model = Load(generations * turns, asked // CHARS_PER_TOKEN, generations * turns * response)
    if planned.judge == OWN_ANSWER:
        return of_model, Load(0, 0, 0)
    read = judged // CHARS_PER_TOKEN + n * response
    if planned.judge.startswith(LOGPROBS):  # in both orders, and no more than a letter is written
        return of_model, Load(2 * n, 2 * read, 2 * n)
    if planned.judge.startswith(BASE):  # at most, where the form is still to be chosen
        times = CALLS_OF_BASE.get(base_form(planned.judge), 4) * planned.protocol.options // 2
        return of_model, Load(times * n, times * read, times * n)
    return of_model, Load(n, read, n * TOKENS_OF_VERDICT)


def load_of_user(planned: RunPlan) -> Load:
    """What a run would ask of the model that plays its user; nothing where none does."""
    user, turns = planned.followups, planned.conversation.turns
    if not isinstance(user, UserModel):
        return Load(0, 0, 0)
    usual = planned.protocol.sampling.max_tokens or TOKENS_OF_RESPONSE
    answer = " " * min(TOKENS_OF_RESPONSE, usual) * CHARS_PER_TOKEN
    calls = tokens = 0
    for trial in planned.design:
        if planned.design.first_on_response(trial) != trial.id:
            continue
        calls += turns - 1
        messages: tuple[Message, ...] = ({"role": "user", "content": trial.prompt.text},)
        for _ in range(turns - 1):
            told = user.request(messages, "").messages
            tokens += (sum(len(one["content"]) for one in told) + len(answer)) // CHARS_PER_TOKEN
            said = user.said(trial, " " * TOKENS_OF_MESSAGE * CHARS_PER_TOKEN)
            messages = user.extend(messages, answer, said)
    return Load(calls, tokens, calls * TOKENS_OF_MESSAGE)


def known_price(spec: str, limits: Limits, served: Served = Served(), *, batch: bool = False) -> Price | None:
    """What calls to a model cost: as the limits say, else as its endpoint lists; None where nobody says.

    Args:
        spec: the model.
        limits: with the prices.
        served: where models are that go by their names.
        batch: whether they are made in batches where the endpoint has any.

    Raises:
        UsageError: there is no such provider.
    """
    live, spec = spec != bare(spec), bare(spec)
    if served.servers(spec):
        return limits.price
    if runs_here(spec):
        return Price(0.0, 0.0)
    endpoint, model = resolve(spec)
    price = limits.price
    if price is None:
        try:
            price = asyncio.run(prices(endpoint)).get(model)
        except MissingKey:
            return None
    return in_batches(spec, price) if price and batch and not live else price


def prices_known(
    limits: Limits, served: Served = Served(), *, batch: bool = False
) -> Callable[[str], Price | None]:
    """What tells the price of a model's calls as `known_price` does, and asks an endpoint once."""

    @cache
    def price(spec: str) -> Price | None:
        return known_price(spec, limits, served, batch=batch)

    return price


def in_batches(spec: str, price: Price) -> Price:
    """What calls to a model cost in batches, of which the live price is known; that one where it has none."""
    if runs_here(spec) or not resolve(bare(spec))[0].batches:
        return price
    return Price(price.input * PRICE_SHARE, price.output * PRICE_SHARE)
