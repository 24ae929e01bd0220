"""Rows of values with their intervals, models beside each other: what figures of evaluations draw with."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from mien.report.figures.ratings import upright

if TYPE_CHECKING:
    import pandas as pd

    from mien.report.figures.theme import Chart


def rows_of(
    table: pd.DataFrame, legend: dict[str, Any], *, by: str, title: str, ends: tuple[float, float], width: int
) -> Chart:
    """A row a name, with a point and a line for each model.

    Args:
        table: ``model``, the column of names, ``value``, ``low``, ``high``.
        legend: as `mien.report.figures.theme.models_scale` gives it.
        by: the column of names.
        title: of the axis.
        ends: between which the axis reaches at least.
        width: in pixels.
    """
    names, order = (list(dict.fromkeys(table[column])) for column in ("model", by))
    base = alt.Chart(table).encode(
        alt.Y(f"{by}:N", sort=order, title=None),
        yOffset=alt.YOffset("model:N", sort=names),
        **{name: legend[name] for name in ("color",) if name in legend},
    )
    domain = [min(ends[0], float(table["low"].min())), max(ends[1], float(table["high"].max()))]
    scale = alt.Scale(domain=domain, nice=True)
    x = alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(format="+.2~f" if ends[0] < 0 else ".2~f"))
    told = ["model", by, *(alt.Tooltip(name, format="+.3f") for name in ("low", "value", "high"))]
    return alt.layer(
        upright(0.0),
        base.mark_rule(strokeWidth=1.6).encode(alt.X("low:Q", scale=scale), alt.X2("high:Q")),
        base.mark_point().encode(
            x, **{name: legend[name] for name in ("shape",) if name in legend}, tooltip=told
        ),
    ).properties(width=width, height=max(120, 14 * len(names) * len(order)))
