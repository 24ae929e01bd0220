"""Stages: items taken through a step, many at a time, and kept in the store as they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from mien.craft.data.recipes import LeftOut
from mien.errors import BudgetReached, Unfinished
from mien.formatting import counted
from mien.measurement.session import Calls, Progress, count_workers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from mien.instruments.judges import Ask
    from mien.measurement.session import Limits
    from mien.models import Model
    from mien.models.client import Transport
    from mien.store.store import Store

#: Share of a stage's items that may fail before what comes of it is no longer what was asked for.
MOST_FAILED: Final = 0.1

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class Stages:
    """Carries stages out, one after the other.

    Args:
        transport: the way to the models.
        store: keeps the calls, and has those that were made before.
        limits: of speed and budget.
        on_progress: called a few times a second, and at the end of each stage.
    """

    def __init__(
        self,
        transport: Transport,
        store: Store,
        limits: Limits,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._transport = transport
        self._store = store
        self._limits = limits
        self._on_progress = on_progress

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
        progress = Progress(total=len(items), tally=self._transport.tally, unit=unit)
        calls = Calls(self._store, progress)
        outcomes: dict[int, Outcome | LeftOut] = {}

        async def one(number: int) -> bool:
            outcome = outcomes[number] = await step(items[number], calls.ask)
            if isinstance(outcome, LeftOut) and outcome.failed:
                progress.reasons[outcome.reason] += 1
                return False
            return True

        await calls.carry_out(
            one,
            range(len(items)),
            workers=count_workers(self._limits, *models),
            on_progress=self._on_progress,
        )
        kept = f"what was answered is kept in {self._store.path}, and the same command goes on"
        if progress.stopped:
            done = f"{progress.done:,} of {counted(progress.total, unit)} are through"
            raise BudgetReached(f"{progress.stopped}: {done}, and nothing is written yet; {kept}")
        if progress.failed > MOST_FAILED * progress.total:
            reasons = "; ".join(f"{n:,} × {reason}" for reason, n in progress.reasons.most_common(3))
            failed = f"{progress.failed:,} of {counted(progress.total, unit)} failed"
            raise Unfinished(f"{failed} ({reasons}), and nothing is written yet; {kept}")
        return [outcomes[number] for number in range(len(items))]
