"""How far judges can be trusted: with each other, with the order of the options, with what was told."""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import altair as alt
import pandas as pd

from mien.errors import UsageError
from mien.formatting import fraction
from mien.report.figures.ratings import upright
from mien.report.figures.theme import finished

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mien.report.figures.theme import Chart
    from mien.report.measured import Measured
    from mien.runs.judge_positions import JudgePositions
    from mien.stats.agreement.inter_rater import Agreement
    from mien.stats.profiles.profile import Profile

PAIRS: Final = 12  # confused pairs that are drawn unless told otherwise
MODEL, JUDGE = "first to the model", "first to the judge"
WIDTH: Final = 460


class Judged(NamedTuple):
    """A run with what is known of its judges.

    Attributes:
        name: the run's.
        agreement: of all who read it.
        positions: of each judge.
        profile: where the instrument is ``instructed``, and told and read can be compared; else None.
    """

    name: str
    agreement: Agreement
    positions: Sequence[JudgePositions]
    profile: Profile | None


def judges(runs: Sequence[Judged], *, top: int | None = None, confidence_level: float = 0.95) -> Chart:
    """Agreement of all raters, position effects, the pairs most confused and accuracy by trait.

    Each part is drawn where there is something to show.

    Args:
        runs: whose judges to show.
        top: how many pairs and traits to show, the worst first; None for twelve pairs and all traits.
        confidence_level: of the intervals in ``agreement`` and ``positions``.

    Raises:
        UsageError: no run has two raters, known orders, or the instrument ``instructed``.
    """
    parts = [*_matrices(runs), *_places(runs)]
    for run in runs:
        if run.profile is not None and run.profile.accuracy is not None:
            parts += _control(run.profile, top, several=len(runs) > 1)
    if not parts:
        raise UsageError(
            f"{' and '.join(run.name for run in runs)}: a judge that read alone, in an order that is not "
            "recorded, what was made without --instrument instructed, cannot be checked; have another read "
            "the run with mien judge"
        )
    names = runs[0].name if len(runs) == 1 else f"{len(runs)} runs"
    chart = alt.vconcat(*parts, spacing=26).resolve_scale(color="independent", shape="independent")
    return finished(
        chart,
        f"The judges of {names}",
        f"{confidence_level:.0%} intervals.",
        width=WIDTH + 160,
    )


def judges_of(measured: Measured, **settings: Any) -> Chart:
    """`judges` of all runs.

    Raises:
        UsageError: nobody has read one of them; or as `judges`.
    """
    level = measured.confidence_level
    shown = [
        Judged(
            run.name,
            run.raters(confidence_level=level),
            run.positions(confidence_level=level),
            measured.profile(run) if run.record.instrument == "instructed" else None,
        )
        for run in measured.runs
    ]
    return judges(shown, confidence_level=level, **settings)


def _titled(title: str, *said: str) -> alt.TitleParams:
    return alt.TitleParams(title, subtitle=list(said), fontSize=13, anchor="start", frame="group", offset=8)


def _matrices(runs: Sequence[Judged]) -> Iterator[Any]:
    """κ of every two raters of a run."""
    for run in runs:
        pairs = [pair for pair in run.agreement.pairs if pair.kappa is not None]
        if not pairs:
            continue
        names = list(run.agreement.raters)
        table = pd.DataFrame(
            [
                {
                    "a": a,
                    "b": b,
                    "kappa": pair.kappa,
                    "value": fraction(pair.kappa),
                    "interval": f"{fraction(pair.kappa_low)} … {fraction(pair.kappa_high)}",
                    "alike": f"{pair.agreement:.1%}",
                    "n": pair.n,
                }
                for pair in pairs
                for a, b in ((pair.a, pair.b), (pair.b, pair.a))
            ]
        )
        alpha = run.agreement.alpha
        said = "Cohen's κ."
        if alpha is not None and alpha.alpha is not None:
            ends = f" ({fraction(alpha.low)} … {fraction(alpha.high)})" if alpha.low is not None else ""
            said += f" Krippendorff's α: {fraction(alpha.alpha)}{ends}."
        of = f" on {run.name}" if len(runs) > 1 else ""
        yield _matrix(table, names).properties(
            width=84 * len(names), height=40 * len(names), title=_titled(f"Agreement{of}", said)
        )


def _matrix(table: pd.DataFrame, names: list[str]) -> Chart:
    scale = alt.Scale(domain=names)
    base = alt.Chart(table).encode(
        alt.X("b:N", sort=names, title=None, scale=scale, axis=alt.Axis(labelAngle=-25, labelLimit=180)),
        alt.Y("a:N", sort=names, title=None, scale=scale),
    )
    low = min(0.0, math.floor(10 * float(table["kappa"].min())) / 10)
    ramp = alt.Scale(domain=[low, 1], range="ramp", interpolate="lab")
    dark = f"datum.kappa > {low + 0.55 * (1 - low)}"
    words = [
        base.transform_filter(when).mark_text(dy=dy, fontSize=size, **style).encode(text=f"{field}:N")
        for when, style in ((f"!({dark})", {}), (dark, {"style": "on-ink"}))
        for field, size, dy in (("value", 12, -6), ("interval", 9, 8))
    ]
    cells = base.mark_rect().encode(
        alt.Color("kappa:Q", scale=ramp, legend=None), tooltip=["a", "b", "value", "interval", "alike", "n"]
    )
    return alt.layer(cells, *words)


def _places(runs: Sequence[Judged]) -> Iterator[Any]:
    """Position effects of the model and of each judge, against none."""
    rows = [
        {"rater": f"{run.name}: {place.rater}" if len(runs) > 1 else place.rater, "kind": kind, **effect}
        for run in runs
        for place in run.positions
        for kind, effect in ((MODEL, place.model), (JUDGE, place.judge))
        if effect is not None
    ]
    if not rows:
        return
    table = pd.DataFrame(rows)
    chances = sorted({1 / place.n_options for run in runs for place in run.positions if place.n_options})
    extent = [*table["low"], *table["high"], *chances]
    scale = alt.Scale(domain=[min(extent), max(extent)], nice=True, zero=False)
    kinds = [MODEL, JUDGE]
    base = alt.Chart(table).encode(
        alt.Y("rater:N", sort=list(dict.fromkeys(table["rater"])), title=None),
        alt.YOffset("kind:N", sort=kinds),
        alt.Color("kind:N", scale=alt.Scale(domain=kinds)),
    )
    yield alt.layer(
        *(upright(chance) for chance in chances),
        base.mark_rule(strokeWidth=1.6).encode(alt.X("low:Q", scale=scale), alt.X2("high:Q")),
        base.mark_point(size=44).encode(
            alt.X(
                "first:Q",
                title="how probably the first of equals is read",
                scale=scale,
                axis=alt.Axis(format=".0%", tickCount=8),
            ),
            alt.Shape("kind:N", scale=alt.Scale(domain=kinds)),
            tooltip=[
                "rater",
                "kind",
                *(alt.Tooltip(name, format=".1%") for name in ("first", "low", "high")),
            ],
        ),
    ).properties(
        width=WIDTH, height=alt.Step(17), title=_titled("Position effects", "Dashed: no place is preferred.")
    )


def _control(profile: Profile, top: int | None, *, several: bool) -> Iterator[Any]:
    """What an instructed run tells: the pairs most often confused, and accuracy by trait."""
    accuracy = profile.accuracy
    assert accuracy is not None
    of = f" in {profile.run}" if several else ""
    reader = profile.judge or "the judge"
    if accuracy["pairs"]:
        table = pd.DataFrame(accuracy["pairs"][: top or PAIRS])
        table["name"] = [" / ".join(pair) for pair in table["pair"]]
        table["count"] = [f"{k} of {n}" for k, n in zip(table["confused"], table["n"], strict=True)]
        scale = alt.Scale(domain=[0, float(table["high"].max())], nice=True)
        title = "share of trials confused, pooled"
        yield _dots(table.drop(columns="pair"), "name", "rate", title, scale, note="count").properties(
            width=WIDTH,
            height=alt.Step(15),
            title=_titled(
                f"Pairs taken for one another most often{of}",
                f"By {reader}; rates lean on those of all pairs, counts beside them.",
            ),
        )
    table = pd.DataFrame(accuracy["traits"][:top])
    chance = 1 / len(profile.fit.positions)
    whole = pd.DataFrame([{"low": accuracy["low"], "high": accuracy["high"]}])
    scale = alt.Scale(domain=[0, 1])
    band = alt.Chart(whole).mark_rect(opacity=0.18).encode(alt.X("low:Q", scale=scale), alt.X2("high:Q"))
    dots = _dots(table, "trait", "accuracy", "share of trials in which the trait was read", scale)
    yield alt.layer(band, upright(chance), dots).properties(
        width=WIDTH,
        height=alt.Step(15),
        title=_titled(
            f"Accuracy of {reader} by trait{of}",
            f"{accuracy['n']:,} trials in which {profile.model or 'the model'} was told what to be.",
            "What is missed may be the model's doing or the judge's.",
            f"Band: all traits, {accuracy['accuracy']:.1%} ({accuracy['low']:.1%} … {accuracy['high']:.1%}). "
            f"Dashed: chance, {chance:.0%}.",
        ),
    )


def _dots(
    table: pd.DataFrame, name: str, share: str, title: str, scale: alt.Scale, *, note: str | None = None
) -> Chart:
    """Shares with intervals, a row each, in the order of the table."""
    base = alt.Chart(table).encode(alt.Y(f"{name}:N", sort=table[name].tolist(), title=None))
    tooltip = [name, *(alt.Tooltip(key, format=".1%") for key in (share, "low", "high")), "n"]
    layers: list[Any] = [
        base.mark_rule(strokeWidth=1.6).encode(alt.X("low:Q", scale=scale), alt.X2("high:Q")),
        base.mark_point(size=36).encode(
            alt.X(f"{share}:Q", title=title, scale=scale, axis=alt.Axis(format=".0%")), tooltip=tooltip
        ),
    ]
    if note is not None:
        layers.append(
            base.mark_text(align="left", dx=6, style="muted").encode(
                alt.X("high:Q", scale=scale), text=f"{note}:N"
            )
        )
    return alt.layer(*layers)
