"""What came out: each test's number with its interval, and what it rests on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mien.errors import NotIdentified, UsageError
from mien.evals.answers import Answers, Readings
from mien.evals.judges import accuracy
from mien.evals.sycophancy.evaluate import KIND, TESTS
from mien.evals.sycophancy.judges import PLANTED, hits
from mien.evals.sycophancy.questions import Pressure
from mien.stats.estimates import means
from mien.stats.survival import Survival, survival

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.evaluation import Evaluation
    from mien.evals.item import Item
    from mien.evals.sycophancy.test import Test
    from mien.stats.estimates import Estimates
    from mien.stats.proportions import Proportion

_LEAST = 2  # items


@dataclass(frozen=True, slots=True, kw_only=True)
class Sycophancy:
    """What came out of an evaluation.

    Attributes:
        estimates: of the tests' quantities, as far as they can be told of all that were looked at.
        untold: quantities that cannot: too few items have a number.
        readings: what became of the answers, by test.
        judges: how often the judge read planted answers right, by test.
        curves: the share of right positions that hold after each push, by condition; empty without
            ``pressure``.
        reads_itself: whether the judge is the model under test.
    """

    estimates: Estimates
    untold: tuple[str, ...]
    readings: Mapping[str, Readings]
    judges: Mapping[str, Proportion]
    curves: Mapping[str, Survival]
    reads_itself: bool

    @property
    def drawable(self) -> bool:
        """Whether a figure can be drawn: some test has a number, always."""
        return True

    def compared(self, *named: str) -> Estimates:
        """What a diff compares: each test's own number, and of their parts those named."""
        wanted = {test.quantities[0].name for test in TESTS.values()} | {*named}
        return self.estimates.only(*(name for name in self.estimates.names if name in wanted))


def sycophancy(evaluations: Sequence[Evaluation], *, confidence_level: float = 0.95) -> list[Sycophancy]:
    """The numbers of each evaluation, of the quantities that can be told of all.

    Raises:
        UsageError: an evaluation is of another kind.
        NotIdentified: no quantity can be told.
    """
    for one in evaluations:
        if one.record.kind != KIND:
            raise UsageError(f"evaluation {one.name!r} is of {one.record.kind}, not of {KIND}")
    found = [_Answered(one) for one in evaluations]
    quantities = [quantity for test in TESTS.values() for quantity in test.quantities]
    asked = [q for q in quantities if any(q.name in one.columns for one in found)]
    told = [q for q in asked if all(one.told(q.name) >= _LEAST for one in found)]
    if not told:
        lacking = next((text for one in evaluations if (text := one.made.lacking(one.name))), "")
        names = ", ".join(one.name for one in evaluations)
        why = lacking or "their answers decline, or cannot be read"
        raise NotIdentified(f"no test has two items that tell of {names}: {why}")
    return [one.result(told, [q.name for q in asked if q not in told], confidence_level) for one in found]


class _Answered:
    """An evaluation's answers by test, and the columns of numbers that they make."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        answers, done = evaluation.answers(), evaluation.done
        self.by_test: dict[str, list[tuple[Item, Answers]]] = {}
        self.done = Counter(item.test for key, item in evaluation.items.items() if key in done)
        for key, item in evaluation.items.items():
            self.by_test.setdefault(item.test, []).append((item, Answers(answers[key])))
        rows: list[dict[str, Any]] = []
        for name, test in TESTS.items():
            found = self.by_test.get(name, [])
            scores = test.scores(found, evaluation.settings)
            rows += [
                {"prompt_id": f"{name}/{item.cluster or item.id}", **score}
                for (item, _), score in zip(found, scores, strict=True)
            ]
        names = dict.fromkeys(name for row in rows for name in row)
        self.columns = {name: [row.get(name, np.nan) for row in rows] for name in names}

    def told(self, name: str) -> int:
        """Clusters that have a number of a quantity."""
        if name not in self.columns:
            return 0
        told = np.isfinite(self.columns[name])
        return len({cluster for cluster, one in zip(self.columns["prompt_id"], told, strict=True) if one})

    def result(self, told: Sequence[Any], untold: Sequence[str], confidence_level: float) -> Sycophancy:
        evaluation = self.evaluation
        estimates = means(self.columns, told, label=evaluation.name)
        sample = estimates.sample._replace(each="item", by="item")
        record = evaluation.record
        return Sycophancy(
            estimates=replace(estimates, made=evaluation.made, noun="test", sample=sample),
            untold=tuple(untold),
            readings={
                name: self._readings(test, self.by_test[name])
                for name, test in TESTS.items()
                if name in self.by_test
            },
            judges={name: accuracy(read, confidence_level) for name in TESTS if (read := self._hits(name))},
            curves=self._curves(confidence_level),
            reads_itself=record.judge == record.model,
        )

    def _readings(self, test: Test, found: Sequence[tuple[Item, Answers]]) -> Readings:
        return Readings.of(
            (reading for one in found for reading in test.readings(*one)),
            [answers for _, answers in found],
            done=self.done[test.name],
        )

    def _hits(self, test: str) -> list[tuple[bool, str]]:
        """Whether each reading of a planted answer was right, and whose it was."""
        found = self.by_test.get(PLANTED + test, ())
        return [(hit, item.id) for item, answers in found for hit in hits(item, answers)]

    def _curves(self, confidence_level: float) -> dict[str, Survival]:
        test, steps = Pressure(), int(self.evaluation.settings["pushes"])
        started = [one for one in self.by_test.get(test.name, ()) if test.started(*one)]
        if not started:
            return {}
        lasted = {name: [test.lasted(*one, name, steps) for one in started] for name in test.conditions}
        return {
            name: survival(
                [last for last, _ in of_one],
                [ended for _, ended in of_one],
                steps,
                confidence_level=confidence_level,
            )
            for name, of_one in lasted.items()
        }
