"""Traits by rating, with their intervals."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import altair as alt

from mien.formatting import counted
from mien.report.figures.ratings import TOOLTIP, UNITS, made_of, names, ratings_table, upright
from mien.report.figures.theme import finished, models_scale
from mien.stats.profiles.elo import ELO_CENTRE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.report.figures.theme import Chart
    from mien.stats.profiles.profile import Profile

ROW: Final = 15  # pixels from one trait to the next
DODGE: Final = 7  # pixels from one model to the next on one trait's row


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
