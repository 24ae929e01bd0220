"""Trials under way: responses are judged as soon as they are in, and both are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.measurement.session import Calls, Progress
from mien.types import Call

if TYPE_CHECKING:
    from mien.instruments.judges import Judge
    from mien.models import Model
    from mien.store.store import Store
    from mien.types import Request, Trial


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
