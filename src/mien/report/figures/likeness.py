"""Several models beside one another: what sets them apart, and what they share."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from mien.formatting import fraction
from mien.report.figures.changes import SIGNED
from mien.report.figures.labels import beside
from mien.report.figures.theme import CHARACTER, finished
from mien.report.figures.trees import branches, order
from mien.stats.profiles.elo import ELO_CENTRE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from mien.report.figures.theme import Chart

COLUMNS = 3
TREE = 70  # pixels for a dendrogram


def distinct(
    table: pd.DataFrame, *, top: int = 6, fdr: float = 0.05, confidence_level: float = 0.95
) -> Chart:
    """What sets each model apart: its largest differences from the mean of the others.

    Args:
        table: ``model``, ``trait``, ``delta`` (Elo points), ``low``, ``high``, ``q``,
            a row for each model and trait.
        top: how many traits of each model.
        fdr: false-discovery rate at which a difference counts as found.
        confidence_level: of the intervals.
    """
    models = list(dict.fromkeys(table["model"]))
    largest = [
        of.loc[of["delta"].abs().sort_values(ascending=False, kind="stable").index[:top]]
        for _, of in table.groupby("model", sort=False)
    ]
    extent = max(float(np.abs(of[["low", "high"]].to_numpy()).max()) for of in largest)
    tick = float(f"{0.6 * extent:.0e}")  # one digit: a round number
    scale = alt.Scale(domain=[-extent, extent], nice=False)
    panels: list[Chart] = []
    for place, (name, most) in enumerate(zip(models, largest, strict=True)):
        of = most.sort_values("delta", ascending=False, kind="stable").assign(found=lambda t: t["q"] < fdr)
        last = place >= len(models) - COLUMNS
        x = alt.X(
            "delta:Q",
            scale=scale,
            title="difference (Elo points)" if last else None,
            axis=alt.Axis(labelExpr=SIGNED, values=[-tick, 0, tick]),
        )
        base = alt.Chart(of).encode(alt.Y("trait:N", sort=of["trait"].tolist(), title=None))
        bars = [
            base.transform_filter(f"datum.found == {found} && datum.delta {sign} 0")
            .mark_bar(style=style, size=9, fillOpacity=0.85 if found == "true" else 0.28)
            .encode(
                x,
                alt.X2(datum=0),
                tooltip=[
                    "model",
                    "trait",
                    *(alt.Tooltip(c, format="+.0f") for c in ("delta", "low", "high")),
                    alt.Tooltip("q", format=".3f"),
                ],
            )
            for found in ("true", "false")
            for sign, style in ((">=", "above"), ("<", "below"))
        ]
        interval = base.mark_rule(style="interval").encode(alt.X("low:Q", scale=scale), alt.X2("high:Q"))
        zero = (
            alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(style="zero").encode(alt.X("at:Q", scale=scale))
        )
        panels.append(
            alt.layer(*bars, interval, zero).properties(
                width=170,
                height=alt.Step(15),
                title=alt.TitleParams(name, fontSize=13, frame="group", anchor="middle", offset=4),
            )
        )
    return finished(
        alt.concat(*panels, columns=COLUMNS, spacing=16),
        f"What sets each of {len(models)} models apart",
        f"Each model less the mean of the others, the {top} largest differences among "
        f"{table['trait'].nunique()} traits; {confidence_level:.0%} intervals.",
        f"In full colour: found at a false-discovery rate of {fdr:g}.",
        width=720,
    )


def components(
    models: pd.DataFrame,
    loadings: pd.DataFrame,
    shares: Sequence[float],
    *,
    axes: tuple[int, int] = (1, 2),
    top: int = 14,
    noise: float | None = None,
) -> Chart:
    """Models, and the traits that part them most, on two principal components.

    Args:
        models: ``model`` and the columns ``1``, ``2``, …: its score on each component (Elo points), with
            ``low_1``, ``high_1``, … where their intervals are known.
        loadings: ``trait`` and the columns ``1``, ``2``, …: its loading on each component.
        shares: of the variance, by component.
        axes: which two components to draw, from 1.
        top: how many traits to draw, by length of loading on those two.
        noise: share of the variance between models that is noise; None where it is not known.
    """
    first, second = (str(axis) for axis in axes)
    points = pd.DataFrame({"name": models["model"], "x": models[first], "y": models[second]})
    spans = [f"{end}_{axis}" for axis in axes for end in ("low", "high")]
    intervals = all(column in models for column in spans)
    length = (loadings[first] ** 2 + loadings[second] ** 2) ** 0.5
    longest = loadings.loc[length.sort_values(ascending=False, kind="stable").index[:top]]
    extent = float(np.abs(models[spans if intervals else [first, second]].to_numpy()).max()) * 1.18
    arrows = pd.DataFrame({"name": longest["trait"], "x": longest[first], "y": longest[second]})
    arrows[["x", "y"]] *= 0.86 * extent / float(length.max())
    side = 560
    pixels = side / (2 * extent)
    labelled = pd.concat([points.assign(kind="model"), arrows.assign(kind="trait")], ignore_index=True)
    sizes = [
        (CHARACTER * (12 if kind == "model" else 10.5) * len(name) + 4, 14)
        for name, kind in zip(labelled["name"], labelled["kind"], strict=True)
    ]
    labelled[["label_x", "label_y"]] = beside(labelled[["x", "y"]].to_numpy() * pixels, sizes) / pixels
    scale = alt.Scale(domain=[-extent, extent], nice=False)

    def x(field: str) -> Any:
        title = f"component {first} ({shares[axes[0] - 1]:.0%} of the variance), Elo points"
        return alt.X(field, scale=scale, title=title, axis=alt.Axis(format="d", grid=False, tickCount=5))

    def y(field: str) -> Any:
        title = f"component {second} ({shares[axes[1] - 1]:.0%} of the variance), Elo points"
        return alt.Y(field, scale=scale, title=title, axis=alt.Axis(format="d", grid=False, tickCount=5))

    zero = pd.DataFrame({"zero": [0.0]})
    dots = alt.Chart(points)
    layers: list[alt.Chart] = [
        alt.Chart(zero).mark_rule(style="faint").encode(x("zero:Q")),
        alt.Chart(zero).mark_rule(style="faint").encode(y=y("zero:Q")),
        alt.Chart(arrows)
        .mark_rule(style="below", strokeWidth=1, opacity=0.7)
        .encode(x("x:Q"), y("y:Q"), alt.X2(datum=0), alt.Y2(datum=0)),
        alt.Chart(arrows).mark_point(style="below", shape="diamond", size=24).encode(x("x:Q"), y("y:Q")),
    ]
    if intervals:
        spread = models.rename(columns=dict(zip(spans, ("low_x", "high_x", "low_y", "high_y"), strict=True)))
        spread = spread.assign(x=points["x"], y=points["y"])
        layers += [
            alt.Chart(spread)
            .mark_rule(style="above", opacity=0.6)
            .encode(x("low_x:Q"), y("y:Q"), alt.X2("high_x:Q")),
            alt.Chart(spread)
            .mark_rule(style="above", opacity=0.6)
            .encode(x("x:Q"), y("low_y:Q"), alt.Y2("high_y:Q")),
        ]
    layers.append(
        dots.mark_point(style="above", size=80).encode(
            x("x:Q"),
            y("y:Q"),
            tooltip=["name", alt.Tooltip("x", format=".0f"), alt.Tooltip("y", format=".0f")],
        )
    )
    layers += [
        alt.Chart(labelled[labelled["kind"] == kind])
        .mark_text(style=[style] if style else [], fontSize=size, fontWeight=weight)
        .encode(x("label_x:Q"), y("label_y:Q"), text="name:N")
        for kind, size, weight in (("trait", 10.5, "normal"), ("model", 12, "bold"))
        for style in ("halo", None)
    ]
    return finished(
        alt.layer(*layers).properties(width=side, height=side),
        f"{len(models)} models on two components of their character",
        f"Dots: models{', with intervals' if intervals else ''}. Diamonds: the {len(arrows)} of "
        f"{len(loadings)} traits with the longest loadings, on a scale of their own.",
        *([] if noise is None else [f"Noise makes up {noise:.0%} of the variance between the models."]),
        width=600,
    )


def clusters(
    matrix: pd.DataFrame, trait_tree: ArrayLike, model_tree: ArrayLike, *, stderr: float | None = None
) -> Chart:
    """Ratings of all traits by all models, both in the order of their dendrograms.

    Args:
        matrix: ratings, traits by models.
        trait_tree: linkage of the traits, as `scipy.cluster.hierarchy.linkage` gives it.
        model_tree: linkage of the models.
        stderr: median standard error of the ratings, told in the subtitle; None where it is not known.
    """
    rows = [matrix.index[i] for i in order(trait_tree)]
    columns = [matrix.columns[i] for i in order(model_tree)]
    cell, step = max(34, 120 // len(columns)), 12
    width, height = cell * len(columns), step * len(rows)
    table = matrix.rename_axis("trait").reset_index().melt("trait", var_name="model", value_name="rating")
    reach = float(np.abs(table["rating"] - ELO_CENTRE).max())
    tick = float(f"{0.8 * reach:.0e}")  # one digit: a round number
    cells = (
        alt.Chart(table)
        .mark_rect()
        .encode(
            alt.X("model:N", sort=columns, title=None, axis=alt.Axis(labelAngle=-40, labelLimit=160)),
            alt.Y("trait:N", sort=rows, title=None, axis=alt.Axis(labelFontSize=10)),
            alt.Color(
                "rating:Q",
                scale=alt.Scale(
                    domain=[ELO_CENTRE - reach, ELO_CENTRE, ELO_CENTRE + reach],
                    range="diverging",
                    interpolate="lab",
                ),
                legend=alt.Legend(
                    orient="right",
                    direction="vertical",
                    title="rating",
                    format="d",
                    gradientLength=160,
                    values=[ELO_CENTRE - tick, ELO_CENTRE, ELO_CENTRE + tick],
                ),
            ),
            tooltip=["model", "trait", alt.Tooltip("rating", format=".0f")],
        )
        .properties(width=width, height=height)
    )
    above = _tree(model_tree, len(columns)).properties(width=width, height=TREE)
    beside_it = _tree(trait_tree, len(rows), sideways=True).properties(width=TREE, height=height)
    chart = alt.vconcat(above, alt.hconcat(cells, beside_it, spacing=4), spacing=2)
    noise = "" if stderr is None else f" Median standard error of a rating: {stderr:.0f} points."
    return finished(
        chart,
        f"{len(rows)} traits by {len(columns)} models, in the order of their likeness",
        f"Rating in Elo points, 1000 the mean of all traits.{noise}",
        width=width + 200,
    )


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
    table = correlations.copy()
    table["value"] = [fraction(value) for value in table["correlation"]]
    table["interval"] = [
        f"{fraction(low)} … {fraction(high)}" for low, high in zip(table["low"], table["high"], strict=True)
    ]
    size = 66
    base = alt.Chart(table).encode(
        alt.X(
            "b:N",
            sort=names,
            title=None,
            scale=alt.Scale(domain=names),
            axis=alt.Axis(labelAngle=-40, labelLimit=160),
        ),
        alt.Y("a:N", sort=names, title=None, scale=alt.Scale(domain=names)),
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
    square = alt.layer(cells, *words).properties(width=size * len(names), height=38 * len(names))
    parts: list[Any] = [_tree(tree, len(names)).properties(width=size * len(names), height=TREE), square]
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
        chart, f"How alike {len(names)} models are", *said, width=max(420, size * len(names) + 100)
    )


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


def _tree(linkage: ArrayLike, n: int, *, sideways: bool = False) -> alt.Chart:
    lines = branches(linkage)
    base = alt.Chart(lines).mark_rule(style="interval", strokeWidth=1)
    along = alt.Scale(domain=[-0.5, n - 0.5], nice=False, zero=False, reverse=sideways)
    up = alt.Scale(domainMin=0, nice=False)
    if sideways:
        # The first leaf is the matrix's uppermost row.
        return base.encode(
            alt.X("from_height:Q", scale=up, axis=None),
            alt.Y("from_leaf:Q", scale=along, axis=None),
            alt.X2("to_height:Q"),
            alt.Y2("to_leaf:Q"),
        )
    return base.encode(
        alt.X("from_leaf:Q", scale=along, axis=None),
        alt.Y("from_height:Q", scale=up, axis=None),
        alt.X2("to_leaf:Q"),
        alt.Y2("to_height:Q"),
    )
