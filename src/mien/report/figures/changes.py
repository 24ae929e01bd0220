"""What changed from one run to another."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from mien.formatting import p_value
from mien.report.changes import headline
from mien.report.figures.labels import spread
from mien.report.figures.theme import CHARACTER, finished
from mien.stats.intervals import quantile

if TYPE_CHECKING:
    from mien.report.figures.theme import Chart
    from mien.stats.diffs import Diff

ROW = 16  # pixels from one trait to the next
SIGNED = "datum.value == 0 ? '0' : format(datum.value, '+d')"
HEAD = 280  # pixels that the name of a run may take
CHANGE = "change of rating (Elo points)"


def made_of(diff: Diff) -> str:
    """How many trials stand behind a diff, whether it is paired, and what its intervals are."""
    before, after = (run.verdicts["chosen"] for run in (diff.before, diff.after))
    pairing = f"paired on {diff.paired} prompts" if diff.paired else "unpaired"
    return (
        f"{diff.before.instrument.capitalize()}, {before:,} choices before and {after:,} after, {pairing}; "
        f"{diff.confidence_level:.0%} intervals"
    )


def diff(diff: Diff, *, top: int | None = 40) -> Chart:
    """Changes of rating with intervals, the changed traits filled and marked.

    Args:
        diff: what to draw.
        top: how many of the largest changes; None draws all.
    """
    table = pd.DataFrame(diff.rows[:top]).sort_values("delta", ascending=False, kind="stable")
    table["mark"] = [
        f"q {p_value(q)}" if new else "" for q, new in zip(table["q"], table["changed"], strict=True)
    ]
    table["edge"] = np.where(table["delta"] < 0, table[["low", "delta"]].min(axis=1), table["high"])
    order = table["trait"].tolist()
    left = min(0.0, float(table["low"].min()))
    right = max(0.0, float(table["high"].max()))
    room = 0.16 * (right - left)  # for the marks at either end
    x = alt.X(
        "delta:Q",
        title=CHANGE,
        axis=alt.Axis(labelExpr=SIGNED),
        scale=alt.Scale(domain=[left - room, right + room], nice=False),
    )
    base = alt.Chart(table).encode(alt.Y("trait:N", sort=order, title=None, axis=alt.Axis(grid=False)))
    shown = [
        base.transform_filter(f"datum.changed == {changed} && datum.delta {sign} 0")
        .mark_bar(
            style=style, size=9, filled=True, fillOpacity=0.85 if changed == "true" else 0.28, strokeWidth=1
        )
        .encode(x, alt.X2(datum=0), tooltip=_TOOLTIP)
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
    kept = f"The {len(table)} largest changes. " if len(table) < len(diff.traits) else ""
    return finished(
        chart,
        f"From {diff.a} to {diff.b}: changes of {len(diff.traits)} traits",
        f"{made_of(diff)}.",
        f"{kept}In full colour, with its q: {headline(diff)}, adjusted for false discovery.",
    )


_TOOLTIP: list[Any] = [
    "trait",
    *(alt.Tooltip(name, format="+.0f") for name in ("delta", "low", "high")),
    alt.Tooltip("q", format=".3f"),
]


def slope(diff: Diff, *, top: int = 20) -> Chart:
    """Ratings before and after, joined by lines; the changed traits drawn out and named.

    Args:
        diff: what to draw.
        top: how many of the changed traits to name, the largest changes first; where none changed, so many
            of the largest differences are named in grey.
    """
    table = _ratings(diff)
    changed = [row["trait"] for row in diff.rows if row["changed"]][:top]
    named = changed or [row["trait"] for row in diff.rows[: min(top, 5)]]
    margin = float((table["high"] - table["low"]).median()) / 2
    low, high = float(table["rating"].min()) - 2 * margin - 40, float(table["rating"].max())
    height = 620
    y = alt.Y(
        "rating:Q",
        title="rating (Elo points)",
        scale=alt.Scale(domain=[low, high], nice=False),
        axis=alt.Axis(format="d", grid=False, orient="left"),
    )
    room = 8 + CHARACTER * 11 * max(map(len, named)) + 16  # of a name and its leader
    side = 230
    across = alt.Scale(domain=[-room / side, 1 + room / side], nice=False)
    x = alt.X("place:Q", scale=across, axis=None)
    style = np.where(~table["trait"].isin(named), "other", np.where(table["delta"] < 0, "below", "above"))
    table["kind"] = style
    layers: list[alt.Chart] = []
    for kind, mark in (
        ("other", {"style": "faint", "strokeWidth": 0.8}),
        ("below", {"style": "below", "strokeWidth": 1.8, "strokeDash": [6, 3]}),
        ("above", {"style": "above", "strokeWidth": 1.8}),
    ):
        part = alt.Chart(table[table["kind"] == kind])
        layers.append(part.mark_line(**mark).encode(x, y, detail="trait:N"))
        if kind != "other":
            layers.append(part.mark_point(style=kind, size=30).encode(x, y, tooltip=_RATING_TOOLTIP))
    layers += _names(table[table["trait"].isin(named)], 13 * (high - low) / height, across)
    bar = alt.Chart(pd.DataFrame({"at": [0.42], "word": [0.45], "low": [low], "high": [low + 2 * margin]}))
    layers += [
        bar.mark_rule(style="interval", strokeWidth=2.5).encode(
            alt.X("at:Q", scale=across, axis=None), alt.Y("low:Q"), alt.Y2("high:Q")
        ),
        bar.transform_calculate(middle="(datum.low + datum.high) / 2")
        .mark_text(style="muted", align="left", text=f"median interval ±{margin:.0f}")
        .encode(alt.X("word:Q", scale=across, axis=None), alt.Y("middle:Q")),
    ]
    heads = pd.DataFrame({"place": [0.0, 1.0], "name": [diff.a, diff.b], "align": ["right", "left"]})
    layers += [
        alt.Chart(heads[heads["align"] == align])
        .mark_text(fontSize=12, fontWeight="bold", baseline="bottom", align=align, limit=HEAD)
        .encode(x, alt.YValue(-8), text="name:N")
        for align in ("right", "left")
    ]
    chart = alt.layer(*layers).properties(width=side + 2 * room, height=height)
    found = int(diff.changed.sum())
    which = "all" if len(changed) == found else f"the {len(changed)} largest"
    rate = f"changed at a false-discovery rate of {diff.fdr:g}"
    told = f"No trait {rate}; the largest differences are named."
    if changed:
        named_are = "the one trait" if found == 1 else f"{which} of the {found} traits"
        told = f"Named: {named_are} that {rate}; solid lines rose, dashed ones fell."
    return finished(
        chart,
        f"From {diff.a} to {diff.b}: ratings of {len(diff.traits)} traits",
        f"{made_of(diff)}.",
        told,
        width=side + 2 * room,
    )


_RATING_TOOLTIP: list[Any] = [
    "run",
    "trait",
    *(alt.Tooltip(name, format=".0f") for name in ("rating", "low", "high")),
]


def _ratings(diff: Diff) -> pd.DataFrame:
    """Both profiles, one below the other: ``place`` 0 is before and 1 after."""
    tables: list[pd.DataFrame] = []
    for place, (run, profile) in enumerate(((diff.a, diff.before), (diff.b, diff.after))):
        margin = quantile(diff.confidence_level, profile.fit.n_clusters) * profile.stderr
        tables.append(
            pd.DataFrame(
                {
                    "trait": diff.traits,
                    "run": run,
                    "place": float(place),
                    "rating": profile.rating,
                    "low": profile.rating - margin,
                    "high": profile.rating + margin,
                    "delta": diff.delta,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _names(table: pd.DataFrame, gap: float, across: alt.Scale) -> list[alt.Chart]:
    """The traits' names on both sides, off one another, each with a line to its rating."""
    layers: list[alt.Chart] = []
    for place, align in ((0.0, "right"), (1.0, "left")):
        here = table[table["place"] == place].copy()
        outward = -1 if place == 0 else 1
        here["label"] = spread(here["rating"], gap)
        here["start"], here["end"] = place + 0.02 * outward, place + 0.09 * outward
        here["word"] = place + 0.105 * outward
        base = alt.Chart(here)
        layers += [
            base.mark_rule(style="faint").encode(
                alt.X("start:Q", scale=across, axis=None),
                alt.X2("end:Q"),
                alt.Y("rating:Q"),
                alt.Y2("label:Q"),
            ),
            base.mark_text(align=align, fontSize=11).encode(
                alt.X("word:Q", scale=across, axis=None), alt.Y("label:Q"), text="trait:N"
            ),
        ]
    return layers
