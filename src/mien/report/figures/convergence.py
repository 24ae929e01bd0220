"""How alike several models are, and how far apart they rank the traits."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import altair as alt
import pandas as pd

from mien.errors import UsageError
from mien.formatting import fraction
from mien.report.figures.theme import finished
from mien.report.figures.trees import HEIGHT, dendrogram, order
from mien.report.names import labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from mien.report.figures.theme import Chart
    from mien.stats.panels import Panel

SIZE: Final = 66  # pixels from one model to the next


def convergence(
    models: Sequence[str],
    correlations: pd.DataFrame,
    tree: ArrayLike,
    tiers: pd.DataFrame | None = None,
    *,
    confidence_level: float = 0.95,
) -> Chart:
    """How alike the models are, and how far apart they rank the traits, against what noise alone gives.

    Args:
        models: their names.
        correlations: ``a``, ``b`` (models), ``correlation`` (of ranks), ``low``, ``high``; a row for each
            ordered pair of two models.
        tree: linkage of ``models``.
        tiers: ``tier`` (such as ``"1–12"``), ``spread`` (mean standard deviation of ranks over models),
            ``corrected`` (without noise) and ``noise`` (what noise alone gives); None leaves them out.
        confidence_level: of the intervals.
    """
    names = [models[i] for i in order(tree)]
    width = SIZE * len(names)
    parts: list[Any] = [
        dendrogram(tree, len(names)).properties(width=width, height=HEIGHT),
        _square(correlations, names),
    ]
    said = [
        f"Spearman's correlation of the ratings of {len(names)} models, {confidence_level:.0%} intervals; "
        "the tree joins the most alike first."
    ]
    if tiers is not None:
        parts.append(_tiers(tiers))
        said.append(
            "Below: how far apart the models rank a trait, as seen, without noise, and from noise alone."
        )
    chart = alt.vconcat(*parts, spacing=8).resolve_scale(
        color="independent", shape="independent", strokeDash="independent"
    )
    return finished(
        chart, f"How alike {len(names)} models are", *said, width=max(420, width + 100), models=names
    )


def convergence_of(panel: Panel) -> Chart:
    """`convergence` of all models of a panel.

    Raises:
        UsageError: one of them rates all traits alike.
    """
    pairs: list[dict[str, Any]] = []
    for row in panel.correlations:
        if row["spearman"] is None:
            raise UsageError(
                f"{row['a']} or {row['b']} rates all traits alike: there is nothing to correlate"
            )
        seen = {"correlation": row["spearman"], "low": row["low"], "high": row["high"]}
        pairs += [{"a": row["a"], "b": row["b"], **seen}, {"a": row["b"], "b": row["a"], **seen}]
    tiers = pd.DataFrame(
        [{"tier": f"{tier['first']}–{tier['last']}", **tier} for tier in panel.tiers],
    )
    return convergence(
        panel.names,
        pd.DataFrame(pairs),
        panel.models.linkage,
        tiers,
        confidence_level=panel.confidence_level,
    )


def _square(correlations: pd.DataFrame, names: Sequence[str]) -> Chart:
    """Every pair of models, in the order of the tree."""
    table = correlations.copy()
    table["value"] = [fraction(value) for value in table["correlation"]]
    table["interval"] = [
        f"{fraction(low)} … {fraction(high)}" for low, high in zip(table["low"], table["high"], strict=True)
    ]
    base = alt.Chart(table).encode(
        alt.X(
            "b:N",
            sort=names,
            title=None,
            scale=alt.Scale(domain=names),
            axis=alt.Axis(labelAngle=-40, labelLimit=190, **labels(names)),
        ),
        alt.Y("a:N", sort=names, title=None, scale=alt.Scale(domain=names), axis=alt.Axis(**labels(names))),
    )
    low = min(0.0, math.floor(10 * float(table["correlation"].min())) / 10)
    colour = alt.Color(
        "correlation:Q", scale=alt.Scale(domain=[low, 1], range="ramp", interpolate="lab"), legend=None
    )
    dark = f"datum.correlation > {low + 0.55 * (1 - low)}"
    words = [
        base.transform_filter(when).mark_text(dy=dy, fontSize=font, **style).encode(text=f"{field}:N")
        for when, style in ((f"!({dark})", {}), (dark, {"style": "on-ink"}))
        for field, font, dy in (("value", 12, -6), ("interval", 9, 8))
    ]
    cells = base.mark_rect().encode(colour, tooltip=["a", "b", "value", "interval"])
    return alt.layer(cells, *words).properties(width=SIZE * len(names), height=38 * len(names))


def _tiers(tiers: pd.DataFrame) -> alt.Chart:
    kinds = {"spread": "as seen", "corrected": "without noise", "noise": "noise alone"}
    table = tiers.melt("tier", list(kinds), "kind", "ranks")
    table["kind"] = table["kind"].map(kinds)
    domain = list(kinds.values())
    return (
        alt.Chart(table)
        .mark_line(point=alt.OverlayMarkDef(size=50))
        .encode(
            alt.X(
                "tier:N",
                sort=tiers["tier"].tolist(),
                title="traits by consensus rank",
                axis=alt.Axis(labelAngle=0),
            ),
            alt.Y("ranks:Q", title="standard deviation of ranks", scale=alt.Scale(domainMin=0)),
            alt.Color("kind:N", scale=alt.Scale(domain=domain)),
            alt.Shape("kind:N", scale=alt.Scale(domain=domain)),
            alt.StrokeDash("kind:N", scale=alt.Scale(domain=domain)),
        )
        .properties(width=400, height=200)
    )
