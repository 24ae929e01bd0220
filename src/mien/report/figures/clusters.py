"""All traits by all models, in the order of their likeness."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import pandas as pd

from mien.errors import UsageError
from mien.report.figures.theme import finished
from mien.report.figures.trees import HEIGHT, dendrogram, order
from mien.report.names import labels
from mien.stats.profiles.elo import ELO_CENTRE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mien.report.figures.theme import Chart
    from mien.stats.panels import Panel


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
            alt.X(
                "model:N",
                sort=columns,
                title=None,
                axis=alt.Axis(labelAngle=-40, labelLimit=190, **labels(columns)),
            ),
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
    above = dendrogram(model_tree, len(columns)).properties(width=width, height=HEIGHT)
    beside_it = dendrogram(trait_tree, len(rows), sideways=True).properties(width=HEIGHT, height=height)
    chart = alt.vconcat(above, alt.hconcat(cells, beside_it, spacing=4), spacing=2)
    noise = "" if stderr is None else f" Median standard error of a rating: {stderr:.0f} points."
    return finished(
        chart,
        f"{len(rows)} traits by {len(columns)} models, in the order of their likeness",
        f"Rating in Elo points, 1000 the mean of all traits.{noise}",
        width=width + 200,
        models=columns,
    )


def clusters_of(panel: Panel) -> Chart:
    """`clusters` of all models of a panel.

    Raises:
        UsageError: they are fewer than three.
    """
    matrix = pd.DataFrame(panel.rating.T, index=list(panel.traits), columns=list(panel.names))
    if panel.tree is None:
        raise UsageError("clusters takes 3 or more runs")
    return clusters(matrix, panel.tree.linkage, panel.models.linkage, stderr=float(np.median(panel.stderr)))
