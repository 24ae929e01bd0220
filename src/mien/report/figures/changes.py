"""What changed from one run to another."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from mien.errors import UsageError
from mien.formatting import counted, p_value, plural
from mien.report.changes import headline
from mien.report.figures.labels import spread
from mien.report.figures.theme import extent, finished
from mien.report.names import brief

if TYPE_CHECKING:
    from mien.report.figures.theme import Chart
    from mien.stats.diffs import Diff

ROW = 16  # pixels from one trait to the next
SIGNED = "datum.value == 0 ? '0' : format(datum.value, '+d')"
YARDSTICK = 62  # pixels beside the names that the median interval takes


def made_of(diff: Diff) -> str:
    """How many observations stand behind a diff, whether it is paired, and what its intervals are."""
    before, after = diff.before.sample, diff.after.sample
    pairing = f"paired on {diff.paired} prompts" if diff.paired else "unpaired"
    what = f"{before.n:,} {plural(before.each)} before and {after.n:,} after, {pairing}"
    method = f"{before.method.capitalize()}, " if before.method else ""
    return f"{method}{what}; {diff.confidence_level:.0%} intervals"


def _axis(diff: Diff) -> tuple[str, alt.Axis]:
    """What changes are drawn in, and its axis: their one unit, or else their own standard errors."""
    unit = diff.before.unit
    if unit is None:
        return "change, in standard errors of each", alt.Axis(format="+d")
    if diff.before.centred:
        return "change of rating (Elo points)", alt.Axis(labelExpr=SIGNED)
    return f"change ({unit.word or 'share'})", alt.Axis(format="+")


def _changes(diff: Diff, top: int | None) -> pd.DataFrame:
    """The largest changes with what is written beside each, from the most positive to the most negative."""
    scaled = diff.before.unit is not None
    rows: list[dict[str, Any]] = []
    for change in diff.changes[:top]:
        scale = 1.0 if scaled else 1 / change.stderr if change.stderr > 0 else 0.0
        mark = f"q {p_value(change.q)}" if change.changed else ""
        if not scaled:
            mark = "  ".join(filter(None, (change.quantity.unit.change(change.delta), mark)))
        rows.append(
            {diff.noun: change.name, "mark": mark, "changed": change.changed, "q": change.q}
            | {key: getattr(change, key) * scale for key in ("delta", "low", "high")}
        )
    table = pd.DataFrame(rows).sort_values("delta", ascending=False, kind="stable")
    table["edge"] = np.where(table["delta"] < 0, table[["low", "delta"]].min(axis=1), table["high"])
    return table


def diff(diff: Diff, *, top: int | None = 40) -> Chart:
    """Changes with intervals, those found filled and marked; of several units, in standard errors.

    Args:
        diff: what to draw.
        top: how many of the largest changes; None draws all.
    """
    table = _changes(diff, top)
    order = table[diff.noun].tolist()
    left = min(0.0, float(table["low"].min()))
    right = max(0.0, float(table["high"].max()))
    rising = table["delta"] >= 0
    room = [
        0.16 * (right - left) * bool(table["mark"][side].any()) for side in (~rising, rising)
    ]  # for marks
    title, axis = _axis(diff)
    x = alt.X(
        "delta:Q",
        title=title,
        axis=axis,
        scale=alt.Scale(domain=[left - room[0], right + room[1]], nice=False),
    )
    base = alt.Chart(table).encode(alt.Y(f"{diff.noun}:N", sort=order, title=None, axis=alt.Axis(grid=False)))
    tooltip: list[Any] = [
        diff.noun,
        *(
            alt.Tooltip(name, format="+.0f" if diff.before.centred else "+.3~g")
            for name in ("delta", "low", "high")
        ),
        alt.Tooltip("q", format=".3f"),
    ]
    shown = [
        base.transform_filter(f"datum.changed == {changed} && datum.delta {sign} 0")
        .mark_bar(
            style=style, size=9, filled=True, fillOpacity=0.85 if changed == "true" else 0.28, strokeWidth=1
        )
        .encode(x, alt.X2(datum=0), tooltip=tooltip)
        for changed in ("true", "false")
        for sign, style in ((">=", "above"), ("<", "below"))
    ]
    intervals = base.mark_rule(style="interval").encode(alt.X("low:Q"), alt.X2("high:Q"))
    marks = [
        base.transform_filter(f"datum.delta {sign} 0")
        .mark_text(align=align, dx=dx, fontSize=10, fontWeight="bold")
        .encode(alt.X("edge:Q"), text="mark:N")
        for sign, align, dx in ((">=", "left", 5), ("<", "right", -5))
    ]
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(style="zero").encode(x="at:Q")
    chart = alt.layer(*shown, intervals, zero, *marks).properties(width=520, height=alt.Step(ROW))
    kept = f"The {len(table)} largest changes. " if len(table) < len(diff.names) else ""
    return finished(
        chart,
        f"From {diff.a} to {diff.b}: changes of {counted(len(diff.names), diff.noun)}",
        f"{made_of(diff)}.",
        f"{kept}In full colour, with its q: {headline(diff)}, adjusted for false discovery.",
    )


def slope(diff: Diff, *, top: int = 20) -> Chart:
    """Values before and after, joined by lines; what changed is drawn out and named.

    Args:
        diff: what to draw.
        top: how many of those changed to name, the largest changes first; where none changed, so many of the
            largest differences are named in grey.

    Raises:
        UsageError: the quantities are on several scales, which have no one axis.
    """
    unit = diff.before.unit
    if unit is None:
        raise UsageError(
            f"slope draws {plural(diff.noun)} on one scale; take those of one unit (Estimates.only), or draw "
            "the figure diff"
        )
    table = _levels(diff)
    changed = [change.name for change in diff.changes if change.changed][:top]
    named = changed or [change.name for change in diff.changes[: min(top, 5)]]
    margin = float((table["high"] - table["low"]).median()) / 2
    low, high = float(table["value"].min()), float(table["value"].max())
    middle, half = (low + high) / 2, max((high - low) / 2, margin)  # the yardstick has its place, too
    low, high = middle - half, middle + half
    height = 560
    y = alt.Y(
        "value:Q",
        title="rating (Elo points)" if diff.before.centred else unit.word or "share",
        scale=alt.Scale(domain=[low, high], nice=False),
        axis=alt.Axis(format="d" if diff.before.centred else "", grid=False, orient="left"),
    )
    room = 8 + max(extent(name, 11) for name in named) + 16  # of a name and its leader
    side = 230
    across = alt.Scale(domain=[-room / side, 1 + (room + YARDSTICK) / side], nice=False)
    x = alt.X("place:Q", scale=across, axis=None)
    style = np.where(~table[diff.noun].isin(named), "other", np.where(table["delta"] < 0, "below", "above"))
    table["kind"] = style
    layers = [
        *_lines(table, diff, x, y),
        *_names(table[table[diff.noun].isin(named)], diff.noun, 13 * (high - low) / height, across),
        *_median_interval(middle, margin, unit.extent(margin), 1 + (room + 24) / side, across),
        *_heads(diff, x),
    ]
    chart = alt.layer(*layers).properties(width=side + 2 * room + YARDSTICK, height=height)
    levels = "ratings" if diff.before.centred else "values"
    return finished(
        chart,
        f"From {diff.a} to {diff.b}: {levels} of {counted(len(diff.names), diff.noun)}",
        f"{made_of(diff)}.",
        _named(diff, len(changed)),
        width=max(480.0, side + 2 * room + YARDSTICK),
        models=(diff.a, diff.b),
    )


def _named(diff: Diff, n: int) -> str:
    """Which quantities are named, of those that changed the first n."""
    rate = f"changed at a false-discovery rate of {diff.fdr:g}"
    if not n:
        return f"No {diff.noun} {rate}; the largest differences are named."
    found = int(diff.changed.sum())
    which = "all" if n == found else f"the {n} largest"
    named = f"the one {diff.noun}" if found == 1 else f"{which} of the {found} {plural(diff.noun)}"
    return f"Named: {named} that {rate}; solid lines rose, dashed ones fell."


def _lines(table: pd.DataFrame, diff: Diff, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """A line a quantity, those that are named drawn out by the way they went."""
    shape = ".0f" if diff.before.centred else ".3~g"
    tooltip: list[Any] = [
        *("run:N", f"{diff.noun}:N"),
        *(alt.Tooltip(name, format=shape) for name in ("value", "low", "high")),
    ]
    layers: list[alt.Chart] = []
    for kind, mark in (
        ("other", {"style": "faint", "strokeWidth": 0.8}),
        ("below", {"style": "below", "strokeWidth": 1.8, "strokeDash": [6, 3]}),
        ("above", {"style": "above", "strokeWidth": 1.8}),
    ):
        part = alt.Chart(table[table["kind"] == kind])
        layers.append(part.mark_line(**mark).encode(x, y, detail=f"{diff.noun}:N"))
        if kind != "other":
            layers.append(part.mark_point(style=kind, size=30).encode(x, y, tooltip=tooltip))
    return layers


def _median_interval(
    middle: float, margin: float, shown: str, at: float, across: alt.Scale
) -> list[alt.Chart]:
    """The median interval, drawn to scale beside the names and given in numbers."""
    ends = {"low": [middle - margin], "middle": [middle], "high": [middle + margin]}
    bar = alt.Chart(pd.DataFrame({"at": [at], **ends}))
    x = alt.X("at:Q", scale=across, axis=None)
    return [
        bar.mark_rule(style="interval", strokeWidth=2.5).encode(x, alt.Y("low:Q"), alt.Y2("high:Q")),
        bar.mark_text(
            style="muted", angle=270, align="center", baseline="top", dy=6, text=f"median interval ±{shown}"
        ).encode(x, alt.Y("middle:Q")),
    ]


def _heads(diff: Diff, x: alt.X) -> list[alt.Chart]:
    """The names of both, each above its side."""
    heads = pd.DataFrame({"place": [0.0, 1.0], "name": brief((diff.a, diff.b)), "align": ["right", "left"]})
    return [
        alt.Chart(heads[heads["align"] == align])
        .mark_text(fontSize=12, fontWeight="bold", baseline="bottom", align=align)
        .encode(x, alt.YValue(-8), text="name:N")
        for align in ("right", "left")
    ]


def _levels(diff: Diff) -> pd.DataFrame:
    """Both estimates, one below the other: ``place`` 0 is before and 1 after."""
    tables: list[pd.DataFrame] = []
    for place, (run, one) in enumerate(((diff.a, diff.before), (diff.b, diff.after))):
        centre = 0.0 if one.unit is None else one.unit.centre or 0.0
        low, high = one.intervals(diff.confidence_level)
        tables.append(
            pd.DataFrame(
                {
                    diff.noun: diff.names,
                    "run": run,
                    "place": float(place),
                    "value": centre + one.values,
                    "low": centre + low,
                    "high": centre + high,
                    "delta": diff.delta,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _names(table: pd.DataFrame, noun: str, gap: float, across: alt.Scale) -> list[alt.Chart]:
    """Names on both sides, off one another, each with a line to its value."""
    layers: list[alt.Chart] = []
    for place, align in ((0.0, "right"), (1.0, "left")):
        here = table[table["place"] == place].copy()
        outward = -1 if place == 0 else 1
        here["label"] = spread(here["value"], gap)
        here["start"], here["end"] = place + 0.02 * outward, place + 0.09 * outward
        here["word"] = place + 0.105 * outward
        base = alt.Chart(here)
        layers += [
            base.mark_rule(style="faint").encode(
                alt.X("start:Q", scale=across, axis=None),
                alt.X2("end:Q"),
                alt.Y("value:Q"),
                alt.Y2("label:Q"),
            ),
            base.mark_text(align=align, fontSize=11).encode(
                alt.X("word:Q", scale=across, axis=None), alt.Y("label:Q"), text=f"{noun}:N"
            ),
        ]
    return layers
