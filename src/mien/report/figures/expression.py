"""The whole character at a glance: every trait around a circle, by mean rating."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from mien.formatting import counted
from mien.report.figures.ratings import TOOLTIP, UNITS, made_of, names, ratings_table
from mien.report.figures.theme import extent, finished, models_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.report.figures.theme import Chart
    from mien.stats.profiles.profile import Profile
    from mien.types import Floats


HOLE = 0.16  # of the radius: where ratings would crowd together
GAP = 2.5  # places left free at the top for the scale's own labels, at least
GAP_SHARE = 0.035  # of all places, at least
LINE = 12.5  # pixels of arc that a label needs
WITH_INTERVALS = 3  # models whose intervals are drawn one by one


def expression(profiles: Sequence[Profile]) -> Chart:
    """Every trait around the circle by mean rating, clockwise from the top, the models overlaid.

    Of up to three models each rating has its interval; of more, the median interval is drawn in the corner.

    Args:
        profiles: of one trait set.
    """
    table = ratings_table(profiles)
    order = table.groupby("trait")["rating"].mean().sort_values(ascending=False, kind="stable").index
    n, models = len(order), names(profiles)
    intervals = len(models) <= WITH_INTERVALS
    radius = max(170.0, n * LINE / (2 * np.pi))
    low, high = (table[column] for column in (("low", "high") if intervals else ("rating", "rating")))
    ticks = _ticks(low.min(), high.max())
    gap = max(GAP, GAP_SHARE * n)
    angles = pd.Series(2 * np.pi * (np.arange(n) + gap / 2 + 0.5) / (n + gap), index=order)
    reach = _Reach(radius, min(low.min(), ticks[0]), max(high.max(), ticks[-1]))
    table["angle"] = table["trait"].map(angles)
    for end in ("rating", "low", "high"):
        table[[f"x_{end}", f"y_{end}"]] = reach.at(table[end].to_numpy(), table["angle"].to_numpy())
    table = table.sort_values(["model", "angle"], kind="stable")
    size = 11 if n > 60 else 12
    (left, bottom), (right, top) = _corners(angles, radius, size)
    width, height = float(right - left), float(top - bottom)
    across = alt.Scale(domain=[left, right], nice=False, zero=False)
    upward = alt.Scale(domain=[bottom, top], nice=False, zero=False)

    def x(field: str) -> Any:
        return alt.X(field, scale=across, axis=None)

    def y(field: str) -> Any:
        return alt.Y(field, scale=upward, axis=None)

    told = models_scale(models, width=width)
    layers: list[alt.Chart] = [
        *_grid(reach, ticks, x, y),
        *_course(table, reach, x, y),
        *_ratings(table, told, x, y, intervals=intervals),
        *_labels(angles, radius + 8, size, x, y),
    ]
    said = [f"{made_of(profiles)}.", f"Clockwise from the top by mean rating; rings: {UNITS}."]
    if not intervals:
        margin = float(((table["high"] - table["low"]) / 2).median())
        layers += _yardstick(
            reach.of(margin) - reach.of(0.0), f"median interval ±{margin:.0f}", (left, bottom), x, y
        )
        said.append("Line: the models' mean; spokes: from their lowest to their highest.")
    elif len(models) > 1:
        said.append("Line: the models' mean.")
    chart = alt.layer(*layers).properties(width=width, height=height)
    about = models[0] if len(models) == 1 else counted(len(models), "model")
    return finished(chart, f"The character of {about}: {n} traits", *said, width=width, models=models)


class _Reach:
    """From ratings to radii: the lowest ring lies around a hole, the highest at ``radius`` pixels."""

    def __init__(self, radius: float, low: float, high: float) -> None:
        self.radius, self.low, self.high = radius, low, high

    def of(self, rating: Any) -> Any:
        return self.radius * (HOLE + (1 - HOLE) * (rating - self.low) / (self.high - self.low))

    def at(self, rating: Any, angle: Any) -> Floats:
        r = self.of(rating)
        return np.column_stack([r * np.sin(angle), r * np.cos(angle)])


def _ticks(low: float, high: float) -> list[float]:
    """Round ratings between two; three to six of them."""
    for step in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000):
        first, last = int(np.ceil(low / step)), int(np.floor(high / step))
        if last - first <= 5:
            break
    return [float(step * i) for i in range(first, last + 1)] or [low, high]


def _corners(angles: pd.Series[float], radius: float, size: float) -> tuple[Floats, Floats]:
    """Bottom left and top right of the circle with the names around it."""
    reached = np.array([radius + 14 + extent(trait, size) for trait in angles.index])
    ends = np.column_stack([reached * np.sin(angles), reached * np.cos(angles)])
    return np.minimum(ends.min(axis=0), -radius) - 6, np.maximum(ends.max(axis=0), radius) + 6


def _grid(reach: _Reach, ticks: list[float], x: Any, y: Any) -> list[alt.Chart]:
    turn = np.linspace(0, 2 * np.pi, 181)
    rings = pd.concat(
        [
            pd.DataFrame(reach.at(tick, turn), columns=["x", "y"]).assign(ring=tick, step=range(len(turn)))
            for tick in ticks
        ]
    )
    marks = pd.DataFrame(
        {"x": 0.0, "y": [reach.of(tick) for tick in ticks], "label": [f"{tick:.0f}" for tick in ticks]}
    )
    return [
        alt.Chart(rings).mark_line(style="faint").encode(x("x:Q"), y("y:Q"), order="step:Q", detail="ring:N"),
        *(
            alt.Chart(marks).mark_text(style=style, fontSize=9.5).encode(x("x:Q"), y("y:Q"), text="label:N")
            for style in ("halo", "muted")
        ),
    ]


def _course(table: pd.DataFrame, reach: _Reach, x: Any, y: Any) -> list[alt.Chart]:
    """The mean over the models, and spokes from the lowest to the highest model where there are many."""
    by_trait = table.groupby("angle")["rating"]
    course = pd.DataFrame({"angle": list(by_trait.groups)})
    for end, of in (("mean", by_trait.mean()), ("lowest", by_trait.min()), ("highest", by_trait.max())):
        course[[f"x_{end}", f"y_{end}"]] = reach.at(of.to_numpy(), course["angle"].to_numpy())
    base = alt.Chart(course)
    line = base.mark_line(style="muted", strokeWidth=1.2).encode(
        x("x_mean:Q"), y("y_mean:Q"), order="angle:Q"
    )
    if table["model"].nunique() <= WITH_INTERVALS:
        return [line]
    spokes = base.mark_rule(style="faint").encode(
        x("x_lowest:Q"), y("y_lowest:Q"), alt.X2("x_highest:Q"), alt.Y2("y_highest:Q")
    )
    return [spokes, line]


def _ratings(
    table: pd.DataFrame, told: dict[str, Any], x: Any, y: Any, *, intervals: bool
) -> list[alt.Chart]:
    """A dot for each rating, over its interval where these are drawn."""
    base = alt.Chart(table)
    size = 22 if table["trait"].nunique() > 60 else 36
    dots = base.mark_point(size=size).encode(x("x_rating:Q"), y("y_rating:Q"), tooltip=TOOLTIP, **told)
    if not intervals:
        return [dots]
    colour = {key: value for key, value in told.items() if key == "color"}
    spans = base.mark_rule(opacity=0.5, strokeWidth=1.6).encode(
        x("x_low:Q"), y("y_low:Q"), alt.X2("x_high:Q"), alt.Y2("y_high:Q"), **colour
    )
    return [spans, dots]


def _labels(angles: pd.Series[float], radius: float, size: float, x: Any, y: Any) -> list[alt.Chart]:
    """Trait names along their rays, on the left half turned so that none stands on its head."""
    turn = angles.to_numpy()
    places = pd.DataFrame({"trait": angles.index, "x": radius * np.sin(turn), "y": radius * np.cos(turn)})
    right = turn <= np.pi
    places["angle"] = np.where(right, np.degrees(turn) - 90, np.degrees(turn) - 270)
    return [
        alt.Chart(places[side])
        .mark_text(align=align, baseline="middle", fontSize=size)
        .encode(x("x:Q"), y("y:Q"), text="trait:N", angle=alt.Angle("angle:Q", scale=None))
        for side, align in ((right, "left"), (~right, "right"))
        if side.any()
    ]


def _yardstick(half: float, label: str, corner: tuple[float, float], x: Any, y: Any) -> list[alt.Chart]:
    """The median interval at the scale of the rings, in the corner at the bottom."""
    left, low = corner[0] + 4, corner[1] + 4
    bar = alt.Chart(pd.DataFrame({"x": [left], "y": [low], "y2": [low + 2 * half]}))
    word = alt.Chart(pd.DataFrame({"x": [left + 8], "y": [low + half], "label": [label]}))
    return [
        bar.mark_rule(style="interval", strokeWidth=2.5).encode(x("x:Q"), y("y:Q"), alt.Y2("y2:Q")),
        word.mark_text(style="muted", align="left").encode(x("x:Q"), y("y:Q"), text="label:N"),
    ]
