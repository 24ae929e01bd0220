"""How far models agree with a spec: the share of answers that meet each clause, and what it rests on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from mien.errors import NotIdentified, UsageError
from mien.evals.answers import Answers
from mien.evals.spec.evaluate import KIND
from mien.evals.spec.examples import calibration
from mien.evals.spec.items import EXAMPLES
from mien.evals.spec.verdicts import VERDICTS, read
from mien.materials.specs import AUTHORITIES
from mien.stats.agreement.prevalence import Found, corrected
from mien.stats.estimates import Quantity, Share, means

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mien.evals.evaluation import Evaluation
    from mien.evals.item import Item
    from mien.evals.spec.examples import Calibration
    from mien.evals.spec.verdicts import Reading, Verdict
    from mien.stats.agreement.prevalence import Corrected
    from mien.stats.estimates import Estimates
    from mien.stats.estimates.means import Columns

ALL: Final = "all clauses"  # no clause's id holds a space

_LEAST: Final = 2  # clusters of items
_SHARE: Final = Share()
_TOLD: Final[Mapping[Verdict, float]] = {"meets": 1.0, "breaks": 0.0}  # the others tell of neither
_SETTINGS: Final = ("clauses", "spec", "version")  # that are told of in words of their own


class Group(NamedTuple):
    """What a rate is told of: a clause, or several.

    Attributes:
        name: as gates, rows and figures call it.
        kind: ``clause``, ``section``, ``authority`` or ``all``.
        clauses: ids.
    """

    name: str
    kind: str
    clauses: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far a model agrees with a spec.

    Attributes:
        evaluation: that it was found in.
        estimates: of the share of answers that meet each clause, those of each section and authority, and
            all, as far as they can be told of all that were looked at.
        groups: what these are of, in their order.
        verdicts: what became of the answers, by clause.
        corrected: what the rates would be without the judge's errors, by name; None where that is not known.
        calibration: how well the judge reads the spec's own examples.
        cut_off: answers that the limit on their length cut off.
        reworded: clauses whose text differs between those that were looked at.
    """

    evaluation: Evaluation
    estimates: Estimates
    groups: tuple[Group, ...]
    verdicts: Mapping[str, Mapping[Verdict, int]]
    corrected: Mapping[str, Corrected | None]
    calibration: Calibration
    cut_off: int
    reworded: tuple[str, ...]

    @property
    def drawable(self) -> bool:
        """Whether a figure can be drawn: some clause has a rate, always."""
        return True

    @property
    def reads_itself(self) -> bool:
        """Whether the judge is the model under test."""
        return self.evaluation.record.judge == self.evaluation.record.model

    @property
    def clauses(self) -> tuple[Group, ...]:
        """Those of the groups that are one clause."""
        return tuple(group for group in self.groups if group.kind == "clause")

    def compared(self, *named: str) -> Estimates:
        """What a diff compares: each clause, and of sections, authorities and all those named."""
        wanted = {group.name for group in self.clauses} | {*named}
        return self.estimates.only(*(name for name in self.estimates.names if name in wanted))

    def of(self, group: Group) -> Counter[Verdict]:
        """What became of the answers to a group's clauses."""
        counts: Counter[Verdict] = Counter()
        for clause in group.clauses:
            counts.update(self.verdicts.get(clause, {}))
        return counts


def agreement(evaluations: Sequence[Evaluation], *, confidence_level: float = 0.95) -> list[Agreement]:
    """How far the model of each evaluation agrees with the spec, of what can be told of all.

    A clause of which fewer than two clusters of items tell, in one of them, is told of none: it is
    ``unrated`` in the estimates, and gates of it are undecided.

    Raises:
        UsageError: an evaluation is of another kind.
        NotIdentified: no clause can be told.
    """
    for one in evaluations:
        if one.record.kind != KIND:
            raise UsageError(f"evaluation {one.name!r} is of {one.record.kind}, not of {KIND}")
    found = [_Answered(one) for one in evaluations]
    groups = _groups([one.evaluation for one in found])
    told = [group for group in groups if all(one.told(group) >= _LEAST for one in found)]
    if not any(group.kind == "clause" for group in told):
        names = ", ".join(one.name for one in evaluations)
        lacking = next((text for one in evaluations if (text := one.made.lacking(one.name))), "")
        why = lacking or "what was answered does not apply, or cannot be read, or the specs share no clause"
        raise NotIdentified(f"no clause has two items that tell of {names}: {why}")
    names = dict.fromkeys(clause["id"] for one in evaluations for clause in one.settings["clauses"])
    names |= dict.fromkeys(group.name for group in groups)
    untold = [name for name in names if name not in {group.name for group in told}]
    texts = [{clause["id"]: clause["text"] for clause in one.settings["clauses"]} for one in evaluations]
    reworded = [name for name in texts[0] if len({of[name] for of in texts if name in of}) > 1]
    return [one.result(told, untold, reworded, confidence_level) for one in found]


def _groups(evaluations: Sequence[Evaluation]) -> list[Group]:
    """Each clause that all specs have, their sections and authorities as the last has them, and all."""
    specs = [{clause["id"]: clause for clause in one.settings["clauses"]} for one in evaluations]
    shared = [one for one in specs[-1].values() if all(one["id"] in spec for spec in specs)]
    groups = [Group(one["id"], "clause", frozenset([one["id"]])) for one in shared]
    for kind in ("section", "authority"):
        values = dict.fromkeys(one[kind] for one in shared if one[kind])
        for value in [one for one in AUTHORITIES if one in values] if kind == "authority" else values:
            members = frozenset(one["id"] for one in shared if one[kind] == value)
            groups.append(Group(f"{kind} {value}", kind, members))
    return [*groups, Group(ALL, "all", frozenset(one["id"] for one in shared))]


def rates(table: Columns, quantities: Sequence[Quantity], *, label: str = "") -> Estimates:
    """`means` of shares; of those that are 0 or 1 the interval is Wilson's, with the normal's quantile.

    Where all answers are alike no data tell the variance, and there is none whose own noise counts.
    """
    found = means(table, quantities, label=label)
    return replace(found, df=np.where((found.values == 0) | (found.values == 1), np.inf, found.df))


class _Answered:
    """An evaluation's verdicts, an answer each, and the columns that they make."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        answers = {key: Answers(found) for key, found in evaluation.answers().items()}
        items = [(item, answers[key]) for key, item in evaluation.items.items()]
        self.asked = [one for one in items if not one[0].test.startswith(EXAMPLES)]
        self.examples = [one for one in items if one[0].test.startswith(EXAMPLES)]
        samples: int = evaluation.settings["samples"]
        self.rows: list[tuple[Item, Reading]] = [
            (item, read(item, found, sample)) for item, found in self.asked for sample in range(samples)
        ]

    @property
    def _clauses(self) -> list[dict[str, str]]:
        return self.evaluation.settings["clauses"]

    def told(self, group: Group) -> int:
        """Clusters of items that tell of a group."""
        return len({item.cluster for item, _ in self._telling(group)})

    def _telling(self, group: Group) -> list[tuple[Item, Reading]]:
        """Answers that meet or break a clause of a group."""
        return [row for row in self.rows if row[0].test in group.clauses and row[1].verdict in _TOLD]

    def result(
        self, told: Sequence[Group], untold: Sequence[str], reworded: Sequence[str], confidence_level: float
    ) -> Agreement:
        evaluation = self.evaluation
        estimates = self._estimates(told, untold)
        known = calibration(self.examples, confidence_level=confidence_level)
        return Agreement(
            evaluation=evaluation,
            estimates=estimates,
            groups=tuple(told),
            verdicts=self._verdicts(),
            corrected={
                group.name: self._corrected(group, estimates, i, known, confidence_level)
                for i, group in enumerate(told)
            },
            calibration=known,
            cut_off=sum(found.cut_off for _, found in self.asked),
            reworded=tuple(reworded),
        )

    def _estimates(self, told: Sequence[Group], untold: Sequence[str]) -> Estimates:
        columns: dict[str, list[Any]] = {"prompt_id": [item.cluster for item, _ in self.rows]}
        for group in told:
            columns[group.name] = [
                _TOLD.get(found.verdict, np.nan) if item.test in group.clauses else np.nan
                for item, found in self.rows
            ]
        quantities = [Quantity(group.name, _SHARE, "better") for group in told]
        found = rates(columns, quantities, label=self.evaluation.name)
        made = self.evaluation.made
        settings = {name: value for name, value in made.settings.items() if name not in _SETTINGS}
        return replace(
            found,
            made=replace(made, settings=settings),
            noun="clause",
            sample=found.sample._replace(each="answer", by="item"),
            unrated=tuple(untold),
        )

    def _verdicts(self) -> dict[str, dict[Verdict, int]]:
        counts: dict[str, Counter[Verdict]] = {one["id"]: Counter() for one in self._clauses}
        for item, found in self.rows:
            counts[item.test][found.verdict] += 1
        return {name: {one: count[one] for one in VERDICTS} for name, count in counts.items()}

    def _corrected(
        self, group: Group, estimates: Estimates, i: int, known: Calibration, confidence_level: float
    ) -> Corrected | None:
        """None where the judge's errors are not known, or it read nothing of it."""
        rows = self._telling(group)
        if known.acuity is None or not any(found.judged for _, found in rows):
            return None
        here = slice(i, i + 1)
        each = Counter(item.cluster for item, _ in rows)
        weights = [1 / (len(each) * each[item.cluster]) for item, _ in rows]
        judged = [found.judged for _, found in rows]
        met = [_TOLD[found.verdict] for _, found in rows]
        settled = sum(w * one for w, one, by_judge in zip(weights, met, judged, strict=True) if not by_judge)
        found = Found(
            share=float(estimates.values[i]),
            n=float(_SHARE.effective(estimates.values[here], estimates.stderr[here])[0]),
            read=float(np.dot(weights, judged)),
            settled=settled,
        )
        return corrected(
            found, known.acuity, in_one_group=group.kind == "clause", confidence_level=confidence_level
        )
