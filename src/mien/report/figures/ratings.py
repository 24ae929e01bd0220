"""Ratings with their intervals, and the extremes of several models."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import pandas as pd

from mien.formatting import counted
from mien.report.figures.theme import finished, models_scale
from mien.report.figures.trees import leaves
from mien.stats.profiles.elo import ELO_CENTRE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.report.figures.theme import Chart
    from mien.stats.profiles.profile import Profile

ROW = 15  # pixels from one trait to the next
DODGE = 7  # pixels from one model to the next on one trait's row
TOOLTIP = ["model", "trait", "rank", *(alt.Tooltip(name, format=".0f") for name in ("rating", "low", "high"))]
UNITS = "rating (Elo points; 1000 is the mean of all traits)"


def ratings_table(profiles: Sequence[Profile]) -> pd.DataFrame:
    """Ratings in rows: ``model``, ``trait``, ``rank``, ``rating``, ``low``, ``high``, ``stderr``."""
    columns = ["trait", "rank", "rating", "low", "high", "stderr"]
    tables = [
        profile.table[columns].assign(model=name)
        for profile, name in zip(profiles, names(profiles), strict=True)
    ]
    return pd.concat(tables, ignore_index=True)


def names(profiles: Sequence[Profile]) -> list[str]:
    """What the models are called in a figure: their runs' names."""
    return [profile.run or profile.model or f"model {i}" for i, profile in enumerate(profiles, 1)]


def made_of(profiles: Sequence[Profile]) -> str:
    """How many trials stand behind a figure, of what kind, and what its intervals are."""
    counts = sorted(profile.verdicts["chosen"] for profile in profiles)
    n = f"{counts[0]:,}" if counts[0] == counts[-1] else f"{counts[0]:,} to {counts[-1]:,}"
    kinds = " and ".join(sorted({profile.instrument for profile in profiles}))
    each = "" if len(profiles) == 1 else f" in each of {len(profiles)} runs"
    return (
        f"{kinds.capitalize()}, {n} choices{each}, {len(profiles[0].traits)} traits; "
        f"{profiles[0].confidence_level:.0%} intervals"
    )


def upright(value: float) -> alt.Chart:
    """A dashed line across a figure at one value of x."""
    return (
        alt.Chart(pd.DataFrame({"at": [value]})).mark_rule(style="zero", strokeDash=[3, 3]).encode(x="at:Q")
    )


def ends(n: int, top: int | None, bottom: int | None) -> list[int]:
    """Indices of the first ``top`` and last ``bottom`` of n; all where neither is given."""
    if top is None and bottom is None:
        return list(range(n))
    first, last = min(top or 0, n), min(bottom or 0, n)
    return sorted({*range(first), *range(n - last, n)})


def ranking(profiles: Sequence[Profile], *, top: int | None = None, bottom: int | None = None) -> Chart:
    """Traits with their ratings and intervals, by mean rating over the models.

    Args:
        profiles: of one trait set.
        top: how many of the most expressed traits to show.
        bottom: how many of the least; with neither, all are shown.
    """
    table = ratings_table(profiles)
    order = table.groupby("trait")["rating"].mean().sort_values(ascending=False, kind="stable").index.tolist()
    shown = [order[i] for i in ends(len(order), top, bottom)]
    table = table[table["trait"].isin(shown)]
    models = names(profiles)
    several = len(models) > 1
    y = alt.Y("trait:N", sort=shown, title=None, axis=alt.Axis(grid=several, tickBand="extent"))
    dodge = {"yOffset": alt.YOffset("model:N", sort=models)} if several else {}
    base = alt.Chart(table).encode(y=y, **dodge)
    scale = alt.Scale(zero=False, nice=True)
    colour = models_scale(models, width=640)
    spans = base.mark_rule(strokeWidth=1.6, opacity=0.75).encode(
        alt.X("low:Q", title=UNITS, scale=scale, axis=alt.Axis(format="d")),
        alt.X2("high:Q"),
        **{k: v for k, v in colour.items() if k == "color"},
    )
    dots = base.mark_point(size=34).encode(
        alt.X("rating:Q", title=UNITS, scale=scale),
        tooltip=TOOLTIP,
        **colour,
    )
    mean = upright(ELO_CENTRE)
    step = max(ROW, DODGE * len(models) + 6)
    chart = alt.layer(mean, spans, dots).properties(
        width=520, height=alt.Step(step) if not several else step * len(shown)
    )
    about = f"What {models[0]} expresses" if not several else f"What {len(models)} models express"
    kept = "" if len(shown) == len(order) else f"; {len(shown)} of them shown"
    return finished(chart, f"{about}: ratings of {counted(len(order), 'trait')}", made_of(profiles) + kept)


def extremes(profiles: Sequence[Profile], *, top: int = 8) -> Chart:
    """Ranks of the traits that any model expresses most or least.

    Args:
        profiles: of one trait set.
        top: how many traits from each end of each model's ranking.
    """
    table = ratings_table(profiles)
    n = len(profiles[0].traits)
    extreme = table[(table["rank"] <= top) | (table["rank"] > n - top)]["trait"].unique()
    table = table[table["trait"].isin(extreme)].copy()
    matrix = table.pivot_table(index="trait", columns="model", values="rank").loc[:, names(profiles)]
    rows = matrix.mean(axis=1).sort_values(kind="stable").index.tolist()
    columns = [matrix.columns[i] for i in leaves(matrix.to_numpy().T)]
    clear = (table["low"] > ELO_CENTRE) | (table["high"] < ELO_CENTRE)
    table["label"] = np.where(clear, table["rank"].astype(str), "(" + table["rank"].astype(str) + ")")
    base = alt.Chart(table).encode(
        alt.X(
            "model:N",
            sort=columns,
            title=None,
            axis=alt.Axis(orient="top", labelAngle=-40 if len(columns) > 2 else 0, labelLimit=160),
        ),
        alt.Y("trait:N", sort=rows, title=None),
    )
    cells = base.mark_rect().encode(
        alt.Color(
            "rank:Q",
            scale=alt.Scale(domain=[1, (n + 1) / 2, n], range="diverging", reverse=True, interpolate="lab"),
            legend=None,
        ),
        tooltip=TOOLTIP,
    )
    # Ink on the pale middle, the ground's colour on the dark ends: readable in either theme.
    middle = f"abs(datum.rank - {(n + 1) / 2}) <= {0.3 * n}"
    words = [
        base.transform_filter(middle).mark_text(fontSize=10).encode(text="label:N"),
        base.transform_filter(f"!({middle})").mark_text(fontSize=10, style="on-ink").encode(text="label:N"),
    ]
    chart = alt.layer(cells, *words).properties(width=max(44 * len(columns), 120), height=alt.Step(17))
    return finished(
        chart,
        f"The {min(top, n)} most and least expressed traits of {counted(len(columns), 'model')}",
        f"Rank among {n} traits, 1 the most expressed; models in the order of their likeness.",
        f"{made_of(profiles)}. In brackets: not told apart from the mean of all traits.",
    )
