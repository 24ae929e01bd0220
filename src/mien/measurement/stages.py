"""Stages: items taken through a step, many at a time, and kept in the store as they are answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from mien.errors import BudgetReached, Unfinished
from mien.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from mien.instruments.judges import Ask
    from mien.measurement.session import Session
    from mien.models import Model

#: Share of a stage's items that may fail before what comes of it is no longer what was asked for.
MOST_FAILED: Final = 0.1

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why nothing came of an item.

    Attributes:
        failed: whether a call failed, so that another attempt may bring it.
    """

    reason: str
    failed: bool = False


class Stages:
    """Carries stages out, one after the other.

    Args:
        session: an open one.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def carry_out(
        self,
        items: Sequence[Item],
        step: Callable[[Item, Ask], Awaitable[Outcome | LeftOut]],
        unit: str,
        *models: Model,
    ) -> list[Outcome | LeftOut]:
        """Take every item through a step, many at a time; the outcomes come in the items' order.

        Args:
            items: what is gone through.
            step: what is done with each; it asks models by what it is given.
            unit: what an item is, in the singular.
            models: those that the step asks.

        Raises:
            BudgetReached: a limit was reached.
            Unfinished: more than `MOST_FAILED` of the items failed.
        """
        session = self._session
        calls = session.calls(len(items), unit)
        progress = calls.progress
        outcomes: dict[int, Outcome | LeftOut] = {}

        async def one(number: int) -> bool:
            outcome = outcomes[number] = await step(items[number], calls.ask)
            if isinstance(outcome, LeftOut) and outcome.failed:
                progress.reasons[outcome.reason] += 1
                return False
            return True

        await calls.carry_out(one, range(len(items)), workers=session.workers(*models))
        kept = f"what was answered is kept in {session.path}, and the same command goes on"
        if progress.stopped:
            done = f"{progress.done:,} of {counted(progress.total, unit)} are through"
            raise BudgetReached(f"{progress.stopped}: {done}, and nothing is written yet; {kept}")
        if progress.failed > MOST_FAILED * progress.total:
            reasons = "; ".join(f"{n:,} × {reason}" for reason, n in progress.reasons.most_common(3))
            failed = f"{progress.failed:,} of {counted(progress.total, unit)} failed"
            raise Unfinished(f"{failed} ({reasons}), and nothing is written yet; {kept}")
        return [outcomes[number] for number in range(len(items))]
