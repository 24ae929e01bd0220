"""Answers of a model that was told what to show: what a judge's readings are held against."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from mien.instruments import instrument as make_instrument
from mien.instruments.judges import open_judge
from mien.materials.protocols import Protocol
from mien.measurement.length import Length
from mien.measurement.run_plan import Materials, plan
from mien.types import NON_CHOICES, Call, Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from mien.instruments.judges import Ask
    from mien.measurement.run_plan import RunPlan
    from mien.measurement.session import Session
    from mien.models import Model
    from mien.store.records import RunRecord
    from mien.types import Trait, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What a judge read in them.

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

    def __str__(self) -> str:
        return f"that one in {self.right}, another in {self.wrong}, none in {self.undecided}"

    @property
    def n(self) -> int:
        """All of them."""
        return self.right + self.wrong + self.undecided


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAnswers:
    """Answers to `instructed` trials, in each of which the first option is the one that was told.

    Attributes:
        of: the model's spec.
        trials: what was asked.
        respond: brings the answer to one, or the call that failed to.
        protocol: as the judge is to be asked.
        traits: those that may be options.
        seed: the design's.
        models: whoever is asked beside the judge.
    """

    of: str
    trials: Sequence[Trial]
    respond: Callable[[Trial, Ask], Awaitable[Call | str]]
    protocol: Protocol
    traits: Sequence[Trait]
    seed: int
    models: tuple[Model, ...] = ()

    async def read(self, session: Session, name: str, reader: Model) -> Readings | None:
        """What a judge reads in them; None where it did not come to read them.

        Args:
            session: open.
            name: of the judge, for messages.
            reader: its model.
        """
        judge = open_judge(name, reader, self.protocol, self.traits, seed=self.seed)
        calls = session.calls(len(self.trials), unit="reading", live=True)
        named: list[int | None] = []  # the place of what it named in the trial, where 0 was asked for

        async def one(trial: Trial) -> bool:
            response = await self.respond(trial, calls.ask)
            verdict = (
                response if isinstance(response, Call) else await judge.verdict(trial, response, calls.ask)
            )
            if isinstance(verdict, Call):
                calls.progress.reasons[verdict.failure] += 1
                return False
            named.append(None if verdict.chosen in NON_CHOICES else trial.options.index(verdict.chosen))
            return True

        await calls.carry_out(one, self.trials, workers=session.workers(*self.models, reader))
        if calls.progress.stopped or not named:
            return None  # what is wrong is told by the trials themselves
        return Readings(
            options=len(self.trials[0].options),
            right=named.count(0),
            wrong=sum(bool(place) for place in named),
            undecided=named.count(None),
        )


def asked_for(planned: RunPlan, model: Model, most: int) -> ToldAnswers:
    """Answers that a run's model is to give, on the run's traits and prompts.

    They are kept as all calls are: the same ones cost nothing the next time.
    """
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
        length=Length(trials=most),
        seed=planned.design.seed,
    )
    instruct = make_instrument("instructed", told.protocol, told.traits.traits)
    sampling = told.protocol.sampling.sampling()

    async def respond(trial: Trial, ask: Ask) -> Call | str:
        call = await ask(model, Request(instruct.messages(trial), sampling))
        return call.text if call.answered else call

    return ToldAnswers(
        of=planned.model,
        trials=[told.design[index] for index in range(min(most, len(told.design)))],
        respond=respond,
        protocol=told.protocol,
        traits=told.traits.traits,
        seed=told.design.seed,
        models=(model,),
    )


def held(session: Session, run: RunRecord, most: int) -> ToldAnswers | None:
    """Answers of a run's model that the store holds; None where it holds none."""
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
        return None
    rows = (row for row in store.rows(told.id, "") if row.response)
    answers = {row.trial: row.response for row in islice(rows, most)}

    async def respond(trial: Trial, ask: Ask) -> Call | str:
        return answers[trial]

    return ToldAnswers(
        of=run.model,
        trials=[*answers],
        respond=respond,
        protocol=Protocol.model_validate_json(told.protocol),
        traits=told.traits,
        seed=told.seed or 0,
    )
