"""Clauses that a judge takes one way or another by how they are put."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from mien.errors import UnknownName, UsageError
from mien.evals.answers import Answers
from mien.evals.conduct import Place
from mien.evals.spec.evaluate import carry_out
from mien.evals.spec.judge import about_clause, judge_of
from mien.evals.spec.writer import asked_to_reword
from mien.materials.traits import fold
from mien.measurement.stages import LeftOut, Stages
from mien.stats.agreement.noise import beyond_noise
from mien.stats.multiplicity import false_discovery
from mien.types import REFUSED, UNREADABLE, Call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.conduct import EvaluationPlan
    from mien.evals.evaluation import Evaluation
    from mien.evals.item import Item
    from mien.instruments.judges import Ask, Judge
    from mien.materials.specs import Clause, Spec
    from mien.measurement.session import Session
    from mien.models import Model
    from mien.stats.agreement.noise import BeyondNoise

Finding = Literal["ambiguous", "no sign", "undecided"]

#: False-discovery rate among the clauses that are said to be ambiguous.
LEVEL: Final = 0.05

#: Conversations below which nothing would show: with 5, all of one sign have the chance 1/32.
LEAST: Final = 5

_ATTEMPTS: Final = 4  # at wording a clause otherwise, twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguity:
    """A clause, and how readings of it differ.

    Attributes:
        wordings: the two paraphrases that were read.
        noise: how often readings differed across them, and how often when the first was read twice; None
            where nothing was read.
        q: of the test that they differ more; None where nothing would show.
    """

    clause: str
    wordings: tuple[str, str]
    noise: BeyondNoise | None
    q: float | None = None

    @property
    def finding(self) -> Finding:
        """Whether it is taken one way or another; undecided on too few conversations."""
        if self.q is None:
            return "undecided"
        return "ambiguous" if self.q <= LEVEL else "no sign"


class Ambiguities(NamedTuple):
    """What was found.

    Attributes:
        clauses: those that a judge is asked about, the clearest first.
        lacking: what is missing of answers, a phrase for each model of whom some are.
    """

    clauses: tuple[Ambiguity, ...]
    lacking: tuple[str, ...]


class _Row(NamedTuple):
    """How an answer was read."""

    clause: str
    cluster: str
    across: bool
    within: bool


class _Task(NamedTuple):
    """An answer that is read, under a name of its own."""

    name: str
    item: Item
    text: str


def find_ambiguities(
    plans: Sequence[EvaluationPlan],
    spec: Spec,
    session: Session,
    *,
    clauses: Sequence[str] = (),
    confidence_level: float = 0.95,
) -> Ambiguities:
    """Have the judge word each clause otherwise, twice, and read the same answers under both wordings.

    The spec is run as `mien spec run` does, with whose calls these are shared. Each answer to an item that is
    judged by its clause is then read under one paraphrase, under the same once more, and under the other. A
    clause is ambiguous if readings across the paraphrases differ more often than repeated ones do, with false
    discoveries controlled over all clauses.

    Args:
        plans: of `mien.evals.spec.evaluate.plan`, of one judge and one model or more.
        spec: that they are plans of.
        clauses: ids of those that are looked at; all where there are none.

    Raises:
        UnknownName: there is no such clause.
        UsageError: no judge is asked about a clause, or it cannot word one otherwise, or reads alike always.
        BudgetReached: a limit was reached; what was answered is kept.
        Unfinished: too many calls failed.
        EndpointRefused: an endpoint refuses every call alike.
    """
    chosen, judge = _judged(spec, clauses), plans[0].judge
    if not chosen or not judge:
        raise UsageError(
            f"no judge is asked about a clause of {spec.name}: there is nothing to put otherwise"
        )
    evaluations = carry_out(plans, session)
    tasks = _tasks(evaluations, chosen)

    async def main() -> tuple[dict[str, tuple[str, str]], list[_Row]]:
        model, stages = session.open(judge), Stages(session)
        judges = [judge_of("clause", model, repeat=repeat) for repeat in (0, 1)]

        async def put(clause: Clause, ask: Ask) -> tuple[str, str] | LeftOut:
            return await _reworded(clause, model, ask)

        made = await stages.carry_out(list(chosen.values()), put, "clause", model)
        wordings = {name: one for name, one in zip(chosen, made, strict=True) if not isinstance(one, LeftOut)}

        async def read(task: _Task, ask: Ask) -> _Row | LeftOut:
            return await _read(task, wordings[task.item.test], chosen[task.item.test], judges, ask)

        ready = [task for task in tasks if task.item.test in wordings]
        rows = await stages.carry_out(ready, read, "answer", model)
        return wordings, [row for row in rows if not isinstance(row, LeftOut)]

    wordings, rows = session.run(main)
    lacking = tuple(told for one in evaluations if (told := one.made.lacking(one.name)))
    return Ambiguities(tuple(_found(wordings, rows, confidence_level)), lacking)


def _judged(spec: Spec, clauses: Sequence[str]) -> dict[str, Clause]:
    """Of the clauses that are named, or of all, those that a judge is asked about."""
    by_id = {clause.id: clause for clause in spec.clauses}
    for name in clauses:
        if name not in by_id:
            raise UnknownName("clause", name, by_id)
    named = [by_id[name] for name in clauses or by_id]
    return {clause.id: clause for clause in named if not all(item.checks for item in clause.items)}


def _tasks(evaluations: Sequence[Evaluation], chosen: Mapping[str, Clause]) -> list[_Task]:
    tasks: list[_Task] = []
    for one in evaluations:
        answers = one.answers()
        for key, item in one.items.items():
            if item.test not in chosen or "checks" in item.content:
                continue
            found = Answers(answers[key])
            tasks += (
                _Task(f"{item.test}/{item.id}/{sample}", item, answer.text)
                for sample in range(one.settings["samples"])
                if (answer := found.own(Place(sample=sample)))
            )
    return tasks


async def _reworded(clause: Clause, model: Model, ask: Ask) -> tuple[str, str] | LeftOut:
    """Two wordings of a clause that are neither its own nor one."""
    found: dict[str, str] = {}
    own = fold(clause.text)
    for attempt in count():
        if len(found) == 2:
            first, second = found.values()
            return first, second
        if attempt == _ATTEMPTS:
            break
        call = await ask(model, asked_to_reword(clause, attempt))
        if not call.answered:
            return LeftOut(call.failure, failed=True)
        if (text := call.text.strip()) and call.finish_reason != "length" and fold(text) != own:
            found.setdefault(fold(text), text)
    return LeftOut(f"the judge put the clause no other way, {_ATTEMPTS} times", failed=True)


async def _read(
    task: _Task, wordings: tuple[str, str], clause: Clause, judges: Sequence[Judge], ask: Ask
) -> _Row | LeftOut:
    first, second = wordings
    once, again = judges
    chosen: list[str] = []
    for judge, text in ((once, first), (again, first), (once, second)):
        content = {"messages": task.item.content["messages"], "clause": text}
        if clause.applies:
            content["applies"] = clause.applies
        found = await judge.verdict(about_clause(task.name, content), task.text, ask)
        if isinstance(found, Call):
            return LeftOut(f"the judge: {found.failure}", failed=True)
        if found.chosen in {UNREADABLE, REFUSED}:
            return LeftOut("the judge's answer could not be read")
        chosen.append(found.chosen)
    read, repeated, other = chosen
    return _Row(clause.id, task.item.cluster or task.item.id, read != other, read != repeated)


def _found(
    wordings: Mapping[str, tuple[str, str]], rows: Sequence[_Row], confidence_level: float
) -> list[Ambiguity]:
    noise: dict[str, BeyondNoise] = {}
    for name in wordings:
        own = [row for row in rows if row.clause == name]
        if own:
            across, within, of = zip(*((row.across, row.within, row.cluster) for row in own), strict=True)
            noise[name] = beyond_noise(across, within, of, confidence_level=confidence_level)
    tested = [name for name, one in noise.items() if one.clusters >= LEAST]
    qs = false_discovery([noise[name].p for name in tested]) if tested else np.empty(0)
    q_of = {name: float(q) for name, q in zip(tested, qs, strict=True)}
    told = [
        Ambiguity(clause=name, wordings=pair, noise=noise.get(name), q=q_of.get(name))
        for name, pair in wordings.items()
    ]
    return sorted(told, key=lambda one: (one.q is None, one.q or 0.0))
