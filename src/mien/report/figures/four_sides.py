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
from mien.stats.inventories import HIGHEST, LOWEST
from mien.stats.profiles.elo import ELO_CENTRE
from mien.stats.sides.sides import Sides, sides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.report.figures.theme import Chart
    from mien.report.measured import Measured
    from mien.stats.inventories import Inventory
    from mien.stats.profiles.profile import Profile
    from mien.stats.sides import Pair
    from mien.stats.sides.sides import Side

_SHOWN: Final = ["trait", "rank", "rating", "low", "high"]
_STEPS: Final = alt.Scale(domain=[LOWEST, HIGHEST], zero=False)  # of an inventory's answers
_STYLES: Final = {"more": "above", "less": "below", "": "muted"}  # of the points, by what a gap says


def four_sides(of: Sides | Sequence[Profile | Inventory], *, fdr: float = 0.05) -> Chart:
    """The ratings of one model under each instrument, side by side, traits in the order of the first.

    Traits that are apart from the first side stand out: more of them, or less.

    Args:
        of: the sides, or profiles and an inventory, one an instrument; they are drawn as says, rates,
            chooses, does, can.
        fdr: false-discovery rate at which a trait counts as apart, where the sides are yet to be found.

    Raises:
        UsageError: as `mien.stats.sides.sides.sides`.
    """
    found = of if isinstance(of, Sides) else sides(of, fdr=fdr, confidence_level=of[0].confidence_level)
    (first, leading), *_ = found.by_side.items()
    against = {pair.b: pair for pair in found.pairs if pair.a == first}
    order = [row["trait"] for row in leading.rows]
    tables = {name: pd.DataFrame(side.rows)[_SHOWN] for name, side in found.by_side.items()}
    elo = pd.concat([table for name, table in tables.items() if not _of_steps(found.by_side[name])])
    scale = alt.Scale(domain=[float(elo["low"].min()), float(elo["high"].max())], nice=True, zero=False)
    columns: list[Chart] = []
    for name, side in found.by_side.items():
        pair, steps = against.get(name), _of_steps(side)
        told = alt.TitleParams(
            f"{name} ({side.instrument})",
            subtitle=[
                f"{side.decided:,} {'answers' if steps else 'choices'}",
                _alike(pair) if pair else "  ",
            ],
            fontSize=13,
            anchor="middle",
            frame="group",
            offset=6,
        )
        table = tables[name].assign(model=side.run or side.model)
        column = _column(table, order, _STEPS if steps else scale, pair, labels=name == first)
        columns.append(column.properties(width=200, height=alt.Step(15), title=told))
    unknown = [pair.b for pair in against.values() if pair.gaps is None]
    marked = f"Blue: more of it than it {first}; orange: less (q < {fdr:g})."
    if unknown:
        marked += f" Not known of what it {' and '.join(unknown)}."
    can = "Under instructed, a rating is how well the trait is told from others when it is asked for."
    return finished(
        alt.hconcat(*columns, spacing=18),
        f"{found.model or leading.run} from {len(found.by_side)} sides: {len(order)} traits",
        f"Traits by what the model {first}; {found.confidence_level:.0%} intervals. {marked}",
        *([can] if "can" in found.by_side else ()),
        width=200 * len(columns) + 90,
    )


def _of_steps(side: Side) -> bool:
    """Whether ratings are steps of a scale of answers, and no Elo points."""
    return side.instrument == "inventory"


def _column(
    table: pd.DataFrame, order: list[str], scale: alt.Scale, pair: Pair | None, *, labels: bool
) -> Chart:
    """One side: its ratings with their intervals, those apart from the first side in colour."""
    apart = (
        {row["trait"]: "less" if row["gap"] > 0 else "more" for row in pair.rows if row["apart"]}
        if pair
        else {}
    )
    table = table[table["trait"].isin(order)]
    table = table.assign(apart=[apart.get(trait, "") for trait in table["trait"]])
    axis = alt.Axis(grid=True, labels=labels)
    # The domain keeps the row of a trait that this side never showed: rows are read across.
    y = alt.Y("trait:N", scale=alt.Scale(domain=order), title=None, axis=axis)
    base = alt.Chart(table).encode(y)
    steps = scale is _STEPS
    title = f"mean answer ({LOWEST} to {HIGHEST})" if steps else "rating (Elo points)"
    x = alt.X("rating:Q", title=title, scale=scale, axis=alt.Axis(format="d", tickCount=4))
    tooltip = [*TOOLTIP[:3], *(alt.Tooltip(end, format=".2f") for end in ("rating", "low", "high"))]
    return alt.layer(
        upright((LOWEST + HIGHEST) / 2 if steps else ELO_CENTRE),
        base.mark_rule(strokeWidth=1.6, opacity=0.8).encode(alt.X("low:Q", scale=scale), alt.X2("high:Q")),
        *(
            base.transform_filter(f"datum.apart == '{kind}'")
            .mark_point(size=34 if kind == "" else 62, style=style)
            .encode(x, tooltip=tooltip if steps else TOOLTIP)
            for kind, style in _STYLES.items()
        ),
    )


def _alike(pair: Pair) -> str:
    likeness = pair.likeness
    return f"r with {pair.a}: {fraction(likeness.r)}, without noise {fraction(likeness.corrected)}"


def four_sides_of(measured: Measured) -> Chart:
    """`four_sides` of all runs, which need not rate the same traits.

    Raises:
        UsageError: they are of several models; or as `four_sides`.
    """
    if len(models := sorted({run.record.model for run in measured.runs})) > 1:
        raise UsageError(f"four-sides shows one model; these runs are of {', '.join(models)}")
    return four_sides([measured.rated(run) for run in measured.runs], fdr=measured.fdr)
