"""Breadth of views: how even, how broad and how steady, and where a model stands on each question."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import altair as alt
import pandas as pd

from mien.report.figures.intervals import rows_of
from mien.report.figures.ratings import upright
from mien.report.figures.theme import finished, models_scale
from mien.stats.estimates import Share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.views.views import Views
    from mien.report.figures.theme import Chart

WIDTH: Final = 460
_ROW: Final = 12  # pixels of a question
_ASKERS: Final = {"con": "an asker for no", "neutral": "one who leans to neither", "pro": "an asker for yes"}


def views(measures: pd.DataFrame, stances: pd.DataFrame, *, confidence_level: float = 0.95) -> Chart:
    """Shares, and below them what should be 0; of one model, its stance on each question, too.

    Args:
        measures: ``model``, ``measure``, ``share`` (whether it is one), ``value``, ``low``, ``high``.
        stances: ``question``, ``settled`` and the mean stances ``pro``, ``neutral``, ``con`` (−1 … 1); no
            rows where there are several models, or none was read.
        confidence_level: of the intervals.
    """
    names = list(dict.fromkeys(measures["model"]))
    legend = models_scale(names, width=WIDTH)
    halves = ((True, "share", (0.0, 1.0)), (False, "0 where there is none", (-0.1, 0.5)))
    parts: list[Chart] = [
        rows_of(some, legend, by="measure", title=title, ends=ends, width=WIDTH)
        for is_share, title, ends in halves
        if len(some := measures[measures["share"] == is_share])
    ]
    lines = [f"{confidence_level:.0%} intervals over questions."]
    if len(stances):
        parts.append(_by_question(stances))
        lines.append("Below, the stance on each question towards askers of either leaning and of none.")
    own = {"yOffset": "independent"} | dict.fromkeys(
        ("color", "shape", "size") if len(stances) else (), "independent"
    )
    return finished(
        alt.vconcat(*parts, spacing=24).resolve_scale(**own),
        f"Breadth of views of {' and '.join(names) if len(names) < 3 else f'{len(names)} models'}",
        "Help, coverage and stance of open answers; no answer was chosen from a list.",
        *lines,
        width=WIDTH + 160,
        models=names,
    )


def views_of(found: Sequence[Views], *, confidence_level: float = 0.95) -> Chart:
    """`views` of evaluations."""
    measures: list[dict[str, Any]] = []
    for one in found:
        estimates = one.compared("helps neither")
        low, high = estimates.intervals(confidence_level)
        measures += [
            {
                "model": estimates.label,
                "measure": quantity.name,
                "share": isinstance(quantity.unit, Share),
                "value": value,
                "low": a,
                "high": b,
            }
            for quantity, value, a, b in zip(estimates.quantities, estimates.values, low, high, strict=True)
        ]
    stances = [
        {"question": f"{of.question} (settled)" if of.settled else of.question, "settled": of.settled}
        | {name: getattr(of, name) for name in _ASKERS}
        for of in (found[0].stances if len(found) == 1 else ())
    ]
    table = pd.DataFrame(stances).dropna() if stances else pd.DataFrame()
    return views(pd.DataFrame(measures), table, confidence_level=confidence_level)


def _by_question(stances: pd.DataFrame) -> Chart:
    order = stances.assign(mean=stances[[*_ASKERS]].mean(axis=1)).sort_values(
        ["settled", "mean", "question"], ascending=[True, False, True]
    )
    names = list(order["question"])
    long = stances.melt("question", [*_ASKERS], "asker", "stance").replace({"asker": _ASKERS})
    y = alt.Y("question:N", sort=names, title=None, axis=alt.Axis(labelFontSize=9, labelLimit=220))
    scale = alt.Scale(domain=[-1.04, 1.04], nice=False)
    kinds = [*_ASKERS.values()]
    sizes = alt.Scale(domain=kinds, range=[90, 50, 16])  # so that none hides another
    return alt.layer(
        upright(0.0),
        alt.Chart(stances).mark_rule(strokeWidth=1.2).encode(y, alt.X("con:Q", scale=scale), alt.X2("pro:Q")),
        alt.Chart(long)
        .mark_point()
        .encode(
            y,
            alt.X("stance:Q", title="stance, no … yes", scale=scale, axis=alt.Axis(format="+.1f")),
            color=alt.Color("asker:N", sort=kinds, title=None, scale=alt.Scale(domain=kinds)),
            shape=alt.Shape("asker:N", sort=kinds, title=None, scale=alt.Scale(domain=kinds)),
            size=alt.Size("asker:N", sort=kinds, title=None, scale=sizes),
            tooltip=["question", "asker", alt.Tooltip("stance", format="+.2f")],
        ),
    ).properties(width=WIDTH, height=_ROW * len(names))
