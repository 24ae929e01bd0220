"""Work under way: calls are looked up before they are made, and responses judged as soon as they are in."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from mien.errors import BudgetReached
from mien.types import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from mien.judges import Judge
    from mien.models import Model
    from mien.models.tally import Tally
    from mien.store import Store
    from mien.types import Request, Trial

TICK = 0.2  # seconds between two reports of progress


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes:
        total: trials to go through.
        done: trials gone through, whatever came of them.
        failed: of these, trials without a verdict.
        unit: what is counted, where it is not trials, in the singular.
        reasons: why these have none, and how many times: the model's failures and the judge's.
        reused: calls that the store had already.
        stopped: why the run stopped before its end; empty where it did not.
        tally: calls made, tokens, cost.
    """

    total: int
    tally: Tally
    done: int = 0
    failed: int = 0
    unit: str = "trial"
    reused: int = 0
    stopped: str = ""
    reasons: Counter[str] = field(default_factory=Counter[str])


Item = TypeVar("Item")


class Calls:
    """Makes calls, many at a time, and none that the store has already.

    Args:
        store: keeps them.
        progress: is kept up to date.
    """

    def __init__(self, store: Store, progress: Progress) -> None:
        self._store = store
        self.progress = progress

    async def ask(self, model: Model, request: Request) -> Call:
        """Answer from the store where it has one, else from the model; a failed call is made again."""
        call = self._store.call(model.key(request))
        if call and call.answered:
            self.progress.reused += 1
            await asyncio.sleep(0)  # a run that finds everything in the store lets others have a turn, too
            return call
        call = await model.complete(request)
        self._store.put_call(call)
        return call

    async def carry_out(
        self,
        step: Callable[[Item], Awaitable[bool]],
        items: Iterable[Item],
        *,
        workers: int,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        """Take every item through a step that tells whether it brought its result, ``workers`` at a time.

        Where a budget is reached, what is under way is finished, and ``progress.stopped`` says so.

        Raises:
            MienError: whatever else a step raises; steps under way are cancelled.
        """
        remaining = iter(items)

        async def work() -> None:
            for item in remaining:
                if self.progress.stopped:
                    return
                try:
                    brought = await step(item)
                except BudgetReached as reached:
                    self.progress.stopped = str(reached)
                    return
                self.progress.done += 1
                self.progress.failed += not brought

        reporter = asyncio.create_task(self._report(on_progress)) if on_progress else None
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(work())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            if reporter and on_progress:
                reporter.cancel()
                on_progress(self.progress)

    async def _report(self, on_progress: Callable[[Progress], None]) -> None:
        while True:
            on_progress(self.progress)
            await asyncio.sleep(TICK)


class Pipeline(Calls):
    """Carries out trials, many at a time.

    Args:
        store: keeps calls, responses and verdicts.
        run: the store's number of the run.
        judge: reads the responses.
        progress: is kept up to date.
    """

    def __init__(self, store: Store, run: int, judge: Judge, progress: Progress) -> None:
        super().__init__(store, progress)
        self._run = run
        self._judge = judge

    async def respond(self, trial: Trial, model: Model, request: Request) -> Call:
        """Have a model respond to a trial, whether it can or fails."""
        call = await self.ask(model, request)
        self._store.put_response(self._run, trial.id, call.key)
        if not call.answered:
            self.progress.reasons[call.failure] += 1
        return call

    async def judge(self, trial: Trial, response: str) -> bool:
        """Have a response judged; whether there is a verdict."""
        verdict = await self._judge.verdict(trial, response, self.ask)
        if isinstance(verdict, Call):
            self.progress.reasons[f"the judge: {verdict.failure}"] += 1
            return False
        self._store.put_verdict(self._run, verdict)
        return True
