"""A spec is run: models are asked its items, and the judge reads what they answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mien.errors import UsageError
from mien.evals.conduct import EvaluationPlan, Place, conduct, default_name
from mien.evals.evaluation import Evaluation
from mien.evals.generation import Generation, sampling
from mien.evals.judges import require_reads
from mien.evals.spec.examples import read_example
from mien.evals.spec.items import EXAMPLES, examples_of, items_of
from mien.evals.spec.judge import OPTIONS, judge_of, wording_digest
from mien.evals.spec.verdicts import counted, questions
from mien.instruments.manner.countable import countable
from mien.materials.specs import read_spec, require_sound
from mien.materials.specs.soundness import wrong
from mien.types import Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mien.evals.conduct import Asking, Open, Script
    from mien.evals.item import Item
    from mien.instruments.judges import Judge
    from mien.materials.specs import Spec
    from mien.measurement.calls import Progress
    from mien.measurement.session import Session

KIND: Final = "spec"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How a model is to be asked what is in a spec.

    Attributes:
        spec: whose items.
        samples: answers to each item.
        generation: how the model under test answers.
    """

    spec: Spec
    samples: int = 1
    generation: Generation = Generation()

    @property
    def settings(self) -> dict[str, Any]:
        """What the answers depend on beside the items, and where each clause stands."""
        clauses = [
            {"id": one.id, "section": one.section, "authority": one.authority, "text": one.text}
            for one in self.spec.clauses
        ]
        return self.generation.settings | {
            "spec": self.spec.name,
            "version": self.spec.version,
            "clauses": clauses,
            "samples": self.samples,
            "wording": wording_digest(),
        }


def load(path: str | Path) -> Spec:
    """The spec in a file, which can be run as it is.

    Raises:
        InputError: it cannot be read, or not be run; with the line.
    """
    spec = read_spec(path)
    require_sound(spec, path, countable())
    return spec


def needs_judge(spec: Spec) -> bool:
    """Whether some of its items cannot be checked without a judge."""
    return any(questions(item, 0) for item in items_of(spec))


def plan(model: str, judge: str | None, asked: Asked, *, name: str | None = None) -> EvaluationPlan:
    """Lay out what is asked of a model, without making a call.

    Args:
        model: the model under test.
        judge: who reads the answers that cannot be checked without.
        asked: which spec, and how.
        name: of the evaluation; default: the model's, the spec's, and its version.

    Raises:
        UsageError: the spec has no items, or is not sound; a judge is needed and not there, or there and not
            needed, or cannot be asked; an item has a system prompt beside another.
    """
    spec = asked.spec
    items = items_of(spec)
    if not items:
        raise UsageError(f"no clause of {spec.name} has items to ask: write some, or have them written")
    for place, problem in wrong(spec, countable()):
        raise UsageError(f"{spec.name}, {'.'.join(map(str, place))}: {problem}")
    if asked.generation.system and (own := next((item for item in items if _has_system(item)), None)):
        raise UsageError(
            f"clause {own.test}, item {own.id} has a system message of its own, beside which a model takes "
            "no other: leave out --system"
        )
    read = [question.asked for item in items for question in questions(item, 0)]
    if read and judge is None:
        raise UsageError(
            f"{len(read)} of {spec.name}'s checks need a model that reads the answers: give --judge"
        )
    if judge is not None:
        if not read:
            raise UsageError(f"{spec.name} is checked without a judge: leave out --judge")
        require_reads(judge, "clauses")
    examples = examples_of(spec) if "clause" in read else ()
    return EvaluationPlan(
        name=name or default_name(model, _short(spec)),
        kind=KIND,
        model=model,
        judge=judge or "",
        settings=asked.settings,
        items=(*items, *examples),
        growing=("samples", "clauses"),
    )


def _has_system(item: Item) -> bool:
    return item.content["messages"][0]["role"] == "system"


def _short(spec: Spec) -> str:
    """The spec's name and version as a part of an evaluation's name."""
    return "-".join(f"{spec.name} {spec.version}".casefold().split())


def script(planned: EvaluationPlan, opened: Open) -> Script:
    """What takes each item through its samples, and each example to the judge."""
    judges: dict[str, Judge] = {}
    if planned.judge:
        model = opened(planned.judge)
        judges = {asked: judge_of(asked, model) for asked in OPTIONS}
    return _Script(planned.settings, judges)


async def evaluate(planned: EvaluationPlan, session: Session) -> Progress:
    """Ask all that was planned, in a session that is open; see `mien.evals.conduct.conduct`."""
    return await conduct(planned, session, script(planned, session.open))


class _Script:
    """Takes an item through its samples, or an example to its judge."""

    def __init__(self, settings: Mapping[str, Any], judges: Mapping[str, Judge]) -> None:
        self._sampling = sampling(settings)
        self._samples: int = settings["samples"]
        self._judges = judges

    async def __call__(self, item: Item, asking: Asking) -> bool:
        if item.test.startswith(EXAMPLES):
            return await read_example(item, asking, self._judges["clause"])
        brought = await asyncio.gather(
            *(self._sample(item, asking, sample) for sample in range(self._samples)),
            return_exceptions=True,  # those on their way are awaited: they may have been paid for
        )
        for one in brought:
            if isinstance(one, BaseException):
                raise one
        return all(brought)

    async def _sample(self, item: Item, asking: Asking, sample: int) -> bool:
        request = Request(tuple(item.content["messages"]), self._sampling, replicate=sample)
        call = await asking.answer(Place(sample=sample), request)
        if not call.answered:
            return False
        if asking.ends(where=counted(item, call.text) == "breaks"):
            return True  # whatever a judge would say of the rest
        brought = True
        for asked, place, trial in questions(item, sample):
            judge = self._judges[asked]
            brought &= bool(
                await asking.reading(
                    place,
                    judge.name,
                    lambda ask, judge=judge, trial=trial: judge.verdict(trial, call.text, ask),
                )
            )
        return brought


def carry_out(plans: Sequence[EvaluationPlan], session: Session) -> list[Evaluation]:
    """Open a session, ask all that was planned, one model after the other, and close it.

    Where a budget is reached, the models that follow are not begun.

    Raises:
        RunConflict: the store has another evaluation of a name.
        EndpointRefused: an endpoint refuses every call alike.
    """

    async def each() -> list[str]:
        names: list[str] = []
        for planned in plans:
            progress = await evaluate(planned, session)
            names.append(planned.name)
            if progress.stopped:
                break
        return names

    return [Evaluation(name, session.path) for name in session.run(each)]
