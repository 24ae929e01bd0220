"""Trials under way: responses are judged as soon as they are in, and both are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mien.types import Call

if TYPE_CHECKING:
    from mien.instruments.judges import Ask
    from mien.measurement.calls import Calls
    from mien.models import Model
    from mien.types import Request, Trial, Verdict


class Reader(Protocol):
    """A judge, or what reads a model's own answers."""

    @property
    def name(self) -> str: ...

    async def verdict(self, trial: Trial, response: str, ask: Ask) -> Verdict | Call:
        """See `mien.instruments.judges.Judge`."""
        ...


class Pipeline:
    """Takes the trials of a run from a model to a judge.

    What a judge has read it need not read again: that it is by now asked otherwise, since its endpoint was
    found to take another form of answer, makes no verdict worth paying for twice.

    Args:
        calls: makes the calls of both.
        run: the store's number of the run.
        judge: reads the responses.
    """

    def __init__(self, calls: Calls, run: int, judge: Reader) -> None:
        self._calls = calls
        self._run = run
        self._judge = judge
        self._read = calls.store.trials_read(run, judge.name)

    async def respond(self, trial: Trial, model: Model, request: Request) -> Call:
        """Have a model respond to a trial, whether it can or fails."""
        call = await self._calls.ask(model, request)
        if self._read.get(trial.id) != call.key:
            self._read.pop(trial.id, None)
        self._calls.store.put_response(self._run, trial.id, call.key)
        if not call.answered:
            self._calls.progress.reasons[call.failure] += 1
        return call

    async def listen(self, trial: Trial, user: Model, request: Request) -> Call:
        """Have a model say what the user says in a trial, whether it can or fails."""
        call = await self._calls.ask(user, request)
        self._calls.store.put_said(self._run, trial.id, call.key)
        if not call.answered:
            self._calls.progress.reasons[f"the user: {call.failure}"] += 1
        return call

    async def judge(self, trial: Trial, response: str) -> bool:
        """Have a response judged; whether there is a verdict."""
        if trial.id in self._read:
            self._calls.progress.reused += 1
            return True
        verdict = await self._judge.verdict(trial, response, self._calls.ask)
        if isinstance(verdict, Call):
            self._calls.progress.reasons[f"the judge: {verdict.failure}"] += 1
            self._calls.store.put_judge_failure(self._run, trial.id, self._judge.name, verdict.key)
            return False
        self._calls.store.put_verdict(self._run, verdict)
        return True
