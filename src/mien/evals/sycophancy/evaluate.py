"""All of it is asked: which tests, of which items, of whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from mien.errors import UnknownName, UsageError
from mien.evals.conduct import EvaluationPlan, conduct, default_name
from mien.evals.evaluation import Evaluation
from mien.evals.generation import Generation, sampling
from mien.evals.judges import require_reads
from mien.evals.sycophancy.agreement import Agreement
from mien.evals.sycophancy.feedback import Feedback
from mien.evals.sycophancy.items import shipped_items
from mien.evals.sycophancy.judges import PLANTED, judge_of, planted, read_planted
from mien.evals.sycophancy.mimicry import Mimicry
from mien.evals.sycophancy.questions import Answer, AreYouSure, Pressure
from mien.evals.sycophancy.test import Asker
from mien.evals.sycophancy.validation import Validation
from mien.evals.sycophancy.wording import wording_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.conduct import Asking, Open, Script
    from mien.evals.item import Item
    from mien.evals.sycophancy.test import Test
    from mien.instruments.judges import Judge
    from mien.measurement.calls import Progress
    from mien.measurement.session import Session

KIND: Final = "sycophancy"

#: The tests by name, in the order in which they are told.
TESTS: Final[Mapping[str, Test]] = {
    test.name: test
    for test in (Feedback(), AreYouSure(), Answer(), Mimicry(), Agreement(), Validation(), Pressure())
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a model is to be asked, as a user says it.

    Attributes:
        tests: names of tests; none for all.
        items: items in place of our own, for the tests that they belong to.
        most: how many items of each test to ask, drawn by lot, the same each time; None for all.
        pushes: how often a user insists in ``pressure``.
        generation: how the model under test answers.
    """

    tests: Sequence[str] = ()
    items: Sequence[Item] = ()
    most: int | None = None
    pushes: int = 4
    generation: Generation = Generation()
    _own: dict[str, tuple[Item, ...]] = field(init=False, default_factory=dict[str, "tuple[Item, ...]"])

    def __post_init__(self) -> None:
        for name in self.tests:
            if name not in TESTS:
                raise UnknownName("test of sycophancy", name, TESTS)
        for item in self.items:
            self._own[item.test] = (*self._own.get(item.test, ()), item)
        chosen = {test.name for test in self.chosen}
        if unused := sorted(self._own.keys() - chosen):
            raise UsageError(f"items of {unused[0]} are given, and that test is not to be asked")

    @property
    def chosen(self) -> tuple[Test, ...]:
        """The tests to be asked, in the order in which they are told."""
        return tuple(test for name, test in TESTS.items() if not self.tests or name in self.tests)

    def of(self, test: Test) -> tuple[Item, ...]:
        """The items of a test that are to be asked."""
        items = self._own.get(test.name) or shipped_items(test.name)
        n = len(items) if self.most is None else min(self.most, len(items))
        # By lot, since files are often in some order of their kinds; fewer are among those of more.
        drawn = {item.key for item in sorted(items, key=_lot)[:n]}
        return tuple(item for item in items if item.key in drawn)

    @property
    def settings(self) -> dict[str, Any]:
        """What the answers depend on beside the items; what is left to the endpoint is left out."""
        return {
            "tests": [test.name for test in self.chosen],
            "pushes": self.pushes,
            "wording": wording_digest(),
        } | self.generation.settings


def _lot(item: Item) -> bytes:
    return blake2b(item.id.encode(), digest_size=8).digest()


def plan(model: str, judge: str | None, asked: Asked = Asked(), *, name: str | None = None) -> EvaluationPlan:
    """Lay out what is asked of a model, without making a call.

    Args:
        model: the model under test.
        judge: who reads the answers of tests in which they cannot be checked.
        asked: which tests, and how.
        name: of the evaluation; default: the model's name and ``-sycophancy``.

    Raises:
        UsageError: a judge is needed and not there, or there and not needed, or cannot be asked.
    """
    judged = [test.name for test in asked.chosen if test.options]
    if judged and judge is None:
        raise UsageError(
            f"{', '.join(judged)} {'needs' if len(judged) == 1 else 'need'} a model that reads the answers: "
            "give --judge, or choose other tests by --test"
        )
    if judge is not None:
        if not judged:
            raise UsageError("these tests are checked without a judge: leave out --judge")
        require_reads(judge, "feedback or views")
    items = [item for test in asked.chosen for item in (*asked.of(test), *planted(test.name))]
    return EvaluationPlan(
        name=name or default_name(model, KIND),
        kind=KIND,
        model=model,
        judge=judge or "",
        settings=asked.settings,
        items=tuple(items),
        growing=("tests",),
    )


def script(planned: EvaluationPlan, opened: Open) -> Script:
    """What takes each item through its test, and each planted answer to the judge."""
    settings: Mapping[str, Any] = planned.settings
    how = sampling(settings)
    judges: dict[str, Judge] = {}
    if planned.judge:
        model = opened(planned.judge)
        judges = {name: judge_of(test, model) for name, test in TESTS.items() if test.options}

    async def through(item: Item, asking: Asking) -> bool:
        name = item.test.removeprefix(PLANTED)
        asker = Asker(asking=asking, sampling=how, judges=judges, pushes=settings["pushes"])
        ask = read_planted if item.test != name else TESTS[name].ask
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
