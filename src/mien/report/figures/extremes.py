"""The ranks of what several models express most and least."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import numpy as np

from mien.formatting import counted
from mien.report.figures.ratings import TOOLTIP, made_of, names, ratings_table
from mien.report.figures.theme import finished
from mien.report.figures.trees import leaves
from mien.report.names import labels
from mien.stats.profiles.elo import ELO_CENTRE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.report.figures.theme import Chart
    from mien.stats.profiles.profile import Profile

WITH_INTERVALS = 8  # models beside whose ranks there is room for intervals


def extremes(profiles: Sequence[Profile], *, top: int = 8) -> Chart:
    """Ranks of the traits that any model expresses most or least.

    Args:
        profiles: of one trait set.
        top: how many traits from each end of each model's ranking.
    """
    table = ratings_table(profiles)
    n = table["trait"].nunique()
    extreme = table[(table["rank"] <= top) | (table["rank"] > n - top)]["trait"].unique()
    table = table[table["trait"].isin(extreme)].copy()
    matrix = table.pivot_table(index="trait", columns="model", values="rank").loc[:, names(profiles)]
    rows = matrix.mean(axis=1).sort_values(kind="stable").index.tolist()
    columns = [matrix.columns[i] for i in leaves(matrix.to_numpy().T)]
    clear = (table["low"] > ELO_CENTRE) | (table["high"] < ELO_CENTRE)
    ranks = table["rank"].astype(str)
    if told := len(columns) <= WITH_INTERVALS:
        ranks += " · " + table["rank_low"].astype(str) + "–" + table["rank_high"].astype(str)
    table["label"] = np.where(clear, ranks, "(" + ranks + ")")
    base = alt.Chart(table).encode(
        alt.X(
            "model:N",
            sort=columns,
            title=None,
            axis=alt.Axis(
                orient="top", labelAngle=-40 if len(columns) > 2 else 0, labelLimit=190, **labels(columns)
            ),
        ),
        alt.Y("trait:N", sort=rows, title=None),
    )
    cells = base.mark_rect().encode(
        alt.Color(
            "rank:Q",
            scale=alt.Scale(domain=[1, (n + 1) / 2, n], range="diverging", reverse=True, interpolate="lab"),
            legend=None,
        ),
        tooltip=[*TOOLTIP, "rank_low", "rank_high"],
    )
    # Ink on the pale middle, the ground's colour on the dark ends: readable in either theme.
    middle = f"abs(datum.rank - {(n + 1) / 2}) <= {0.3 * n}"
    words = [
        base.transform_filter(middle).mark_text(fontSize=10).encode(text="label:N"),
        base.transform_filter(f"!({middle})").mark_text(fontSize=10, style="on-ink").encode(text="label:N"),
    ]
    between = " · the ranks that it may have" if told else ""
    chart = alt.layer(cells, *words).properties(
        width=max((84 if told else 44) * len(columns), 120), height=alt.Step(17)
    )
    return finished(
        chart,
        f"The {min(top, n)} most and least expressed traits of {counted(len(columns), 'model')}",
        f"Rank among {n} traits, 1 the most expressed{between}; models in the order of their likeness.",
        f"{made_of(profiles)}. In brackets: not told apart from the mean of all traits.",
        models=columns,
    )
