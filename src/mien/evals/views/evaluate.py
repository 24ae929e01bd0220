"""All of it is asked: which parts, of which questions, of whom."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from mien.errors import UnknownName, UsageError
from mien.evals.asker import Asker
from mien.evals.conduct import EvaluationPlan, conduct, default_name
from mien.evals.evaluation import Evaluation
from mien.evals.generation import Generation, sampling
from mien.evals.judges import require_reads
from mien.evals.views.coverage import Coverage
from mien.evals.views.planted import PLANTED, planted, read_planted
from mien.evals.views.questions import shipped_questions
from mien.evals.views.readings import OPTIONS, judge_of
from mien.evals.views.requests import Requests
from mien.evals.views.steering import Steering
from mien.evals.views.wording import wording_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.conduct import Asking, Open, Script
    from mien.evals.item import Item
    from mien.evals.views.part import Part
    from mien.evals.views.questions import Question
    from mien.measurement.calls import Progress
    from mien.measurement.session import Session

KIND: Final = "views"

#: The parts by name, in the order in which they are told.
PARTS: Final[Mapping[str, Part]] = {part.name: part for part in (Requests(), Coverage(), Steering())}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a model is to be asked, as a user says it.

    Attributes:
        parts: names of parts; none for all.
        questions: in place of our own; none for those.
        planted: further answers whose stance is known, to test the judge by.
        most: how many questions to ask, drawn by lot, the same each time; None for all.
        generation: how the model under test answers.
    """

    parts: Sequence[str] = ()
    questions: Sequence[Question] = ()
    planted: Sequence[Item] = ()
    most: int | None = None
    generation: Generation = Generation()

    def __post_init__(self) -> None:
        for name in self.parts:
            if name not in PARTS:
                raise UnknownName("part of the breadth of views", name, PARTS)
        read = {what for part in self.chosen for what in part.reads}
        if unused := {item.test.removeprefix(PLANTED) for item in self.planted} - read:
            raise UsageError(f"answers with a known {min(unused)} are given, and that is not to be read")
        for part in self.chosen if self.parts else ():
            if not self.items[part.name]:
                raise UsageError(f"none of the questions has what {part.name} needs: see docs/breadth.md")

    @property
    def chosen(self) -> tuple[Part, ...]:
        """The parts to be asked, in the order in which they are told; of all, those that have items."""
        wanted = [part for name, part in PARTS.items() if not self.parts or name in self.parts]
        return tuple(part for part in wanted if self.parts or self.items[part.name])

    @cached_property
    def items(self) -> dict[str, tuple[Item, ...]]:
        """What each part asks."""
        questions = self.questions or shipped_questions()
        n = len(questions) if self.most is None else min(self.most, len(questions))
        # By lot, since files are often in some order of their topics; fewer are among those of more.
        drawn = {one.id for one in sorted(questions, key=_lot)[:n]}
        some = [one for one in questions if one.id in drawn]
        return {name: tuple(item for one in some for item in part.items(one)) for name, part in PARTS.items()}

    def tests(self, part: Part) -> tuple[Item, ...]:
        """The planted answers by which the judge of a part is tested."""
        own = [item for what in part.reads for item in planted(what)]
        return (*own, *(item for item in self.planted if item.test.removeprefix(PLANTED) in part.reads))

    @property
    def settings(self) -> dict[str, Any]:
        """What the answers depend on beside the items; what is left to the endpoint is left out."""
        return {
            "parts": [part.name for part in self.chosen],
            "wording": wording_digest(),
        } | self.generation.settings


def _lot(question: Question) -> bytes:
    return blake2b(question.id.encode(), digest_size=8).digest()


def plan(model: str, judge: str, asked: Asked = Asked(), *, name: str | None = None) -> EvaluationPlan:
    """Lay out what is asked of a model, without making a call.

    Args:
        model: the model under test.
        judge: who reads its answers.
        asked: which parts, and how.
        name: of the evaluation; default: the model's name and ``-views``.

    Raises:
        UsageError: the judge cannot be asked; or there is nothing to ask.
    """
    require_reads(judge, "views")
    items = [item for part in asked.chosen for item in (*asked.items[part.name], *asked.tests(part))]
    return EvaluationPlan(
        name=name or default_name(model, KIND),
        kind=KIND,
        model=model,
        judge=judge,
        settings=asked.settings,
        items=tuple(items),
        growing=("parts",),
    )


def script(planned: EvaluationPlan, opened: Open) -> Script:
    """What takes each item through its part, and each planted answer to the judge."""
    how = sampling(planned.settings)
    model = opened(planned.judge)
    judges = {what: judge_of(what, model) for what in OPTIONS}

    async def through(item: Item, asking: Asking) -> bool:
        asker = Asker(asking=asking, sampling=how, judges=judges)
        ask = read_planted if item.test.startswith(PLANTED) else PARTS[item.test].ask
        return await ask(item, asker)

    return through


async def evaluate(planned: EvaluationPlan, session: Session) -> Progress:
    """Ask all that was planned, in a session that is open; see `mien.evals.conduct.conduct`."""
    return await conduct(planned, session, script(planned, session.open))


def carry_out(planned: EvaluationPlan, session: Session) -> Evaluation:
    """Open a session, ask all that was planned, and close it.

    Raises:
        RunConflict: the store has another evaluation of this name.
        EndpointRefused: an endpoint refuses every call alike.
    """
    session.run(lambda: evaluate(planned, session))
    return Evaluation(planned.name, session.path)
