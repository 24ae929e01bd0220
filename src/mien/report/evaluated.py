"""What is said of evaluations, whatever their kind: each kind has words of its own."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from mien.errors import NotIdentified, UsageError
from mien.evals import kinds
from mien.evals.evaluation import evaluations
from mien.report.page import Section, Table
from mien.report.registry import EVALUATED, draw_evaluated
from mien.report.told import Told, told_of_changes
from mien.stats import diffs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mien.evals.evaluation import Evaluation
    from mien.report.figures.theme import Chart
    from mien.report.measured import Measured
    from mien.report.told import Rows


class Beside(NamedTuple):
    """What a report has to say of evaluations of the models that its runs are of, and to draw."""

    sections: list[Section]
    figures: list[tuple[str, Callable[[], Chart]]]


class Words(Protocol):
    """What is said of evaluations of a kind, and shown: the module of this room that has the kind's name."""

    def said(self, found: Sequence[Any], /) -> list[str]:
        """What a page says over the numbers."""
        ...

    def warnings(self, found: Sequence[Any], /) -> list[str]:
        """What makes the numbers doubtful."""
        ...

    def table(self, found: Any, confidence_level: float, /) -> Rows:
        """The numbers of one."""
        ...


def words_of(kind: str) -> Words:
    """Of a kind of `mien.evals.kinds.KINDS`."""
    return cast("Words", import_module(f"mien.report.{kind}"))


def told(evaluations: Sequence[Evaluation], *, fdr: float = 0.05, confidence_level: float = 0.95) -> Told:
    """What one evaluation found, or what changed from one to another.

    Raises:
        UsageError: they are of different kinds, or of one that nothing is said of.
        NotIdentified: there are too few answers.
    """
    each = kinds.found(evaluations, confidence_level=confidence_level)
    words = words_of(kinds.kind_of(evaluations))
    said = [*words.said(each), *(f"Warning: {line}" for line in words.warnings(each))]
    if len(each) == 1:
        return Told(said, *words.table(each[0], confidence_level))
    before, after = (one.compared() for one in each)
    return told_of_changes(diffs.diff(before, after, fdr=fdr, confidence_level=confidence_level), said)


def beside(measured: Measured) -> Beside:
    """Of one model, each of its evaluations; of two, what changed in the latest of each kind; else nothing.

    Evaluations are looked for in the store that the runs are in, by the model.
    """
    models = list(dict.fromkeys(run.record.model for run in measured.runs))
    of_model = {model: [one for one in _all(measured) if one.record.model == model] for model in models}
    groups: list[list[Evaluation]] = []
    if len(models) == 1:
        groups = [[one] for one in of_model[models[0]]]
    elif len(models) == 2:
        latest = [{one.record.kind: one for one in of_model[model]} for model in models]
        groups = [[latest[0][kind], latest[1][kind]] for kind in latest[0] if kind in latest[1]]
    sections: list[Section] = []
    figures: list[tuple[str, Callable[[], Chart]]] = []
    for number, group in enumerate(groups):
        sections.append(_section(group, measured, number))
        kind = group[0].record.kind
        drawn = {name for name, _ in figures}
        if kind not in drawn and drawable(group, kind):
            figures.append((kind, partial(draw_evaluated, kind, group, measured.confidence_level)))
    return Beside(sections, figures)


def _all(measured: Measured) -> list[Evaluation]:
    found = evaluations(measured.runs[0].path)
    return [one for one in found if one.record.kind in kinds.KINDS and one.record.done]


def _section(group: Sequence[Evaluation], measured: Measured, number: int) -> Section:
    kind = group[0].record.kind.capitalize()
    names = " to ".join(one.name for one in group)
    title = f"{kind}: {names}"
    try:
        found = told(group, fdr=measured.fdr, confidence_level=measured.confidence_level)
    except (UsageError, NotIdentified) as error:
        return Section(f"evaluation-{number}", title, [str(error)])
    return Section(f"evaluation-{number}", title, found.said, Table(found.heads, found.words, found.rows))


def drawable(group: Sequence[Evaluation], kind: str) -> bool:
    """Whether there is a figure of evaluations of a kind, and they have what it shows."""
    if kind not in EVALUATED:
        return False
    try:
        found = kinds.found(group)
    except (UsageError, NotIdentified):
        return False
    return all(one.drawable for one in found)
