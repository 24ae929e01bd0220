"""What sets each of several models apart."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import altair as alt
import numpy as np
import pandas as pd

from mien.report.figures.changes import SIGNED
from mien.report.figures.theme import finished
from mien.report.names import brief

if TYPE_CHECKING:
    from mien.report.figures.theme import Chart
    from mien.stats.panels import Panel

COLUMNS: Final = 3


def distinct(
    table: pd.DataFrame, *, top: int = 6, fdr: float = 0.05, confidence_level: float = 0.95
) -> Chart:
    """What sets each model apart: its largest differences from the mean of the others.

    Args:
        table: ``model``, ``trait``, ``delta`` (Elo points), ``low``, ``high``, ``q``,
            a row for each model and trait.
        top: how many traits of each model.
        fdr: false-discovery rate at which a difference counts as found.
        confidence_level: of the intervals.
    """
    models = list(dict.fromkeys(table["model"]))
    largest = [
        of.loc[of["delta"].abs().sort_values(ascending=False, kind="stable").index[:top]]
        for _, of in table.groupby("model", sort=False)
    ]
    extent = max(float(np.abs(of[["low", "high"]].to_numpy()).max()) for of in largest)
    panels = [
        _panel(
            name,
            most.sort_values("delta", ascending=False, kind="stable").assign(found=lambda t: t["q"] < fdr),
            extent,
            titled=place >= len(models) - COLUMNS,
        )
        for place, (name, most) in enumerate(zip(brief(models), largest, strict=True))
    ]
    return finished(
        alt.concat(*panels, columns=COLUMNS, spacing=16),
        f"What sets each of {len(models)} models apart",
        f"Each model less the mean of the others, the {top} largest differences among "
        f"{table['trait'].nunique()} traits; {confidence_level:.0%} intervals.",
        f"In full colour: found at a false-discovery rate of {fdr:g}.",
        width=720,
        models=models,
    )


def distinct_of(panel: Panel, **settings: Any) -> Chart:
    """`distinct` of all models of a panel."""
    table = pd.DataFrame([row for run in panel.names for row in panel.rows(run)])
    return distinct(
        table.rename(columns={"run": "model"}),
        fdr=panel.fdr,
        confidence_level=panel.confidence_level,
        **settings,
    )


def _panel(name: str, table: pd.DataFrame, extent: float, *, titled: bool) -> Chart:
    """One model's differences, between ``-extent`` and ``extent``; those that were found filled."""
    scale = alt.Scale(domain=[-extent, extent], nice=False)
    tick = float(f"{0.6 * extent:.0e}")  # one digit: a round number
    x = alt.X(
        "delta:Q",
        scale=scale,
        title="difference (Elo points)" if titled else None,
        axis=alt.Axis(labelExpr=SIGNED, values=[-tick, 0, tick]),
    )
    base = alt.Chart(table).encode(alt.Y("trait:N", sort=table["trait"].tolist(), title=None))
    bars = [
        base.transform_filter(f"datum.found == {found} && datum.delta {sign} 0")
        .mark_bar(style=style, size=9, fillOpacity=0.85 if found == "true" else 0.28)
        .encode(
            x,
            alt.X2(datum=0),
            tooltip=[
                "model",
                "trait",
                *(alt.Tooltip(c, format="+.0f") for c in ("delta", "low", "high")),
                alt.Tooltip("q", format=".3f"),
            ],
        )
        for found in ("true", "false")
        for sign, style in ((">=", "above"), ("<", "below"))
    ]
    interval = base.mark_rule(style="interval").encode(alt.X("low:Q", scale=scale), alt.X2("high:Q"))
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(style="zero").encode(alt.X("at:Q", scale=scale))
    return alt.layer(*bars, interval, zero).properties(
        width=170,
        height=alt.Step(15),
        title=alt.TitleParams(name, fontSize=13, frame="group", anchor="middle", offset=4),
    )
