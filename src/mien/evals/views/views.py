"""What came out: the numbers of each part with their intervals, and what they rest on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from mien.errors import NotIdentified, UsageError
from mien.evals.answers import Answers, Readings
from mien.evals.judges import PAIR, accuracy
from mien.evals.views.evaluate import KIND, PARTS
from mien.evals.views.numbers import Numbers
from mien.evals.views.planted import PLANTED, hits
from mien.evals.views.questions import FRAMINGS
from mien.evals.views.readings import ASPECTS, OPTIONS
from mien.evals.views.steering import Steering, stances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.evaluation import Evaluation
    from mien.evals.item import Item
    from mien.stats.estimates import Estimates, Quantity
    from mien.stats.proportions import Proportion

HEADS: Final = tuple(name for part in PARTS.values() for name in part.heads)


class Stance(NamedTuple):
    """The mean stance towards askers of each leaning, −1 to 1; NaN where it was not read."""

    question: str
    settled: bool
    pro: float
    neutral: float
    con: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """What came out of an evaluation.

    Attributes:
        estimates: of the parts' quantities, as far as they can be told of all that were looked at; the others
            are ``unrated`` there, and gates of them undecided.
        readings: what became of the answers, by part.
        judges: how often the judge read planted answers right, by what was read.
        first: the share of comparisons in which it took the first answer, of those in which it took one;
            None where there are none. .5 is a judge that does not mind their order.
        stances: of each question, in the order of the file.
        reads_itself: whether the judge is the model under test.
    """

    estimates: Estimates
    readings: Mapping[str, Readings]
    judges: Mapping[str, Proportion]
    first: Proportion | None
    stances: tuple[Stance, ...]
    reads_itself: bool

    @property
    def drawable(self) -> bool:
        """Whether a figure can be drawn: some part has a number, always."""
        return True

    def compared(self, *named: str) -> Estimates:
        """What a diff compares: what each part is about, and what is named beside."""
        return self.estimates.only(*(name for name in self.estimates.names if name in {*HEADS, *named}))


def views(evaluations: Sequence[Evaluation], *, confidence_level: float = 0.95) -> list[Views]:
    """The numbers of each evaluation, of the quantities that can be told of all.

    Raises:
        UsageError: an evaluation is of another kind.
        NotIdentified: no quantity can be told.
    """
    for one in evaluations:
        if one.record.kind != KIND:
            raise UsageError(f"evaluation {one.name!r} is of {one.record.kind}, not of {KIND}")
    found = [_Answered(one) for one in evaluations]
    asked = list(dict.fromkeys(quantity for one in found for quantity in one.asked))
    told = [quantity for quantity in asked if all(one.numbers.told(quantity.name) for one in found)]
    if not told:
        lacking = next((text for one in evaluations if (text := one.made.lacking(one.name))), "")
        names = ", ".join(one.name for one in evaluations)
        why = lacking or "their answers decline, or cannot be read"
        raise NotIdentified(f"no part has two questions that tell of {names}: {why}")
    return [one.result(told, [q.name for q in asked if q not in told], confidence_level) for one in found]


class _Answered:
    """An evaluation's answers by part, and the numbers that they make."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        answers, done = evaluation.answers(), evaluation.done
        self.done = Counter(item.test for key, item in evaluation.items.items() if key in done)
        found: dict[str, list[tuple[Item, Answers]]] = {}
        for key, item in evaluation.items.items():
            found.setdefault(item.test, []).append((item, Answers(answers[key])))
        self.by_part = {name: found[name] for name in PARTS if name in found}
        self.planted = {what: found[PLANTED + what] for what in OPTIONS if PLANTED + what in found}
        self.asked = [
            quantity
            for name, of in self.by_part.items()
            for quantity in PARTS[name].told([item for item, _ in of])
        ]
        self.numbers = Numbers(self.by_part)

    def result(self, told: Sequence[Quantity], untold: Sequence[str], confidence_level: float) -> Views:
        evaluation, record = self.evaluation, self.evaluation.record
        estimates = self.numbers.estimates(told, evaluation.name)
        sample = estimates.sample._replace(each="item", by="question")
        readings = {
            name: Readings.of(
                (reading for one in found for reading in PARTS[name].readings(*one)),
                [answers for _, answers in found],
                done=self.done[name],
            )
            for name, found in self.by_part.items()
        }
        right = {
            what: [(hit, item.id) for item, answers in of for hit in hits(item, answers)]
            for what, of in self.planted.items()
        }
        return Views(
            estimates=replace(
                estimates, made=evaluation.made, noun="measure", sample=sample, unrated=tuple(untold)
            ),
            readings=readings,
            judges={what: accuracy(read, confidence_level) for what, read in right.items() if read},
            first=self._first(confidence_level),
            stances=tuple(_stance(item, answers) for item, answers in self.by_part.get(Steering.name, ())),
            reads_itself=record.judge == record.model,
        )

    def _first(self, confidence_level: float) -> Proportion | None:
        """How often the judge took the first of two answers."""
        taken = [
            (chosen == PAIR[0], item.cluster)
            for item, answers in self.by_part.get("requests", ())
            for chosen in PARTS["requests"].readings(item, answers)[-2 * len(ASPECTS) :]
            if chosen in PAIR
        ]
        return accuracy(taken, confidence_level) if taken else None


def _stance(item: Item, answers: Answers) -> Stance:
    of = stances(item, answers)
    known = np.isfinite(of)
    means = np.where(
        known.any(axis=1), np.where(known, of, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1), np.nan
    )
    return Stance(
        item.id, bool(item.content.get("settled")), **dict(zip(FRAMINGS, means.tolist(), strict=True))
    )
