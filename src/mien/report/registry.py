"""Every figure by name: what it needs, and the function that draws it, which is loaded when it is drawn."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from mien.errors import UnknownName, UsageError
from mien.evals.kinds import found
from mien.report.figure import MANY, Figure, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mien.evals.evaluation import Evaluation
    from mien.report.figures.theme import Chart
    from mien.report.measured import Measured

_profiles, _diff, _panel = (attrgetter(name) for name in ("profiles", "diff", "panel"))


def _all(measured: Measured) -> Measured:
    """Where a figure needs more of the runs than one result."""
    return measured


FIGURES: Final[dict[str, Figure]] = {
    "expression": Figure(
        "every trait around a circle by mean rating, models overlaid",
        1,
        MANY,
        _profiles,
        "expression:expression",
    ),
    "ranking": Figure(
        "traits with their ratings and intervals", 1, MANY, _profiles, "ranking:ranking", ("top", "bottom")
    ),
    "extremes": Figure(
        "ranks of the most and least expressed traits", 1, MANY, _profiles, "extremes:extremes", ("top",)
    ),
    "diff": Figure("changes with intervals, those found marked", 2, 2, _diff, "changes:diff", ("top",)),
    "slope": Figure("ratings before and after, joined by lines", 2, 2, _diff, "changes:slope", ("top",)),
    "components": Figure(
        "models and traits on two principal components",
        3,
        MANY,
        _panel,
        "components:components_of",
        ("top", "components"),
    ),
    "distinct": Figure(
        "what sets each model apart from the mean of the others",
        2,
        MANY,
        _panel,
        "distinct:distinct_of",
        ("top",),
    ),
    "clusters": Figure(
        "all traits by all models, with both dendrograms", 3, MANY, _panel, "clusters:clusters_of"
    ),
    "convergence": Figure(
        "rank correlations with a dendrogram, spread of ranks by tier",
        2,
        MANY,
        _panel,
        "convergence:convergence_of",
    ),
    "consistency": Figure(
        "ratings by kind of prompt, of the traits that move most",
        1,
        1,
        _all,
        "consistency:consistency_of",
        ("top", "by"),
    ),
    "four-sides": Figure(
        "one model by instrument: says, rates, chooses, does, can", 2, 5, _all, "four_sides:four_sides_of"
    ),
    "precision": Figure(
        "interval width and reliability against trials", 1, 1, _all, "precision:precision_of", ("target",)
    ),
    "judges": Figure(
        "agreement of judges, position effects, confused pairs, accuracy",
        1,
        8,
        _all,
        "judges:judges_of",
        ("top",),
    ),
}


#: Figures of evaluations, by their kind.
EVALUATED: Final[dict[str, Figure]] = {
    "breadth": Figure(
        "how far each trait stretches, told to be like it and unlike it",
        1,
        7,
        found,
        "breadth:breadth_of",
        noun="evaluation",
    ),
    "diversity": Figure(
        "among how many ways on models choose, by step and as a whole",
        1,
        7,
        found,
        "diversity:diversity_of",
        noun="evaluation",
    ),
    "spec": Figure(
        "agreement with a spec by clause, versions beside each other",
        1,
        7,
        found,
        "spec:spec_of",
        noun="evaluation",
    ),
    "sycophancy": Figure(
        "each test of sycophancy, and how long right positions hold",
        1,
        7,
        found,
        "sycophancy:sycophancy_of",
        noun="evaluation",
    ),
    "views": Figure(
        "how even, broad and steady views are, and a stand on each question",
        1,
        7,
        found,
        "views:views_of",
        noun="evaluation",
    ),
}


def draw_evaluated(name: str, evaluations: Sequence[Evaluation], confidence_level: float = 0.95) -> Chart:
    """Draw a figure of evaluations.

    Raises:
        UnknownName: there is no such figure.
        UsageError: it takes another number of them, or others.
    """
    if name not in EVALUATED:
        raise UnknownName("figure", name, EVALUATED)
    figure = EVALUATED[name]
    if not figure.fewest <= len(evaluations) <= figure.most:
        raise UsageError(f"{name} takes {figure.takes}, not {len(evaluations)}")
    return figure.drawn(figure.of(evaluations), confidence_level=confidence_level)


def draw(name: str, measured: Measured, settings: Settings = Settings()) -> Chart:
    """Draw a figure of runs.

    Raises:
        UnknownName: there is no such figure.
        UsageError: it takes another number of runs, or none of a setting; or the runs don't fit.
    """
    return drawing(name, measured, settings)()


def drawing(name: str, measured: Measured, settings: Settings = Settings()) -> Callable[[], Chart]:
    """What draws a figure of runs: its result is worked out already, and it may be sent to another process.

    Raises:
        UnknownName: there is no such figure.
        UsageError: it takes another number of runs, or none of a setting; or the runs don't fit. Some of
            what does not fit is noticed as it is drawn.
    """
    if name not in FIGURES:
        raise UnknownName("figure", name, FIGURES)
    figure = FIGURES[name]
    if not figure.fewest <= len(measured.runs) <= figure.most:
        raise UsageError(f"{name} takes {figure.takes}, not {len(measured.runs)}")
    given: dict[str, Any] = settings.given()
    for setting in given:
        if setting not in figure.settings:
            takers = ", ".join(other for other, known in FIGURES.items() if setting in known.settings)
            raise UsageError(f"{name} takes no --{setting}; these do: {takers}")
    return partial(figure.drawn, figure.of(measured), **given)
