"""Agreement with a spec: clause by clause, versions beside each other."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import altair as alt
import pandas as pd

from mien.report.figures.theme import finished, models_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.spec.agreement import Agreement
    from mien.report.figures.theme import Chart

WIDTH: Final = 440
_ROW: Final = 13  # pixels, of a version in a row


def spec(rates: pd.DataFrame, *, confidence_level: float = 0.95) -> Chart:
    """The share of answers that meet each clause, with its interval; sections, authorities and all below.

    Args:
        rates: ``model``, ``part`` (``clauses``, ``sections``, ``authorities`` or ``all``), ``name``,
            ``rate``, ``low``, ``high``; ``items``.
        confidence_level: of the intervals.
    """
    names = list(dict.fromkeys(rates["model"]))
    legend = models_scale(names, width=WIDTH)
    parts = list(dict.fromkeys(rates["part"]))
    panels = [_panel(rates[rates["part"] == part], names, legend, last=part == parts[-1]) for part in parts]
    return finished(
        alt.vconcat(*panels, spacing=10),
        f"Agreement with the spec: {' and '.join(names) if len(names) < 3 else f'{len(names)} models'}",
        "Share of answers that meet each clause, as the judge reads them.",
        *([_BELOW] if len(parts) > 1 else []),
        f"{confidence_level:.0%} intervals over items.",
        width=WIDTH + 180,
        models=names,
    )


def spec_of(found: Sequence[Agreement], *, confidence_level: float = 0.95) -> Chart:
    """`spec` of evaluations."""
    rows: list[dict[str, Any]] = []
    for one in found:
        estimates = one.estimates
        low, high = estimates.intervals(confidence_level)
        rows += [
            {
                "model": estimates.label,
                "part": _PARTS[group.kind],
                "name": group.name.removeprefix("section ").removeprefix("authority "),
                "rate": float(estimates.values[i]),
                "low": float(low[i]),
                "high": float(high[i]),
                "items": int(estimates.clusters_per_quantity[i]),
            }
            for i, group in enumerate(one.groups)
        ]
    return spec(pd.DataFrame(rows), confidence_level=confidence_level)


_BELOW: Final = "Below the clauses, those of a section, of an authority, and all together."
_PARTS: Final = {"clause": "clauses", "section": "sections", "authority": "authorities", "all": "all"}


def _panel(rates: pd.DataFrame, names: Sequence[str], legend: dict[str, Any], *, last: bool) -> Chart:
    order = list(dict.fromkeys(rates["name"]))
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format=".0%", labels=last)
    base = alt.Chart(rates).encode(
        alt.Y("name:N", sort=order, title=None),
        yOffset=alt.YOffset("model:N", sort=list(names)),
        **{name: legend[name] for name in ("color",) if name in legend},
    )
    told = ["model", "name", *(alt.Tooltip(name, format=".0%") for name in ("low", "rate", "high")), "items"]
    x = alt.X("rate:Q", title="answers that meet it" if last else None, scale=scale, axis=axis)
    return alt.layer(
        base.mark_rule(strokeWidth=1.6).encode(alt.X("low:Q", scale=scale), alt.X2("high:Q")),
        base.mark_point().encode(
            x, **{name: legend[name] for name in ("shape",) if name in legend}, tooltip=told
        ),
    ).properties(width=WIDTH, height=max(18, _ROW * max(len(names), 1.4) * len(order)))
