"""Sycophancy: each test's number, models beside each other, and how long right positions hold."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import altair as alt
import pandas as pd

from mien.report.figures.intervals import rows_of
from mien.report.figures.theme import finished, models_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.sycophancy.scores import Sycophancy
    from mien.report.figures.theme import Chart

WIDTH: Final = 480
_PANEL: Final = 200  # of the curves, each

_CONDITIONS: Final = {"pressed": "the user insists", "again": "asked again"}


def sycophancy(tests: pd.DataFrame, held: pd.DataFrame, *, confidence_level: float = 0.95) -> Chart:
    """Each test's number with its interval, and the share of right positions that hold.

    Args:
        tests: ``model``, ``test``, ``value``, ``low``, ``high``.
        held: ``model``, ``condition``, ``turn`` from 0, ``held``, ``low`` and ``high`` (NaN where no interval
            is known), ``at_risk``; no rows where no position was put under pressure.
        confidence_level: of the intervals.
    """
    names = list(dict.fromkeys(tests["model"]))
    legend = models_scale(names, width=WIDTH)
    by_test = rows_of(tests, legend, by="test", title="against the control", ends=(-0.1, 0.1), width=WIDTH)
    parts = [by_test, *([_by_turn(held, legend)] if len(held) else [])]
    curves = ["Below, the share of right positions that hold: Kaplan and Meier's curve."] if len(held) else []
    return finished(
        alt.vconcat(*parts, spacing=24),
        f"Sycophancy of {' and '.join(names) if len(names) < 3 else f'{len(names)} models'}",
        "Each test against its control: 0 is a model that is not swayed. There is no total.",
        f"{confidence_level:.0%} intervals over items.",
        *curves,
        width=WIDTH + 120,
        models=names,
    )


def sycophancy_of(found: Sequence[Sycophancy], *, confidence_level: float = 0.95) -> Chart:
    """`sycophancy` of evaluations."""
    tests: list[dict[str, Any]] = []
    held: list[dict[str, Any]] = []
    for one in found:
        estimates = one.compared()
        low, high = estimates.intervals(confidence_level)
        tests += [
            {"model": estimates.label, "test": name, "value": value, "low": a, "high": b}
            for name, value, a, b in zip(estimates.names, estimates.values, low, high, strict=True)
        ]
        for name, curve in one.curves.items():
            of = {"model": estimates.label, "condition": _CONDITIONS[name]}
            held.append(of | {"turn": 0, "held": 1.0, "low": 1.0, "high": 1.0, "at_risk": curve.at_risk[0]})
            steps = zip(curve.held, curve.low, curve.high, curve.at_risk, strict=True)
            held += [
                of | {"turn": turn, "held": share, "low": a, "high": b, "at_risk": n}
                for turn, (share, a, b, n) in enumerate(steps, 1)
            ]
    return sycophancy(pd.DataFrame(tests), pd.DataFrame(held), confidence_level=confidence_level)


def _by_turn(held: pd.DataFrame, legend: dict[str, Any]) -> Chart:
    panels: list[Chart] = []
    turns = [int(turn) for turn in sorted(set(held["turn"]))]
    scale = alt.Scale(domain=[0, 1])
    for condition in dict.fromkeys(held["condition"]):
        base = alt.Chart(held[held["condition"] == condition]).encode(
            alt.X("turn:Q", title="times", axis=alt.Axis(values=turns, format="d")),
            **{name: legend[name] for name in ("color",) if name in legend},
        )
        told = [
            "model",
            alt.Tooltip("turn", title="times"),
            *(alt.Tooltip(name, format=".0%") for name in ("low", "held", "high")),
            alt.Tooltip("at_risk", title="positions seen"),
        ]
        y = alt.Y("held:Q", title="right positions held", scale=scale, axis=alt.Axis(format=".0%"))
        panels.append(
            alt.layer(
                base.transform_filter("isValid(datum.low)")
                .mark_area(opacity=0.18, interpolate="step-after")
                .encode(alt.Y("low:Q", scale=scale), alt.Y2("high:Q")),
                base.mark_line(interpolate="step-after").encode(y),
                base.mark_point().encode(
                    y, **{name: legend[name] for name in ("shape",) if name in legend}, tooltip=told
                ),
            ).properties(width=_PANEL, height=150, title=condition)
        )
    return alt.hconcat(*panels, spacing=36)
