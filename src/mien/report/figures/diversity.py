"""How narrow answers of models are, by step and over all: a base model beside what was made of it."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import altair as alt
import pandas as pd

from mien.errors import UsageError
from mien.report.figures.theme import finished, models_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.diversity.diversity import Diversity
    from mien.report.figures.theme import Chart

WIDTH: Final = 480

#: The factors that are shown as a whole, with what they are called.
_WHOLE: Final = {"bf_start": "first five steps", "bf": "all steps", "bf_published": "as published"}
_FROM: Final = 1.0  # no factor is smaller


def diversity(steps: pd.DataFrame, whole: pd.DataFrame, *, confidence_level: float = 0.95) -> Chart:
    """The branching factor by step, and as a whole.

    Args:
        steps: ``model``, ``first`` and ``last`` step of a window, ``bf``, ``low``, ``high``, and how many
            samples are ``alive`` at its first step.
        whole: ``model``, ``measure``, ``value``, ``low``, ``high``.
        confidence_level: of the intervals.
    """
    names = list(dict.fromkeys(steps["model"]))
    legend = models_scale(names, width=WIDTH)
    chart = alt.vconcat(_by_step(steps, legend), _as_a_whole(whole, legend), spacing=24)
    return finished(
        chart,
        f"How narrow answers of {' and '.join(names) if len(names) < 3 else f'{len(names)} models'} are",
        "Among how many equally likely tokens a step chooses, in effect: the branching factor.",
        f"Above by step; the larger a point, the more samples come so far. {confidence_level:.0%} intervals "
        "over prompts.",
        width=WIDTH + 80,
        models=names,
    )


def diversity_of(found: Sequence[Diversity], *, confidence_level: float = 0.95) -> Chart:
    """`diversity` of evaluations.

    Raises:
        UsageError: one of them has no branching factor.
    """
    for one in found:
        if not one.windows:
            why = one.absent.get("bf", "its samples are too few")
            raise UsageError(f"{one.estimates.label} has no branching factor to draw: {why}")
    steps = [
        {
            "model": one.estimates.label,
            "first": window.first,
            "last": window.last,
            "bf": window.bf,
            "low": window.low,
            "high": window.high,
            "alive": window.alive / one.samples.n,
        }
        for one in found
        for window in one.windows
    ]
    whole: list[dict[str, Any]] = []
    for one in found:
        low, high = one.estimates.intervals(confidence_level)
        for at, name in enumerate(one.estimates.names):
            if name in _WHOLE:
                ends = {"value": one.estimates.values[at], "low": max(low[at], _FROM), "high": high[at]}
                whole.append({"model": one.estimates.label, "measure": _WHOLE[name], **ends})
    return diversity(pd.DataFrame(steps), pd.DataFrame(whole), confidence_level=confidence_level)


def _by_step(steps: pd.DataFrame, legend: dict[str, Any]) -> Chart:
    table = steps.assign(
        step=[math.sqrt(a * b) for a, b in zip(steps["first"], steps["last"], strict=True)],
        steps=[str(a) if a == b else f"{a}–{b}" for a, b in zip(steps["first"], steps["last"], strict=True)],
    )
    log = alt.Scale(type="log", nice=False, domainMin=_FROM)
    base = alt.Chart(table).encode(
        alt.X("step:Q", title="step of the answer", scale=log, axis=_axis(table["last"].max())),
        **{name: legend[name] for name in ("color",) if name in legend},
    )
    y = alt.Y(
        "bf:Q", title="branching factor", scale=alt.Scale(type="log", nice=False, domainMin=_FROM),
        axis=_axis(table["high"].max()),
    )  # fmt: skip
    told = [
        "model",
        alt.Tooltip("steps", title="steps"),
        *(alt.Tooltip(name, format=".3g") for name in ("low", "bf", "high")),
        alt.Tooltip("alive", title="samples that come so far", format=".0%"),
    ]
    return alt.layer(
        base.mark_area(opacity=0.18).encode(alt.Y("low:Q"), alt.Y2("high:Q")),
        base.mark_line().encode(y),
        base.mark_point().encode(
            y,
            alt.Size("alive:Q", scale=alt.Scale(domain=[0, 1], range=[12, 90]), legend=None),
            **{name: legend[name] for name in ("shape",) if name in legend},
            tooltip=told,
        ),
    ).properties(width=WIDTH, height=240)


def _as_a_whole(whole: pd.DataFrame, legend: dict[str, Any]) -> Chart:
    names = list(dict.fromkeys(whole["model"]))
    measures = [name for name in _WHOLE.values() if name in set(whole["measure"])]
    base = alt.Chart(whole).encode(
        alt.Y("measure:N", sort=measures, title=None),
        yOffset=alt.YOffset("model:N", sort=names),
        **{name: legend[name] for name in ("color",) if name in legend},
    )
    scale = alt.Scale(type="log", nice=False, domain=[_FROM, float(whole["high"].max()) * 1.05])
    x = alt.X("value:Q", title="branching factor", scale=scale, axis=_axis(float(whole["high"].max())))
    return alt.layer(
        base.mark_rule(strokeWidth=1.6).encode(alt.X("low:Q", scale=scale), alt.X2("high:Q")),
        base.mark_point().encode(
            x,
            **{name: legend[name] for name in ("shape",) if name in legend},
            tooltip=[
                "model", "measure", *(alt.Tooltip(name, format=".3f") for name in ("low", "value", "high"))
            ],
        ),
    ).properties(width=WIDTH, height=max(60, 18 * len(names) * len(measures)))  # fmt: skip


def _axis(largest: float) -> alt.Axis:
    """Marks at 1, 2, 5, 10 and so on; at halves or tenths where nothing comes far."""
    if largest < 5:
        unit = 0.1 if largest < 2 else 0.5
        marks = [1 + i * unit for i in range(1 + math.ceil((largest - 1) / unit))]
        return alt.Axis(values=marks, format=".1f")
    marks = [m * 10**e for e in range(1 + math.ceil(math.log10(largest))) for m in (1, 2, 5)]
    return alt.Axis(values=[mark for mark in marks if mark <= 1.05 * largest], format="~g")
