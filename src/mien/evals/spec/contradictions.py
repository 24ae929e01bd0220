"""Pairs of clauses that no answer meets at once, where both have a say."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec
import numpy as np

from mien.errors import UnknownName, UsageError
from mien.evals.answers import Answers
from mien.evals.conduct import Place
from mien.evals.spec.disagreement import Read, disagreement
from mien.evals.spec.evaluate import carry_out
from mien.evals.spec.judge import about_clause, judge_of
from mien.evals.spec.verdicts import read, read_as
from mien.measurement.stages import LeftOut, Stages
from mien.stats.agreement.together import met_together
from mien.stats.multiplicity import false_discovery
from mien.stats.proportions import proportion
from mien.types import Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mien.evals.conduct import EvaluationPlan
    from mien.evals.evaluation import Evaluation
    from mien.evals.item import Item
    from mien.evals.spec.disagreement import Disagreement
    from mien.evals.spec.verdicts import Verdict
    from mien.instruments.judges import Ask, Judge
    from mien.materials.specs import Clause, Spec
    from mien.measurement.session import Session
    from mien.stats.agreement.together import Together
    from mien.stats.proportions import Proportion

Finding = Literal["contradict", "no sign", "undecided"]

#: False-discovery rate among the pairs that are said to contradict each other.
LEVEL: Final = 0.05

_SAID: Final = ("meets", "breaks")  # verdicts of a clause that has a say


class Told(NamedTuple):
    """An answer that is read against a clause.

    Attributes:
        said: the item's conversation, by which items of one are known.
        model: who answered.
        sample: which of its answers.
    """

    said: bytes
    model: str
    sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two clauses, and what became of them where both have a say.

    Attributes:
        clauses: their ids.
        items: in how many conversations both have a say.
        never: the share of these in which no answer meets both; None where there are none.
        together: how many answers do, against how many would by chance.
        q: of the test that fewer do; None where nothing would show.
        examples: conversations in which no answer meets both, though each is met by some.
    """

    clauses: tuple[str, str]
    items: int
    never: Proportion | None
    together: Together
    q: float | None = None
    examples: tuple[str, ...] = ()

    @property
    def finding(self) -> Finding:
        """Whether they contradict each other; undecided where answers meet one of them always or never."""
        if self.q is None:
            return "undecided"
        return "contradict" if self.q <= LEVEL else "no sign"


@dataclass(slots=True)
class _Readings:
    """Verdicts of answers by clause."""

    by_clause: dict[str, dict[Told, Verdict]] = field(
        default_factory=lambda: defaultdict[str, dict[Told, "Verdict"]](dict)
    )
    shown: dict[bytes, str] = field(default_factory=dict[bytes, str])

    def read(self) -> Iterator[Read]:
        """All of them, clause by clause."""
        for clause, found in self.by_clause.items():
            for told, verdict in sorted(found.items()):
                yield Read(clause, self.shown.get(told.said, ""), told.model, verdict)


class Contradictions(NamedTuple):
    """What was found.

    Attributes:
        pairs: those in which both clauses have a say, the clearest first.
        apart: of several models, the clauses by how much more they differ than each from itself.
        lacking: what is missing of answers, a phrase for each model of whom some are.
    """

    pairs: tuple[Pair, ...]
    apart: tuple[Disagreement, ...]
    lacking: tuple[str, ...]


def find_contradictions(
    plans: Sequence[EvaluationPlan],
    spec: Spec,
    session: Session,
    *,
    clauses: Sequence[str] = (),
    confidence_level: float = 0.95,
) -> Contradictions:
    """Read what models answer against the other clauses, too, and find pairs that no answer meets at once.

    The spec is run as `mien spec run` does, with whose calls these are shared. Then the judge reads the first
    answer to each item against each other clause; where that has a say, the other answers, too. All is kept
    as calls, and nothing is asked twice.

    Two clauses that are merely hard are not a contradiction: they contradict each other if the answers that
    meet one meet the other less often than by chance, with false discoveries controlled over all pairs.

    Args:
        plans: of `mien.evals.spec.evaluate.plan`, of one judge: several samples of each item, of one model or
            more. What a model answers is compared with its own answers alone.
        spec: that they are plans of.
        clauses: ids of those that are looked at; all where there are none.

    Raises:
        UsageError: a single sample, of which nothing can be told; fewer than two clauses; no judge.
        UnknownName: there is no such clause.
        BudgetReached: a limit was reached; what was answered is kept.
        Unfinished: too many calls failed.
        EndpointRefused: an endpoint refuses every call alike.
    """
    samples = min(int(str(planned.settings["samples"])) for planned in plans)
    if samples < 2:
        raise UsageError("a single answer tells nothing of what is met together: give --samples 2 or more")
    judge = plans[0].judge
    if not judge:
        raise UsageError(f"{spec.name} is checked without a judge, and nobody reads answers against clauses")
    by_id = {clause.id: clause for clause in spec.clauses}
    for name in clauses:
        if name not in by_id:
            raise UnknownName("clause", name, by_id)
    chosen = {name: by_id[name] for name in (clauses or by_id)}
    if len(chosen) < 2:
        raise UsageError("a contradiction takes two clauses")
    evaluations = carry_out(plans, session)
    readings = _own(evaluations, chosen, samples)
    _read_others(evaluations, chosen, readings, session, judge, samples)
    lacking = tuple(told for one in evaluations if (told := one.made.lacking(one.name)))
    pairs = _pairs(readings, list(chosen), confidence_level)
    apart = disagreement(readings.read(), confidence_level=confidence_level)
    return Contradictions(tuple(pairs), tuple(apart), lacking)


def _own(evaluations: Sequence[Evaluation], chosen: Mapping[str, Clause], samples: int) -> _Readings:
    """What answers were read as against the clauses whose items they answer."""
    readings = _Readings()
    for one in evaluations:
        answers = one.answers()
        for key, item in one.items.items():
            if item.test not in chosen:
                continue
            said, found = _said(item), Answers(answers[key])
            readings.shown.setdefault(said, f"{item.test}/{item.id}")
            for sample in range(samples):
                told = Told(said, one.name, sample)
                readings.by_clause[item.test][told] = read(item, found, sample).verdict
    return readings


def _said(item: Item) -> bytes:
    return msgspec.json.encode(item.content["messages"])


class _Task(NamedTuple):
    """An item's answers, and a clause that is not its own."""

    item: Item
    answers: Answers
    clause: Clause
    model: str


def _read_others(
    evaluations: Sequence[Evaluation],
    chosen: Mapping[str, Clause],
    readings: _Readings,
    session: Session,
    judge: str,
    samples: int,
) -> None:
    tasks: list[_Task] = []
    taken: set[tuple[bytes, str, str]] = set()
    for one in evaluations:
        answers = one.answers()
        for key, item in one.items.items():
            if item.test not in chosen:
                continue
            for clause in chosen.values():
                known = Told(_said(item), one.name, 0) in readings.by_clause[clause.id]
                if not known and (_said(item), clause.id, one.name) not in taken:
                    taken.add((_said(item), clause.id, one.name))
                    tasks.append(_Task(item, Answers(answers[key]), clause, one.name))

    async def main() -> None:
        opened = session.open(judge)
        reader = judge_of("clause", opened)

        async def step(task: _Task, ask: Ask) -> LeftOut | None:
            return await _read(task, readings, samples, reader, ask)

        await Stages(session).carry_out(tasks, step, "reading", opened)

    session.run(main)


async def _read(task: _Task, readings: _Readings, samples: int, reader: Judge, ask: Ask) -> LeftOut | None:
    """Read the first answer against a clause; where that has a say, the others, too."""
    said = _said(task.item)
    content = {"messages": task.item.content["messages"], "clause": task.clause.text}
    if task.clause.applies:
        content["applies"] = task.clause.applies
    for sample in range(samples):
        answer = task.answers.own(Place(sample=sample))
        if answer is None:
            continue
        trial = about_clause(f"{task.clause.id}/{task.item.test}/{task.item.id}/{sample}", content)
        found = await reader.verdict(trial, answer.text, ask)
        if isinstance(found, Call):
            return LeftOut(f"the judge: {found.failure}", failed=True)
        verdict = read_as("clause", found.chosen)
        readings.by_clause[task.clause.id][Told(said, task.model, sample)] = verdict
        if verdict == "not applicable":
            break
    return None


def _pairs(readings: _Readings, names: Sequence[str], confidence_level: float) -> list[Pair]:
    found = [_pair(readings, one, other, confidence_level) for one, other in combinations(names, 2)]
    tested = [pair for pair in found if pair.together.least <= LEVEL]
    qs = false_discovery([pair.together.p for pair in tested]) if tested else np.empty(0)
    q_of = {pair.clauses: float(q) for pair, q in zip(tested, qs, strict=True)}
    told = [
        Pair(
            clauses=pair.clauses,
            items=pair.items,
            never=pair.never,
            together=pair.together,
            q=q_of.get(pair.clauses),
            examples=pair.examples,
        )
        for pair in found
        if pair.items
    ]
    return sorted(
        told, key=lambda pair: (pair.q is None, pair.q or 0.0, -(pair.never.share if pair.never else 0))
    )


def _pair(readings: _Readings, one: str, other: str, confidence_level: float) -> Pair:
    first, second = readings.by_clause[one], readings.by_clause[other]
    strata: dict[tuple[bytes, str], list[tuple[bool, bool]]] = defaultdict(list)
    for told, verdict in sorted(first.items()):  # as the readings came, the last digits would differ
        if verdict in _SAID and (also := second.get(told)) in _SAID:
            strata[told.said, told.model].append((verdict == "meets", also == "meets"))
    counts = [
        (len(met), sum(a for a, _ in met), sum(b for _, b in met), sum(a and b for a, b in met))
        for met in strata.values()
    ]
    together = met_together(*(np.array(counts, dtype=int).reshape(-1, 4).T))
    by_item: dict[bytes, list[tuple[bool, bool]]] = defaultdict(list)
    for (said, _), met in strata.items():
        by_item[said] += met
    never = [not any(a and b for a, b in met) for met in by_item.values()]
    torn = {
        said
        for said, met in by_item.items()
        if not any(a and b for a, b in met) and any(a for a, _ in met) and any(b for _, b in met)
    }
    return Pair(
        clauses=(one, other),
        items=len(by_item),
        never=proportion(never, confidence_level=confidence_level) if never else None,
        together=together,
        examples=tuple(name for said, name in readings.shown.items() if said in torn),
    )
