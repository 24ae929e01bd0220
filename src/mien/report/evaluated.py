"""What is said of evaluations, whatever their kind: each kind has words of its own."""

from __future__ import annotations

from functools import partial
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mien.errors import NotIdentified, UsageError
from mien.evals.evaluation import evaluations
from mien.report.page import Section, Table
from mien.report.registry import EVALUATED, draw_evaluated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mien.evals.evaluation import Evaluation
    from mien.report.figures.theme import Chart
    from mien.report.measured import Measured
    from mien.report.told import Told

#: What tells of one evaluation, or of what changed from one to another, by kind.
TOLD: Final = {"diversity": "diversity:told", "sycophancy": "sycophancy:told"}


class Beside(NamedTuple):
    """What a report has to say of evaluations of the models that its runs are of, and to draw."""

    sections: list[Section]
    figures: list[tuple[str, Callable[[], Chart]]]


def told(found: Sequence[Evaluation], *, fdr: float = 0.05, confidence_level: float = 0.95) -> Told:
    """What one evaluation found, or what changed from one to another.

    Raises:
        UsageError: they are of different kinds, or of one that nothing is said of.
        NotIdentified: there are too few answers.
    """
    kinds = sorted({one.record.kind for one in found})
    if len(kinds) != 1 or kinds[0] not in TOLD:
        raise UsageError(f"evaluations of {' and '.join(kinds)} are not told of together")
    tell: Callable[..., Told] = resolve_name(f"mien.report.{TOLD[kinds[0]]}")
    return tell(found, fdr=fdr, confidence_level=confidence_level)


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
    return [one for one in found if one.record.kind in TOLD and one.record.done]


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
        found: Any = EVALUATED[kind].of(group)
    except (UsageError, NotIdentified):
        return False
    return all(one.drawable for one in found)
