"""Whether a judge can tell a model's answers apart, seen on a few before it reads them all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from mien.errors import UsageError, notify
from mien.formatting import counted
from mien.instruments import instrument as make_instrument
from mien.instruments.judges import kind_of, open_judge
from mien.materials.protocols import Protocol
from mien.measurement.length import Length
from mien.measurement.run_plan import Materials, plan
from mien.types import NON_CHOICES, Call, Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from mien.instruments.judges import Ask, Judge
    from mien.measurement.run_plan import RunPlan
    from mien.measurement.session import Session
    from mien.models import Model
    from mien.store.records import RunRecord
    from mien.types import Trial

#: Readings for judges that are checked by themselves.
USUAL: Final = 24

#: How often a judge that guesses is let pass, at most.
LEVEL: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeCheck:
    """What a judge read in answers to `instructed` trials.

    Attributes:
        options: how many each trial has.
        right: readings that name the option that was asked for.
        wrong: those that name another.
        undecided: those that name none.
    """

    options: int
    right: int
    wrong: int
    undecided: int

    @property
    def p(self) -> float:
        """The chance that a judge that guesses names the right ones as often, or more often (binomial)."""
        n, chance = self.right + self.wrong, 1 / self.options
        return sum(math.comb(n, k) * chance**k * (1 - chance) ** (n - k) for k in range(self.right, n + 1))

    @property
    def passed(self) -> bool:
        """Whether it names the right ones more often than by guessing."""
        return self.p <= LEVEL

    def __str__(self) -> str:
        asked = counted(self.right + self.wrong + self.undecided, "answer")
        return (
            f"of {asked} by a model that was told to adopt one trait, it named that one in {self.right}, "
            f"another in {self.wrong}, none in {self.undecided}"
        )


async def check_judge(planned: RunPlan, session: Session, *models: Model, readings: int | None) -> None:
    """Have a run's judge read a few `instructed` answers of its model, before all others.

    They are kept as all calls are: the same check costs nothing the next time.

    Args:
        planned: what is about to be carried out.
        session: open.
        models: the run's model, and its judge.
        readings: how many; None: by the judge's kind, 0 for none.

    Raises:
        UsageError: the judge cannot tell them apart better than by guessing.
    """
    readings = usual_readings(planned.judge) if readings is None else readings
    if not readings:
        return
    model, reader = models
    materials = Materials(
        instrument="instructed",
        protocol=planned.protocol,
        traits=planned.traits,
        prompts=planned.design.prompts,
    )
    told = plan(
        planned.model,
        planned.judge,
        materials=materials,
        length=Length(trials=readings),
        seed=planned.design.seed,
    )
    instruct = make_instrument("instructed", told.protocol, told.traits.traits)
    sampling = told.protocol.sampling.sampling()

    async def respond(trial: Trial, ask: Ask) -> Call | str:
        call = await ask(model, Request(instruct.messages(trial), sampling))
        return call.text if call.answered else call

    judge = open_judge(planned.judge, reader, told.protocol, told.traits.traits, seed=told.design.seed)
    trials = [told.design[index] for index in range(min(readings, len(told.design)))]
    _settle(await _read(session, judge, trials, respond, models), planned.judge, planned.model)


async def check_on_run(run: RunRecord, session: Session, reader: Model, *, readings: int | None) -> None:
    """Have a judge read a few `instructed` answers of a run's model that the store holds, and ask for none.

    Args:
        run: what the judge is to read.
        session: open on the run's store.
        reader: the judge's model.
        readings: how many; None: by the judge's kind, 0 for none.

    Raises:
        UsageError: the judge cannot tell them apart better than by guessing; or there are no such answers,
            and they were asked for.
    """
    most = usual_readings(reader.name) if readings is None else readings
    if not most:
        return
    store = session.store
    told = next(
        (
            one
            for one in store.runs()
            if one.instrument == "instructed" and one.model == run.model and one.design
        ),
        None,
    )
    if told is None:
        missing = (
            f"the store holds no instructed answers of {run.model}, so that nobody knows whether it can tell "
            "them apart; make some: mien measure … --instrument instructed"
        )
        if readings:
            raise UsageError(f"--check-judge: {missing}")
        notify(f"judge {reader.name}", [missing])
        return
    judge = open_judge(
        reader.name, reader, Protocol.model_validate_json(told.protocol), told.traits, seed=told.seed or 0
    )
    rows = (row for row in store.rows(told.id, reader.name) if row.response)
    answers = {row.trial: row.response for row in islice(rows, most)}

    async def respond(trial: Trial, ask: Ask) -> Call | str:
        return answers[trial]

    _settle(await _read(session, judge, list(answers), respond, (reader,)), reader.name, run.model)


def usual_readings(judge: str) -> int:
    """How many readings a judge is checked on where nobody says."""
    return USUAL if kind_of(judge).checked else 0


async def _read(
    session: Session,
    judge: Judge,
    trials: Sequence[Trial],
    respond: Callable[[Trial, Ask], Awaitable[Call | str]],
    models: Sequence[Model],
) -> JudgeCheck | None:
    """What the judge reads in the answers; None where it did not come to read them."""
    calls = session.calls(len(trials), unit="reading", live=True)
    named: list[int | None] = []  # the place of what it named in the trial, where 0 was asked for

    async def one(trial: Trial) -> bool:
        response = await respond(trial, calls.ask)
        verdict = response if isinstance(response, Call) else await judge.verdict(trial, response, calls.ask)
        if isinstance(verdict, Call):
            calls.progress.reasons[verdict.failure] += 1
            return False
        named.append(None if verdict.chosen in NON_CHOICES else trial.options.index(verdict.chosen))
        return True

    await calls.carry_out(one, trials, workers=session.workers(*models))
    if calls.progress.stopped or not named:
        return None  # what is wrong is told by the trials themselves
    return JudgeCheck(
        options=len(trials[0].options),
        right=named.count(0),
        wrong=sum(bool(place) for place in named),
        undecided=named.count(None),
    )


def _settle(check: JudgeCheck | None, judge: str, model: str) -> None:
    """Say what was found; raise where the judge cannot tell."""
    if check is None:
        return
    if check.passed:
        notify(f"judge {judge}", [f"{check}: it can tell them apart (by guessing: p = {check.p:.2g})"])
        return
    raise UsageError(
        f"judge {judge} cannot tell the answers of {model} apart: {check}, no better than by guessing "
        f"(p = {check.p:.2g}). Either it cannot read, or the model cannot show such traits: give a stronger "
        "--judge, or --traits further apart; --check-judge 0 goes on all the same"
    )
