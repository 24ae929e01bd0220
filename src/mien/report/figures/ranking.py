"""Traits by rating, with their intervals."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any, Final

import altair as alt

from mien.formatting import counted
from mien.report.figures.ratings import TOOLTIP, UNITS, made_of, names, ratings_table, upright
from mien.report.figures.theme import CHARACTER, finished, models_scale
from mien.report.names import brief
from mien.stats.profiles.elo import ELO_CENTRE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mien.report.figures.theme import Chart
    from mien.stats.profiles.profile import Profile

ROW: Final = 15  # pixels from one trait to the next
DODGE: Final = 7  # pixels from one model to the next on one trait's row
OVERLAID: Final = 4  # models on one row; of more, each has a panel of its own
HEIGHT: Final = 1000  # pixels of rows before these are set in columns
PANELS: Final = 12  # side by side


def ends(n: int, top: int | None, bottom: int | None) -> list[int]:
    """Indices of the first ``top`` and last ``bottom`` of n; all where neither is given."""
    if top is None and bottom is None:
        return list(range(n))
    first, last = min(top or 0, n), min(bottom or 0, n)
    return sorted({*range(first), *range(n - last, n)})


def ranking(
    profiles: Sequence[Profile],
    *,
    top: int | None = None,
    bottom: int | None = None,
    columns: int | None = None,
) -> Chart:
    """Traits with their ratings and intervals, by mean rating over the models.

    Of more than four models, each stands in a panel of its own.

    Args:
        profiles: of one trait set.
        top: how many of the most expressed traits to show.
        bottom: how many of the least; with neither, all are shown.
        columns: in which the traits of up to four models are set; None for up to three, by their number.
    """
    table = ratings_table(profiles)
    order = table.groupby("trait")["rating"].mean().sort_values(ascending=False, kind="stable").index.tolist()
    shown = [order[i] for i in ends(len(order), top, bottom)]
    models = names(profiles)
    about = f"What {models[0]} expresses" if len(models) == 1 else f"What {len(models)} models express"
    kept = "" if len(shown) == len(order) else f"; {len(shown)} of them shown"
    said = [made_of(profiles) + kept]
    table = table[table["trait"].isin(shown)]
    if len(models) > OVERLAID:
        chart, width = _side_by_side(table, shown, models)
        said.append(
            "By mean rating over the models, which grey strokes mark; dashed: 1000, the mean of all traits"
        )
    else:
        chart, width = _overlaid(table, shown, models, columns)
    title = f"{about}: ratings of {counted(len(order), 'trait')}"
    return finished(chart, title, *said, width=width, models=models)


def _domain(table: pd.DataFrame) -> alt.Scale:
    return alt.Scale(domain=[float(table["low"].min()), float(table["high"].max())], zero=False, nice=True)


def _overlaid(
    table: pd.DataFrame, shown: list[str], models: list[str], columns: int | None
) -> tuple[Chart, float]:
    """A row a trait, models one below the other on it; long rankings in columns, and how wide that is."""
    step = ROW if len(models) == 1 else max(ROW, DODGE * len(models) + 6)
    columns = columns or min(3, math.ceil(step * len(shown) / HEIGHT))
    per, width = math.ceil(len(shown) / columns), 520 if columns == 1 else 220
    legend = models_scale(models, width=640 if columns == 1 else columns * (width + 100))
    scale = _domain(table)
    parts = [
        _rows(table, shown[i : i + per], models, legend, scale).properties(
            width=width, height=alt.Step(step) if len(models) == 1 else step * len(shown[i : i + per])
        )
        for i in range(0, len(shown), per)
    ]
    return (parts[0], 640.0) if columns == 1 else (alt.hconcat(*parts, spacing=20), columns * (width + 90.0))


def _rows(
    table: pd.DataFrame, traits: list[str], models: list[str], legend: dict[str, Any], scale: alt.Scale
) -> Chart:
    several = len(models) > 1
    y = alt.Y("trait:N", sort=traits, title=None, axis=alt.Axis(grid=several, tickBand="extent"))
    dodge = {"yOffset": alt.YOffset("model:N", sort=models)} if several else {}
    base = alt.Chart(table[table["trait"].isin(traits)]).encode(y=y, **dodge)
    spans = base.mark_rule(strokeWidth=1.6, opacity=0.75).encode(
        alt.X("low:Q", title=UNITS, scale=scale, axis=alt.Axis(format="d")),
        alt.X2("high:Q"),
        **{k: v for k, v in legend.items() if k == "color"},
    )
    dots = base.mark_point(size=34).encode(
        alt.X("rating:Q", title=UNITS, scale=scale), tooltip=TOOLTIP, **legend
    )
    return alt.layer(upright(ELO_CENTRE), spans, dots)


def _side_by_side(table: pd.DataFrame, shown: list[str], models: list[str]) -> tuple[Chart, float]:
    """A panel a model, all with the same traits on the same rows, and how wide that is."""
    across = min(PANELS, len(models))
    width = min(130, max(70, 900 // across))
    scale = _domain(table)
    reach = max(ELO_CENTRE - float(table["low"].min()), float(table["high"].max()) - ELO_CENTRE)
    tick = float(f"{0.6 * reach:.0e}")  # one digit: a round number
    axis = alt.Axis(format="d", values=[ELO_CENTRE - tick, ELO_CENTRE, ELO_CENTRE + tick], labelFontSize=9)
    means = table.groupby("trait", as_index=False)["rating"].mean()
    looks = models_scale(models, width=None)
    heads = [textwrap.wrap(name, int(width / (CHARACTER * 11)) + 1) for name in brief(models)]
    lines = max(map(len, heads))
    panels: list[Chart] = []
    for i, (model, head) in enumerate(zip(models, heads, strict=True)):
        labelled = alt.Axis(grid=True, labels=i % across == 0, tickBand="extent")
        y = alt.Y("trait:N", sort=shown, title=None, axis=labelled)
        base = alt.Chart(table[table["model"] == model]).encode(y)
        x = alt.X("rating:Q", title=None, scale=scale, axis=axis)
        panel = alt.layer(
            upright(ELO_CENTRE),
            alt.Chart(means).mark_tick(style="muted", thickness=1, size=9, opacity=0.7).encode(x, y),
            base.mark_rule(strokeWidth=1.6, opacity=0.75).encode(
                alt.X("low:Q", scale=scale), alt.X2("high:Q"), color=looks["color"]
            ),
            base.mark_point(size=26).encode(x, tooltip=TOOLTIP, **looks),
        )
        said = [" "] * (lines - len(head)) + head
        title = alt.TitleParams(said, fontSize=11, frame="group", anchor="middle", offset=4)
        panels.append(panel.properties(width=width, height=alt.Step(12), title=title))
    return alt.concat(*panels, columns=across, spacing=8), across * (width + 8.0) + 100
