"""What has been asked and spent, and the limits on both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mien.errors import BudgetReached, UsageError

if TYPE_CHECKING:
    from mien.types import Call


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counters of calls, for progress, and the budget that they must keep to.

    Attributes:
        max_calls: calls that may be begun; None for no limit.
        max_cost: US dollars that may be spent; None for no limit.
        answered: calls with an answer.
        failed: calls that ended without one.
        in_flight: calls that were begun and have not ended.
        retries: attempts beyond a call's first, refusals for asking too often not counted.
        throttled: requests that were refused for asking too often.
        tokens_in: tokens of requests, by the endpoints' count.
        tokens_out: tokens of answers and reasoning, by the endpoints' count.
        cost: US dollars, as far as known.
    """

    max_calls: int | None = None
    max_cost: float | None = None
    answered: int = 0
    failed: int = 0
    in_flight: int = 0
    retries: int = 0
    throttled: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    _unpriced: bool = False

    def begin(self) -> None:
        """Count a call that is about to be made.

        Raises:
            BudgetReached: it would go beyond a limit. Calls in flight are expected to cost what those
                before them did, so that they don't overshoot the limit together.
            UsageError: there is a limit on cost, but calls cannot be priced.
        """
        done = self.answered + self.failed
        if self.max_calls is not None and done + self.in_flight >= self.max_calls:
            raise BudgetReached(f"the limit of {self.max_calls} calls is reached")
        if self.max_cost is not None:
            if self._unpriced:
                raise UsageError(
                    "the limit on cost cannot be kept: the endpoint gives no price; "
                    "give one (--price-in, --price-out) or limit the calls (--max-calls)"
                )
            ahead = self.cost / done * (self.in_flight + 1) if done else 0.0
            if self.cost + ahead > self.max_cost:
                raise BudgetReached(f"the limit of ${self.max_cost:g} is reached (${self.cost:.4g} spent)")
        self.in_flight += 1

    def end(self, call: Call | None) -> None:
        """Count what came of a call; None where it was abandoned."""
        self.in_flight -= 1
        if call is None:
            return
        if call.failure:
            self.failed += 1
        else:
            self.answered += 1
        self.tokens_in += call.tokens_in
        self.tokens_out += call.tokens_out
        if call.cost is not None:
            self.cost += call.cost
        elif call.tokens_out or not call.failure:
            self._unpriced = True
