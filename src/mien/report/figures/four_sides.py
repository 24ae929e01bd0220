"""One character from several sides: what a model says, chooses, does and can."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import altair as alt
import pandas as pd

from mien.errors import UsageError
from mien.formatting import fraction
from mien.report.figures.ratings import TOOLTIP, upright
from mien.report.figures.theme import finished
from mien.stats.correlation import spearman
from mien.stats.profiles.elo import ELO_CENTRE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.report.figures.theme import Chart
    from mien.report.measured import Measured
    from mien.stats.profiles.profile import Profile

SIDES: Final = {"stated": "says", "revealed": "chooses", "exhibited": "does", "instructed": "can"}


def four_sides(profiles: Sequence[Profile]) -> Chart:
    """The ratings of one model under each instrument, side by side, traits in the order of the first.

    Args:
        profiles: of one trait set, one an instrument; they are drawn as says, chooses, does, can.

    Raises:
        UsageError: two of them have the same instrument, or there is only one.
    """
    by_side = {profile.instrument: profile for profile in profiles}
    if len(by_side) < len(profiles) or len(profiles) < 2:
        raise UsageError(
            "four-sides takes two to four runs of one model, each with another instrument; these have "
            + ", ".join(profile.instrument for profile in profiles)
        )
    shown = [by_side[side] for side in SIDES if side in by_side]
    first = shown[0]
    order = first.table["trait"].tolist()
    extent = pd.concat([profile.table[["low", "high"]] for profile in shown])
    scale = alt.Scale(domain=[float(extent["low"].min()), float(extent["high"].max())], nice=True, zero=False)
    columns: list[Chart] = []
    for place, profile in enumerate(shown):
        axis = alt.Axis(grid=True, labels=place == 0)
        table = profile.table.assign(model=profile.run or profile.model)
        base = alt.Chart(table).encode(alt.Y("trait:N", sort=order, title=None, axis=axis))
        x = alt.X(
            "rating:Q", title="rating (Elo points)", scale=scale, axis=alt.Axis(format="d", tickCount=4)
        )
        told = f"{SIDES[profile.instrument]} ({profile.instrument})"
        alike = ""
        if place:
            rho = spearman(first.fit.scores, profile.fit.scores)
            alike = f"; Spearman with {SIDES[first.instrument]}: {fraction(rho)}"
        note = [f"{profile.verdicts['chosen']:,} choices", alike.removeprefix("; ") or " "]
        columns.append(
            alt.layer(
                upright(ELO_CENTRE),
                base.mark_rule(strokeWidth=1.6, opacity=0.8).encode(
                    alt.X("low:Q", scale=scale), alt.X2("high:Q")
                ),
                base.mark_point(size=34).encode(x, tooltip=TOOLTIP),
            ).properties(
                width=200,
                height=alt.Step(15),
                title=alt.TitleParams(
                    told, subtitle=note, fontSize=13, anchor="middle", frame="group", offset=6
                ),
            )
        )
    chart = alt.hconcat(*columns, spacing=18)
    named = first.model or first.run
    return finished(
        chart,
        f"{named} from {len(shown)} sides: {len(order)} traits",
        f"Traits by what the model {SIDES[first.instrument]}; {first.confidence_level:.0%} intervals. "
        "Under instructed, a rating is how well the trait is told from others when it is asked for.",
        width=200 * len(shown) + 90,
    )


def four_sides_of(measured: Measured) -> Chart:
    """`four_sides` of all runs.

    Raises:
        UsageError: they are of several models; or as `four_sides`.
    """
    if len(models := sorted({run.record.model for run in measured.runs})) > 1:
        raise UsageError(f"four-sides shows one model; these runs are of {', '.join(models)}")
    return four_sides(measured.profiles)
