"""Several models on the components along which they differ most."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import altair as alt
import numpy as np
import pandas as pd

from mien.errors import UsageError
from mien.report.figures.labels import beside
from mien.report.figures.theme import extent, finished, models_scale
from mien.report.names import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.report.figures.theme import Chart
    from mien.stats.panels import Panel

SIDE: Final = 560  # pixels


def components(
    models: pd.DataFrame,
    loadings: pd.DataFrame,
    shares: Sequence[float],
    *,
    axes: tuple[int, int] = (1, 2),
    top: int = 14,
    noise: float | None = None,
) -> Chart:
    """Models, and the traits that part them most, on two principal components.

    Args:
        models: ``model`` and the columns ``1``, ``2``, …: its score on each component (Elo points), with
            ``low_1``, ``high_1``, … where their intervals are known.
        loadings: ``trait`` and the columns ``1``, ``2``, …: its loading on each component.
        shares: of the variance, by component.
        axes: which two components to draw, from 1.
        top: how many traits to draw, by length of loading on those two.
        noise: share of the variance between models that is noise; None where it is not known.
    """
    first, second = (str(axis) for axis in axes)
    spans = [f"{end}_{axis}" for axis in axes for end in ("low", "high")]
    intervals = all(column in models for column in spans)
    reach = float(np.abs(models[spans if intervals else [first, second]].to_numpy()).max()) * 1.18
    called = [*models["model"]]
    points = pd.DataFrame({"model": called, "name": brief(called), "x": models[first], "y": models[second]})
    arrows = _longest(loadings, first, second, top, 0.86 * reach)
    plane = _Plane(reach, axes, shares)
    layers = [*plane.cross(), *plane.arrows(arrows)]
    if intervals:
        spread = models.rename(columns=dict(zip(spans, ("low_x", "high_x", "low_y", "high_y"), strict=True)))
        layers += plane.intervals(spread.assign(x=points["x"], y=points["y"]))
    layers += [plane.dots(points), *plane.names(points, arrows)]
    return finished(
        alt.layer(*layers).properties(width=SIDE, height=SIDE),
        f"{len(models)} models on two components of their character",
        f"Dots: models{', with intervals' if intervals else ''}. Diamonds: the {len(arrows)} of "
        f"{len(loadings)} traits with the longest loadings, on a scale of their own.",
        *([] if noise is None else [f"Noise makes up {noise:.0%} of the variance between the models."]),
        width=600,
        models=called,
    )


def components_of(panel: Panel, **settings: Any) -> Chart:
    """`components` of all models of a panel; the setting ``components`` says which two.

    Raises:
        UsageError: they have no such two components.
    """
    found = panel.components
    number = len(found.shares)
    axes = settings.pop("components", (1, 2))
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
        **settings,
    )


def _longest(loadings: pd.DataFrame, first: str, second: str, top: int, reach: float) -> pd.DataFrame:
    """The longest loadings as ``name``, ``x``, ``y``, the longest of all ``reach`` from the centre."""
    length = (loadings[first] ** 2 + loadings[second] ** 2) ** 0.5
    longest = loadings.loc[length.sort_values(ascending=False, kind="stable").index[:top]]
    arrows = pd.DataFrame({"name": longest["trait"], "x": longest[first], "y": longest[second]})
    arrows[["x", "y"]] *= reach / float(length.max())
    return arrows


class _Plane:
    """Two components at one scale, from ``-reach`` to ``reach`` on both."""

    def __init__(self, reach: float, axes: tuple[int, int], shares: Sequence[float]) -> None:
        self.scale = alt.Scale(domain=[-reach, reach], nice=False)
        self.titles = [
            f"component {axis} ({shares[axis - 1]:.0%} of the variance), Elo points" for axis in axes
        ]
        self.pixels = SIDE / (2 * reach)  # to a point

    def x(self, field: str) -> alt.X:
        return alt.X(field, scale=self.scale, title=self.titles[0], axis=self._axis())

    def y(self, field: str) -> alt.Y:
        return alt.Y(field, scale=self.scale, title=self.titles[1], axis=self._axis())

    def _axis(self) -> alt.Axis:
        return alt.Axis(format="d", grid=False, tickCount=5)

    def cross(self) -> list[alt.Chart]:
        zero = alt.Chart(pd.DataFrame({"zero": [0.0]}))
        return [
            zero.mark_rule(style="faint").encode(self.x("zero:Q")),
            zero.mark_rule(style="faint").encode(y=self.y("zero:Q")),
        ]

    def arrows(self, table: pd.DataFrame) -> list[alt.Chart]:
        base = alt.Chart(table)
        return [
            base.mark_rule(style="muted", strokeWidth=1, opacity=0.6).encode(
                self.x("x:Q"), self.y("y:Q"), alt.X2(datum=0), alt.Y2(datum=0)
            ),
            base.mark_point(style="muted", shape="diamond", size=24).encode(self.x("x:Q"), self.y("y:Q")),
        ]

    def intervals(self, table: pd.DataFrame) -> list[alt.Chart]:
        base = alt.Chart(table).mark_rule(opacity=0.6)
        colour = models_scale([*table["model"]], width=None)["color"]
        return [
            base.encode(self.x("low_x:Q"), self.y("y:Q"), alt.X2("high_x:Q"), color=colour),
            base.encode(self.x("x:Q"), self.y("low_y:Q"), alt.Y2("high_y:Q"), color=colour),
        ]

    def dots(self, table: pd.DataFrame) -> alt.Chart:
        tooltip = ["model", alt.Tooltip("x", format=".0f"), alt.Tooltip("y", format=".0f")]
        looks = models_scale([*table["model"]], width=None)
        return (
            alt.Chart(table)
            .mark_point(size=80)
            .encode(self.x("x:Q"), self.y("y:Q"), tooltip=tooltip, **looks)
        )

    def names(self, points: pd.DataFrame, arrows: pd.DataFrame) -> list[alt.Chart]:
        """What each point and arrow is called, none upon another, and off the axes where that can be."""
        table = pd.concat([points.assign(kind="model"), arrows.assign(kind="trait")], ignore_index=True)
        sizes = [
            (extent(name, 12.6 if kind == "model" else 10.5) + 6, 14)
            for name, kind in zip(table["name"], table["kind"], strict=True)
        ]
        at = table[["x", "y"]].to_numpy() * self.pixels
        cross = np.array([[0, 0, SIDE, 2], [0, 0, 2, SIDE]])
        steps = np.linspace(0.1, 0.95, 24)[:, None, None]
        shafts = (steps * (arrows[["x", "y"]].to_numpy() * self.pixels)).reshape(-1, 2)
        lines = np.vstack([np.repeat(cross, 4, axis=0), np.hstack([shafts, np.full_like(shafts, 3)])])
        table[["label_x", "label_y"]] = beside(at, sizes, lines=lines, half=SIDE / 2) / self.pixels
        return [
            alt.Chart(table[table["kind"] == kind])
            .mark_text(style=[style] if style else [], fontSize=size, fontWeight=weight)
            .encode(self.x("label_x:Q"), self.y("label_y:Q"), text="name:N")
            for kind, size, weight in (("trait", 10.5, "normal"), ("model", 12, "bold"))
            for style in ("halo", None)
        ]
