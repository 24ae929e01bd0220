"""The figures by name: how many runs each takes, which settings, and how it is drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from mien.errors import UnknownName, UsageError
from mien.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mien.report.figures.theme import Chart
    from mien.runs.run import Run
    from mien.stats.diffs import Diff
    from mien.stats.panels import Panel
    from mien.stats.profiles.profile import Profile

MANY: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a figure may be told; None leaves it to the figure.

    Attributes:
        judge: whose verdicts to take; None for each run's first judge.
        confidence_level: of all intervals.
        top: how many traits to show, from the top or the largest.
        bottom: how many from the bottom.
        components: which two components to draw, from 1.
        target: reliability at which a run was to stop.
        by: what tells contexts apart.
    """

    judge: str | None = None
    confidence_level: float = 0.95
    top: int | None = None
    bottom: int | None = None
    components: tuple[int, int] | None = None
    target: float | None = None
    by: str | None = None

    def given(self, *known: str) -> dict[str, Any]:
        """Those of the settings named that are not None."""
        return {name: value for name in known if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that can be drawn from runs.

    Attributes:
        about: what it shows.
        fewest: runs that it needs.
        most: runs that it takes.
        draw: from runs and settings to a chart.
        settings: which of `Settings` it takes, beside the judge and the confidence level.
    """

    about: str
    fewest: int
    most: int
    draw: Callable[[Sequence[Run], Settings], Chart]
    settings: tuple[str, ...] = ()

    @property
    def takes(self) -> str:
        """``1 run``, ``2 runs``, ``2 to 4 runs``, ``3 or more runs``."""
        if self.fewest == self.most:
            return counted(self.fewest, "run")
        return f"{self.fewest} or more runs" if self.most == MANY else f"{self.fewest} to {self.most} runs"


def draw(name: str, runs: Sequence[Run], settings: Settings = Settings()) -> Chart:
    """Draw a figure.

    Raises:
        UnknownName: there is no such figure.
        UsageError: it takes another number of runs, or none of a setting; or the runs don't fit.
    """
    if name not in FIGURES:
        raise UnknownName("figure", name, FIGURES)
    figure = FIGURES[name]
    if not figure.fewest <= len(runs) <= figure.most:
        raise UsageError(f"{name} takes {figure.takes}, not {len(runs)}")
    if twice := sorted({run.name for run in runs if sum(run.name == other.name for other in runs) > 1}):
        raise UsageError(f"run {twice[0]!r} is named twice; name each run once")
    for setting in ("top", "bottom", "components", "target", "by"):
        if getattr(settings, setting) is not None and setting not in figure.settings:
            takers = ", ".join(other for other, known in FIGURES.items() if setting in known.settings)
            raise UsageError(f"{name} takes no --{setting}; these do: {takers}")
    return figure.draw(runs, settings)


def _profiles(runs: Sequence[Run], settings: Settings) -> list[Profile]:
    profiles = [run.profile(settings.judge, confidence_level=settings.confidence_level) for run in runs]
    first = profiles[0]
    for profile in profiles[1:]:
        if profile.traits != first.traits:
            lone = sorted(set(first.traits) ^ set(profile.traits))
            raise UsageError(
                f"{first.run} and {profile.run} rate different traits: {lone[0]!r} is in one of them only "
                f"({len(lone)} such); draw runs of one trait set"
            )
    return profiles


def _ranking(runs: Sequence[Run], settings: Settings) -> Chart:
    from mien.report.figures import ranking

    return ranking(_profiles(runs, settings), top=settings.top, bottom=settings.bottom)


def _expression(runs: Sequence[Run], settings: Settings) -> Chart:
    from mien.report.figures import expression

    return expression(_profiles(runs, settings))


def _extremes(runs: Sequence[Run], settings: Settings) -> Chart:
    from mien.report.figures import extremes

    return extremes(_profiles(runs, settings), **settings.given("top"))


def _change(runs: Sequence[Run], settings: Settings) -> Diff:
    from mien.stats import diffs

    before, after = _profiles(runs, settings)
    return diffs.diff(before, after, confidence_level=settings.confidence_level)


def _diff(runs: Sequence[Run], settings: Settings) -> Chart:
    from mien.report.figures import diff

    return diff(_change(runs, settings), **settings.given("top"))


def _slope(runs: Sequence[Run], settings: Settings) -> Chart:
    from mien.report.figures import slope

    return slope(_change(runs, settings), **settings.given("top"))


def _precision(runs: Sequence[Run], settings: Settings) -> Chart:
    from mien.report.figures import precision
    from mien.stats.profiles.precision import growth

    (run,) = runs
    comparisons = run.comparisons(settings.judge)
    found = growth(comparisons, confidence_level=settings.confidence_level, seed=run.record.seed or 0)
    if not found:
        raise UsageError(f"run {run.name!r} has too few verdicts to rate all its traits; let it grow")
    return precision(
        found,
        name=run.name,
        n_traits=len(comparisons.traits),
        confidence_level=settings.confidence_level,
        target=settings.target,
    )


def _consistency(runs: Sequence[Run], settings: Settings) -> Chart:
    from mien.report.figures import consistency

    (run,) = runs
    found = run.consistency(
        **settings.given("by"), judge=settings.judge, confidence_level=settings.confidence_level
    )
    return consistency(
        found.rating_table,
        name=run.name,
        by=found.by,
        confidence_level=settings.confidence_level,
        **settings.given("top"),
    )


def _four_sides(runs: Sequence[Run], settings: Settings) -> Chart:
    from mien.report.figures import four_sides

    if len(models := sorted({run.record.model for run in runs})) > 1:
        raise UsageError(f"four-sides shows one model; these runs are of {', '.join(models)}")
    return four_sides(_profiles(runs, settings))


def _judges(runs: Sequence[Run], settings: Settings) -> Chart:
    from mien.report.figures import Judged, judges

    level = settings.confidence_level
    shown = [
        Judged(
            run.name,
            run.raters(confidence_level=level),
            run.positions(confidence_level=level),
            run.profile(settings.judge, confidence_level=level)
            if run.record.instrument == "instructed"
            else None,
        )
        for run in runs
    ]
    return judges(shown, confidence_level=level, **settings.given("top"))


def _panel(runs: Sequence[Run], settings: Settings) -> Panel:
    from mien.stats import panels

    profiles = [run.profile(settings.judge, confidence_level=settings.confidence_level) for run in runs]
    return panels.compare(profiles, confidence_level=settings.confidence_level)


def _distinct(runs: Sequence[Run], settings: Settings) -> Chart:
    from mien.report.figures import distinct

    panel = _panel(runs, settings)
    table = pd.DataFrame([row for run in panel.names for row in panel.rows(run)])
    return distinct(
        table.rename(columns={"run": "model"}),
        fdr=panel.fdr,
        confidence_level=panel.confidence_level,
        **settings.given("top"),
    )


def _components(runs: Sequence[Run], settings: Settings) -> Chart:
    from mien.report.figures import components

    panel = _panel(runs, settings)
    found = panel.components
    number = len(found.shares)
    axes = settings.components or (1, 2)
    if axes[0] == axes[1] or not all(1 <= axis <= number for axis in axes):
        raise UsageError(
            f"{len(panel.names)} models have components 1 to {number}; name two different ones of them"
        )
    labels = [str(i + 1) for i in range(number)]
    return components(
        pd.DataFrame(found.positions, columns=labels).assign(model=panel.names),
        pd.DataFrame(found.loadings, columns=labels).assign(trait=panel.traits),
        found.shares.tolist(),
        axes=axes,
        noise=found.noise,
        **settings.given("top"),
    )


def _clusters(runs: Sequence[Run], settings: Settings) -> Chart:
    from mien.report.figures import clusters

    panel = _panel(runs, settings)
    matrix = pd.DataFrame(panel.rating.T, index=list(panel.traits), columns=list(panel.names))
    if panel.tree is None:
        raise UsageError("clusters takes 3 or more runs")
    return clusters(matrix, panel.tree.linkage, panel.models.linkage, stderr=float(np.median(panel.stderr)))


def _convergence(runs: Sequence[Run], settings: Settings) -> Chart:
    from mien.report.figures import convergence

    panel = _panel(runs, settings)
    pairs: list[dict[str, Any]] = []
    for row in panel.correlations:
        if row["spearman"] is None:
            raise UsageError(
                f"{row['a']} or {row['b']} rates all traits alike: there is nothing to correlate"
            )
        seen = {"correlation": row["spearman"], "low": row["low"], "high": row["high"]}
        pairs += [{"a": row["a"], "b": row["b"], **seen}, {"a": row["b"], "b": row["a"], **seen}]
    tiers = pd.DataFrame(
        [{"tier": f"{tier['first']}–{tier['last']}", **tier} for tier in panel.tiers],
    )
    return convergence(
        panel.names,
        pd.DataFrame(pairs),
        panel.models.linkage,
        tiers,
        confidence_level=panel.confidence_level,
    )


#: Every figure that `mien plot` draws, by name.
FIGURES: Final[dict[str, Figure]] = {
    "expression": Figure("every trait around a circle by mean rating, models overlaid", 1, MANY, _expression),
    "ranking": Figure("traits with their ratings and intervals", 1, MANY, _ranking, ("top", "bottom")),
    "extremes": Figure("ranks of the most and least expressed traits", 1, MANY, _extremes, ("top",)),
    "diff": Figure("changes with intervals, those found marked", 2, 2, _diff, ("top",)),
    "slope": Figure("ratings before and after, joined by lines", 2, 2, _slope, ("top",)),
    "components": Figure(
        "models and traits on two principal components", 3, MANY, _components, ("top", "components")
    ),
    "distinct": Figure(
        "what sets each model apart from the mean of the others", 2, MANY, _distinct, ("top",)
    ),
    "clusters": Figure("all traits by all models, with both dendrograms", 3, MANY, _clusters),
    "convergence": Figure(
        "rank correlations with a dendrogram, spread of ranks by tier", 2, MANY, _convergence
    ),
    "consistency": Figure(
        "ratings by kind of prompt, of the traits that move most", 1, 1, _consistency, ("top", "by")
    ),
    "four-sides": Figure("one model by instrument: says, chooses, does, can", 2, 4, _four_sides),
    "precision": Figure("interval width and reliability against trials", 1, 1, _precision, ("target",)),
    "judges": Figure(
        "agreement of judges, position effects, confused pairs, accuracy", 1, 8, _judges, ("top",)
    ),
}
