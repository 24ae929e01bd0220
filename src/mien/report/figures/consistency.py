"""How far a character holds across kinds of prompts."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from mien.report.figures.theme import finished

if TYPE_CHECKING:
    import pandas as pd

    from mien.report.figures.theme import Chart
    from mien.report.measured import Measured

COLUMNS = 3


def consistency(
    table: pd.DataFrame, *, name: str, by: str, top: int = 9, confidence_level: float = 0.95
) -> Chart:
    """Ratings in each context of the traits that move most between contexts.

    Args:
        table: ``context``, ``trait``, ``rating``, ``low``, ``high``; a row a context and trait, the traits
            that move most first, contexts in the order in which they are to stand.
        name: of the run.
        by: what the contexts are, such as ``"category"``.
        top: how many traits to show.
        confidence_level: of the intervals.
    """
    traits = list(dict.fromkeys(table["trait"]))[:top]
    contexts = list(dict.fromkeys(table["context"]))
    shown = table[table["trait"].isin(traits)]
    scale = alt.Scale(domain=[float(shown["low"].min()), float(shown["high"].max())], nice=True, zero=False)
    panels: list[Chart] = []
    for i, trait in enumerate(traits):
        of = shown[shown["trait"] == trait]
        first = i % COLUMNS == 0
        y = alt.Y("context:N", sort=contexts, title=None, axis=alt.Axis(grid=True, labels=first))
        base = alt.Chart(of).encode(y)
        mean = (
            alt.Chart(of)
            .mark_rule(style="zero", strokeDash=[3, 3])
            .encode(alt.X("mean(rating):Q", scale=scale))
        )
        title = "rating (Elo points)" if i >= len(traits) - COLUMNS else None
        panels.append(
            alt.layer(
                mean,
                base.mark_rule(strokeWidth=1.6, opacity=0.8).encode(
                    alt.X("low:Q", scale=scale), alt.X2("high:Q")
                ),
                base.mark_point(size=36).encode(
                    alt.X("rating:Q", title=title, scale=scale, axis=alt.Axis(format="d", tickCount=4)),
                    tooltip=[
                        "trait",
                        "context",
                        *(alt.Tooltip(c, format=".0f") for c in ("rating", "low", "high")),
                    ],
                ),
            ).properties(
                width=170,
                height=15 * len(contexts),
                title=alt.TitleParams(trait, fontSize=13, frame="group", anchor="middle", offset=4),
            )
        )
    return finished(
        alt.concat(*panels, columns=COLUMNS, spacing=16),
        f"{name} by {by}: the {len(traits)} traits that move most",
        f"{len(set(table['trait']))} traits in {len(contexts)} contexts; {confidence_level:.0%} intervals. "
        "Dashed: the trait's mean over contexts.",
        width=620,
    )


def consistency_of(measured: Measured, *, by: str = "category", **settings: Any) -> Chart:
    """`consistency` of one run.

    Raises:
        UsageError: as `mien.Run.consistency`.
    """
    (run,), level = measured.runs, measured.confidence_level
    found = run.consistency(by, judge=measured.judge, confidence_level=level)
    return consistency(found.rating_table, name=run.name, by=found.by, confidence_level=level, **settings)
