"""How well the judge reads the spec's own examples, good and bad."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mien.evals.conduct import Place
from mien.evals.spec.items import EXAMPLES
from mien.evals.spec.judge import about_clause
from mien.evals.spec.verdicts import read_as
from mien.stats.agreement.prevalence import acuity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.answers import Answers
    from mien.evals.conduct import Asking
    from mien.evals.item import Item
    from mien.instruments.judges import Judge
    from mien.stats.agreement.prevalence import Acuity

_PLACE = Place("example")


async def read_example(item: Item, asking: Asking, judge: Judge) -> bool:
    """Have the judge read an example; whether it could be asked."""
    trial = about_clause(f"{item.test}/{item.id}", item.content)
    answer: str = item.content["answer"]
    return bool(await asking.reading(_PLACE, judge.name, lambda ask: judge.verdict(trial, answer, ask)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OnExamples:
    """What a judge made of a clause's examples.

    Attributes:
        good: how many good ones it said to meet or to break the clause.
        good_right: of these, to meet it.
        bad: how many bad ones it said so of.
        bad_right: of these, to break it.
        untold: examples that it called not applicable, or that could not be read.
        kappa: agreement with the truth beyond chance; None without good ones or without bad ones.
    """

    good: int
    good_right: int
    bad: int
    bad_right: int
    untold: int
    kappa: float | None

    @property
    def right(self) -> int:
        """Examples read right."""
        return self.good_right + self.bad_right

    @property
    def n(self) -> int:
        """Examples that it said something of."""
        return self.good + self.bad


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How well a judge reads the examples of a spec.

    Attributes:
        acuity: over all clauses; None where no good one was read, or no bad one.
        clauses: by clause, of those that have examples.
    """

    acuity: Acuity | None
    clauses: Mapping[str, OnExamples]


def calibration(found: Sequence[tuple[Item, Answers]], *, confidence_level: float = 0.95) -> Calibration:
    """What came of the examples, each with its readings."""
    rows: list[tuple[str, bool, str]] = []
    for item, answers in found:
        read = read_as("clause", answers.read(_PLACE))
        if read != "missing":
            rows.append((item.test.removeprefix(EXAMPLES), bool(item.content["good"]), read))
    names = dict.fromkeys(name for name, *_ in rows)
    return Calibration(
        acuity=_acuity(rows, confidence_level),
        clauses={name: _of_clause([row for row in rows if row[0] == name]) for name in names},
    )


def _acuity(rows: Sequence[tuple[str, bool, str]], confidence_level: float) -> Acuity | None:
    told = [(name, good, read == "meets") for name, good, read in rows if read in {"meets", "breaks"}]
    if not told:
        return None
    names, truth, found = zip(*told, strict=True)
    return acuity(truth, found, names, confidence_level=confidence_level)


def _of_clause(rows: Sequence[tuple[str, bool, str]]) -> OnExamples:
    found = _acuity(rows, 0.95)
    counts = Counter((good, read) for _, good, read in rows)
    good, bad = (counts[side, "meets"] + counts[side, "breaks"] for side in (True, False))
    return OnExamples(
        good=good,
        good_right=counts[True, "meets"],
        bad=bad,
        bad_right=counts[False, "breaks"],
        untold=len(rows) - good - bad,
        kappa=None if found is None else float(found.kappa.kappa),
    )
