"""How far a judge can be trusted."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from mien.errors import UsageError
from mien.report.figures.ratings import upright
from mien.report.figures.theme import finished

if TYPE_CHECKING:
    from mien.ratings import Profile
    from mien.report.figures.theme import Chart


def judges(profile: Profile) -> Chart:
    """How often the judge read the trait that the model was told to take, by trait, worst first.

    Args:
        profile: of a run with the instrument ``instructed``.

    Raises:
        UsageError: it has another instrument.
    """
    accuracy = profile.accuracy
    if accuracy is None:
        raise UsageError(
            f"{profile.run or 'this run'} is {profile.instrument}; the accuracy of a judge shows in a run "
            "made with --instrument instructed, where the trait to be read is known"
        )
    table = pd.DataFrame(accuracy["traits"])
    order = table["trait"].tolist()
    axis = alt.Axis(format=".0%")
    scale = alt.Scale(domain=[0, 1])
    base = alt.Chart(table).encode(alt.Y("trait:N", sort=order, title=None))
    chance = 1 / len(profile.fit.positions)
    whole = pd.DataFrame([{"low": accuracy["low"], "high": accuracy["high"]}])
    chart = alt.layer(
        alt.Chart(whole).mark_rect(opacity=0.18).encode(alt.X("low:Q", scale=scale), alt.X2("high:Q")),
        upright(chance),
        base.mark_rule(strokeWidth=1.6).encode(alt.X("low:Q", scale=scale), alt.X2("high:Q")),
        base.mark_point(size=36).encode(
            alt.X("accuracy:Q", title="share of trials in which the trait was read", scale=scale, axis=axis),
            tooltip=[
                "trait",
                *(alt.Tooltip(name, format=".1%") for name in ("accuracy", "low", "high")),
                "n",
            ],
        ),
    ).properties(width=460, height=alt.Step(15))
    return finished(
        chart,
        f"Accuracy of {profile.judge or 'the judge'} by trait",
        f"{accuracy['n']:,} trials in which {profile.model or 'the model'} was told to take a named trait; "
        f"{profile.confidence_level:.0%} intervals.",
        f"Band: all traits, {accuracy['accuracy']:.1%} ({accuracy['low']:.1%} … {accuracy['high']:.1%}). "
        f"Dashed: chance, {chance:.0%}. What is missed may be the judge's doing or the model's.",
        width=540,
    )
