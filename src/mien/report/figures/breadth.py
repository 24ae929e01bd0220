"""How far a character stretches: each trait's range around what is shown without a word, models overlaid."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import altair as alt
import pandas as pd

from mien.report.figures.ratings import upright
from mien.report.figures.theme import finished, models_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.breadth.scores import Breadth
    from mien.report.figures.theme import Chart

WIDTH: Final = 480
_SIGNED: Final = "datum.value == 0 ? '0' : format(datum.value, '+,d')"
_ROW: Final = 12  # pixels that a model takes of a trait's row


def breadth(levels: pd.DataFrame, *, unread: Sequence[str] = (), confidence_level: float = 0.95) -> Chart:
    """Where each level stands, in points from what is shown without a word, with the intervals of the ends.

    Args:
        levels: ``model``, ``trait``, ``level`` from −3 to 3, ``value``, ``low``, ``high``; traits in the
            order in which they are to stand.
        unread: traits that the judge could not read, for the subtitle.
        confidence_level: of the intervals.
    """
    names = list(dict.fromkeys(levels["model"]))
    legend = models_scale(names, width=WIDTH)
    missing = [f"Not shown, for the judge could not read them: {', '.join(unread)}."] if unread else []
    whose = " and ".join(names) if len(names) < 3 else f"{len(names)} models"
    return finished(
        _ranges(levels, legend),
        f"How far the character of {whose} stretches",
        "Rating points from what is shown without a word (0): told to be unlike it to the left, like it to "
        "the right; a mark for each strength.",
        f"Thin lines: {confidence_level:.0%} intervals of both ends, over prompts.",
        *missing,
        width=WIDTH + 120,
        models=names,
    )


def breadth_of(found: Sequence[Breadth], *, confidence_level: float = 0.95) -> Chart:
    """`breadth` of evaluations, the widest trait of the first on top."""
    rows: list[dict[str, Any]] = []
    for one in found:
        told = sorted(
            ((trait, trait.range, trait.stretch) for trait in one.traits if trait.range and trait.stretch),
            key=lambda of: -of[1].value,
        )
        for trait, _, stretch in told:
            each = zip(*(column.tolist() for column in stretch.curve), strict=True)
            rows += [
                {"model": one.estimates.label, "trait": trait.trait, "level": level}
                | {"value": value, "low": low, "high": high}
                for level, (value, low, high) in enumerate(each, -3)
            ]
    states = [(trait.trait, trait.state) for one in found for trait in one.traits]
    unread = dict.fromkeys(name for name, state in states if state == "not readable")
    return breadth(pd.DataFrame(rows), unread=[*unread], confidence_level=confidence_level)


def _ranges(levels: pd.DataFrame, legend: dict[str, Any]) -> Chart:
    names = list(dict.fromkeys(levels["model"]))
    order = list(dict.fromkeys(levels["trait"]))
    ends = levels[levels["level"].abs() == 3]
    bars = ends.pivot_table(index=["model", "trait"], columns="level", values="value").reset_index()
    bars.columns = ["model", "trait", "down", "up"]
    extent = max(100.0, float(levels[["low", "high"]].abs().max().max()))
    scale = alt.Scale(domain=[-extent, extent], nice=True)
    colour = {name: legend[name] for name in ("color",) if name in legend}
    rows: dict[str, Any] = {
        "y": alt.Y("trait:N", sort=order, title=None),
        "yOffset": alt.YOffset("model:N", sort=names),
    }
    title = "points from what is shown without a word"
    tooltip = [
        "model",
        "trait",
        "level",
        *(alt.Tooltip(name, format="+,.0f") for name in ("low", "value", "high")),
    ]
    return alt.layer(
        upright(0.0),
        alt.Chart(ends)
        .mark_rule(strokeWidth=1)
        .encode(alt.X("low:Q", scale=scale, title=title), alt.X2("high:Q"), **rows, **colour),
        alt.Chart(bars)
        .mark_rule(strokeWidth=4, opacity=0.45)
        .encode(alt.X("down:Q", scale=scale, title=title), alt.X2("up:Q"), **rows, **colour),
        alt.Chart(levels[levels["level"] != 0])
        .mark_point(size=26)
        .encode(
            alt.X("value:Q", scale=scale, title=title, axis=alt.Axis(labelExpr=_SIGNED)),
            **rows,
            **{name: legend[name] for name in ("color", "shape") if name in legend},
            tooltip=tooltip,
        ),
    ).properties(width=WIDTH, height=max(120, _ROW * (len(names) + 1) * len(order)))
