"""What has been asked and spent, and the limits on both."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from mien.errors import BudgetReached, EndpointRefused, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from mien.types import Call

_UNPRICED = (
    "the limit on cost cannot be kept: the endpoint gives no price; "
    "give one (--price-in, --price-out) or limit the calls (--max-calls)"
)


class Price(NamedTuple):
    """US dollars per million tokens."""

    input: float
    output: float

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """US dollars for one call."""
        return (self.input * tokens_in + self.output * tokens_out) / 1e6


class Speed(NamedTuple):
    """How fast one endpoint may be asked; see `Limits`."""

    max_concurrency: int
    rpm: float | None = None
    tpm: float | None = None


class Spent(NamedTuple):
    """What was spent of a budget of which the rest is left."""

    calls: int = 0
    cost: float = 0.0


_NOTHING = Spent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast, how long and how dear calls may get.

    Attributes:
        max_concurrency: most requests in flight at once, per endpoint.
        rpm: requests per minute that an endpoint allows, where known.
        tpm: tokens per minute that an endpoint allows, where known.
        max_calls: requests after which `BudgetReached` is raised, those made again included; None for no
            limit.
        max_cost: US dollars after which it is; None for no limit.
        price_in: US dollars per million tokens of requests, where the endpoint does not say.
        price_out: US dollars per million tokens of answers.
        timeout: seconds until a request is given up.
        speeds: of endpoints that are asked faster or slower than the others, by their base URL.
        spent: before, of a budget of which these are the rest.
    """

    max_concurrency: int = 256
    rpm: float | None = None
    tpm: float | None = None
    max_calls: int | None = None
    max_cost: float | None = None
    price_in: float | None = None
    price_out: float | None = None
    timeout: float = 600
    speeds: Mapping[str, Speed] = field(default_factory=dict[str, Speed])
    spent: Spent = _NOTHING

    def speed(self, url: str) -> Speed:
        """How fast the endpoint at a base URL may be asked."""
        return self.speeds.get(url) or Speed(self.max_concurrency, self.rpm, self.tpm)

    @property
    def price(self) -> Price | None:
        """What calls cost; None where nothing was said of it."""
        if self.price_in is None and self.price_out is None:
            return None
        return Price(self.price_in or 0.0, self.price_out or 0.0)

    def less(self, spent: Tally) -> Limits:
        """What is left of the budget; the rest as it is."""
        return replace(
            self,
            max_calls=None if self.max_calls is None else max(0, self.max_calls - spent.requests),
            max_cost=None if self.max_cost is None else max(0.0, self.max_cost - spent.cost),
            spent=Spent(self.spent.calls + spent.requests, self.spent.cost + spent.cost),
        )


class Wait(NamedTuple):
    """A time at which an endpoint is asked for nothing.

    Attributes:
        until: when it ends, on the monotonic clock.
        why: what the endpoint said.
    """

    until: float
    why: str


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counters of calls and of their requests, for progress, and the budget that they must keep to.

    A call may take several requests: one that brought nothing that can be read is made again, and may have
    been paid for. Each of them counts, but for those that were refused for asking too often: these did no
    work.

    Several works that go on side by side have a part each, which counts what is asked on its behalf, and may
    be refused further requests while the others go on; the budget is the whole's (`on_account_of`).

    Attributes:
        whole: what this is a part of; None for the whole.
        max_calls: requests that may be sent; None for no limit.
        max_cost: US dollars that may be spent; None for no limit.
        before: what was spent of the budget of which these are the rest.
        answered: calls with an answer.
        failed: calls that ended without one.
        requests: requests that have ended.
        in_flight: requests that were sent and have not ended.
        on_their_way: of these, those to endpoints: their answers may have to be paid for.
        refusal: why no request may be sent any more; empty where one may.
        retries: attempts beyond a call's first, refusals for asking too often not counted.
        throttled: requests that were refused for asking too often.
        tokens_in: tokens of requests, by the endpoints' count.
        tokens_out: tokens of answers and reasoning, by the endpoints' count.
        cost: US dollars, as far as known.
        waits: the latest wait for each model, by its name.
        adapted: in what a model's requests depart from what was asked, by its name.
        writers: of models in this process, how many tokens of answers they are writing, by their names.
    """

    whole: Tally | None = None
    max_calls: int | None = None
    max_cost: float | None = None
    before: Spent = _NOTHING
    answered: int = 0
    failed: int = 0
    requests: int = 0
    in_flight: int = 0
    on_their_way: int = 0
    refusal: str = ""
    retries: int = 0
    throttled: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    waits: dict[str, Wait] = field(default_factory=dict[str, Wait])
    adapted: dict[str, str] = field(default_factory=dict[str, str])
    writers: dict[str, Callable[[], int]] = field(default_factory=dict[str, "Callable[[], int]"])
    _unpriced: bool = False

    @property
    def written(self) -> int:
        """Tokens of answers that models in this process are writing, and that are not counted yet."""
        return sum(tokens() for tokens in (self.whole or self).writers.values())

    def begin(self) -> None:
        """Count a request that is about to be sent.

        Raises:
            BudgetReached: it would go beyond a limit. Requests in flight are expected to cost what those
                before them did, so that they don't overshoot the limit together.
            EndpointRefused: nothing is to be sent any more.
            UsageError: there is a limit on cost, but requests cannot be priced.
        """
        if self.refusal:
            raise EndpointRefused(self.refusal)
        if self.whole:
            self.whole.begin()
        done = self.requests
        if self.max_calls is not None and done + self.in_flight >= self.max_calls:
            raise BudgetReached(f"the limit of {self.max_calls + self.before.calls} calls is reached")
        if self.max_cost is not None:
            if self._unpriced:
                raise UsageError(_UNPRICED)
            ahead = self.cost / done * (self.in_flight + 1) if done else 0.0
            if self.cost + ahead > self.max_cost:
                whole, spent = self.max_cost + self.before.cost, self.cost + self.before.cost
                raise BudgetReached(f"the limit of ${whole:g} is reached (${spent:.4g} spent)")
        self.in_flight += 1

    def end(self, tokens_in: int, tokens_out: int, cost: float | None, *, answered: bool) -> None:
        """Count what came of a request.

        Args:
            tokens_in: tokens of the request.
            tokens_out: tokens of what came back, whether it could be used or not.
            cost: US dollars; None where it is not known.
            answered: whether it brought an answer, and so must have cost something.
        """
        if self.whole:
            self.whole.end(tokens_in, tokens_out, cost, answered=answered)
        self.in_flight -= 1
        self.requests += 1
        self.tokens_in += tokens_in
        self.tokens_out += tokens_out
        if cost is not None:
            self.cost += cost
        elif tokens_out or answered:
            self._unpriced = True

    def room(self, expected: float | None) -> int | None:
        """How many more requests may be sent together, as in a batch; None for any number.

        Args:
            expected: US dollars that one of them will cost; None where that is not known.

        Raises:
            UsageError: there is a limit on cost, but requests cannot be priced.
        """
        if self.whole:
            return self.whole.room(expected)
        rooms: list[int] = []
        if self.max_calls is not None:
            rooms.append(max(0, self.max_calls - self.requests - self.in_flight))
        if self.max_cost is not None:
            if expected is None or self._unpriced:
                raise UsageError(_UNPRICED)
            left = self.max_cost - self.cost - self.in_flight * expected
            rooms += [max(0, int(left / expected))] if expected else []
        return min(rooms, default=None)

    def reserve(self, n: int) -> None:
        """Count requests as in flight that go together, as in a batch; below 0, those that are so no more."""
        if self.whole:
            self.whole.reserve(n)
        self.in_flight += n

    def drop(self, *, throttled: bool = False) -> None:
        """Count a request no more: it was abandoned, or refused for asking too often."""
        if self.whole:
            self.whole.drop(throttled=throttled)
        self.in_flight -= 1
        self.throttled += throttled

    def settle(self, call: Call) -> None:
        """Count a call that has come to its end."""
        if self.whole:
            self.whole.settle(call)
        if call.failure:
            self.failed += 1
        else:
            self.answered += 1


_part: ContextVar[Tally | None] = ContextVar("part", default=None)


@contextmanager
def on_account_of(part: Tally) -> Generator[None]:
    """Count what is asked within, and in the tasks that are begun there, in this part of its whole."""
    token = _part.set(part)
    try:
        yield
    finally:
        _part.reset(token)


def account(whole: Tally) -> Tally:
    """Where a request is counted that is asked now: in the part on whose account it is, or in the whole."""
    part = _part.get()
    return part if part is not None and part.whole is whole else whole
