"""How figures look: told apart by colour-blind eyes and on grey paper, in light and in dark.

Figures name roles ("muted", "interval"), never colours; a theme says what each role looks like, so that one
figure serves both. Models differ by colour and by shape at once.
"""

# Altair types an encoding given as a mapping by its first member, and a chart with new properties as a
# facet: its argument types are right for people, not for a strict checker.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import re
import textwrap
import unicodedata
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import altair as alt

from mien.report.names import brief, labels, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    Chart = (
        alt.Chart | alt.LayerChart | alt.HConcatChart | alt.VConcatChart | alt.ConcatChart | alt.FacetChart
    )

Theme = Literal["light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")

FONT: Final = "Helvetica Neue, Arial, Liberation Sans, sans-serif"
CHARACTER: Final = 0.56  # mean width of a character of that font, in font sizes
TITLE: Final = 16
SUBTITLE: Final = 11.5
SHAPES: Final = (
    *("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right"),
    "M0,-1.1L.26,-.36L1.05,-.34L.42,.14L.65,.89L0,.44L-.65,.89L-.42,.14L-1.05,-.34L-.26,-.36Z",  # a star
    "M-.9,-.9L.9,-.9L-.9,.9L.9,.9Z",  # an hourglass
    "triangle-left",
    "M-.7,-1L0,-.3L.7,-1L1,-.7L.3,0L1,.7L.7,1L0,.3L-.7,1L-1,.7L-.3,0L-1,-.7Z",  # a cross aslant
    "M-.9,-.9L-.9,.9L.9,-.9L.9,.9Z",  # a bow
)


class Palette(NamedTuple):
    """Colours of one theme.

    ``models`` begin with Okabe and Ito's (2008), as far as they show on the ground; the others were searched
    for so that every two of the twelve stay apart to eyes without red, green or blue cones, too.
    """

    ground: str
    ink: str
    muted: str
    faint: str
    models: tuple[str, ...]
    below: str
    above: str
    ramp: tuple[str, ...]
    diverging: tuple[str, ...]


LIGHT: Final = Palette(
    ground="#ffffff",
    ink="#1b1f24",
    muted="#5c6670",
    faint="#d5dae0",
    models=(
        *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#5c6670"),
        *("#220066", "#aa66ff", "#992211", "#441100", "#0000cc"),
    ),
    below="#d55e00",
    above="#0072b2",
    ramp=("#f3f6f9", "#9ec6e0", "#2f83b8", "#053a61"),
    diverging=("#a34700", "#e89b62", "#f6f6f4", "#74b3d8", "#00558a"),
)
DARK: Final = Palette(
    ground="#14171a",
    ink="#eceff1",
    muted="#a3adb6",
    faint="#3a4149",
    models=(
        *("#56b4e9", "#e69f00", "#00a878", "#f0e442", "#9977ff", "#bb0088", "#88ffff"),
        *("#cc6600", "#99cc99", "#4466bb", "#885533", "#8800ff"),
    ),
    below="#e8843c",
    above="#56b4e9",
    ramp=("#1d2329", "#1f5780", "#4fa3d9", "#d6ecfa"),
    diverging=("#f2a263", "#9c5a20", "#262b30", "#2a6d9b", "#7cc4f2"),
)
PALETTES: Final = {"light": LIGHT, "dark": DARK}


def themed(chart: Chart, theme: Theme = "light") -> Chart:
    """The same figure in another theme."""
    chart = chart.copy(deep=False)
    chart.config = alt.Config(**config(theme))
    return chart


def finished(chart: Chart, title: str, *said: str, width: float = 640, models: Sequence[str] = ()) -> Chart:
    """A figure with what it is about, over what it was made of and how to read it; in the light theme.

    Args:
        chart: the figure.
        title: its subject.
        said: sentences, each of which begins a line.
        width: pixels that a line may take.
        models: the names that the figure writes; it is told what stands for those that are too long.
    """
    models = models if len(models) > 1 else ()  # one is named in the title alone
    left_out = [f"… stands for {head}"] if (head := shared(models)) else []
    columns = int(width / (0.48 * SUBTITLE))
    lines = [line for sentence in (*said, *left_out) for line in textwrap.wrap(sentence, columns)]
    whole = [f"{a} is {b}." for a, b in zip(brief(models), models, strict=True) if a != b]
    chart = chart.copy(deep=False)
    heads = _broken(title, width)
    chart.title = alt.TitleParams(text=heads if len(heads) > 1 else title, subtitle=lines)
    chart.description = " ".join([f"{title}.", *lines, *whole])
    return themed(chart)


def _broken(title: str, width: float) -> list[str]:
    """A title in lines of so many pixels; names break where their parts end, and there alone."""
    lines = [""]
    for part in re.findall(r"[^\s/_-]*[\s/_-]*", title):
        if lines[-1] and extent((lines[-1] + part).rstrip(), TITLE) > width:
            lines.append("")
        lines[-1] += part
    return [line.rstrip() for line in lines]


def extent(text: str, size: float) -> float:
    """Pixels that a text takes, about; signs of East Asia are as wide as they are high."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    marks = sum(unicodedata.category(sign) == "Mn" for sign in text)  # over or under another sign
    return size * (wide + CHARACTER * (len(text) - wide - marks))


def config(theme: Theme) -> dict[str, Any]:
    """The configuration that gives the roles their looks."""
    palette = PALETTES[theme]
    return {
        "background": palette.ground,
        "font": FONT,
        "padding": 16,
        "view": {"stroke": None, "continuousWidth": 300, "continuousHeight": 300},  # as Altair has it
        **_words(palette),
        "range": {
            "category": list(palette.models),
            "symbol": list(SHAPES),
            "ramp": list(palette.ramp),
            "heatmap": list(palette.ramp),
            "diverging": list(palette.diverging),
        },
        "text": {"color": palette.ink, "fontSize": 10.5},
        "rule": {"color": palette.muted},
        "bar": {"color": palette.above},
        "point": {"color": palette.above, "filled": True, "opacity": 1, "size": 50},
        "line": {"strokeWidth": 1.6},
        "style": {
            "muted": {"color": palette.muted},
            "faint": {"color": palette.faint, "strokeWidth": 1},
            "zero": {"color": palette.muted, "strokeWidth": 1},
            "interval": {"color": palette.ink, "strokeWidth": 1.3},
            "halo": {"color": palette.ground, "stroke": palette.ground, "strokeWidth": 3},
            "above": {"color": palette.above},
            "below": {"color": palette.below},
            "on-ink": {"color": palette.ground},
            "ink": {"color": palette.ink},
        },
    }


def _words(palette: Palette) -> dict[str, Any]:
    """What stands around a figure: title, axes, legend, heads."""
    words = {"labelColor": palette.ink, "titleColor": palette.muted, "labelFontSize": 11, "titleFontSize": 11}
    return {
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "color": palette.ink,
            "fontSize": TITLE,
            "fontWeight": "bold",
            "subtitleColor": palette.muted,
            "subtitleFontSize": SUBTITLE,
            "subtitleLineHeight": 16,
            "subtitlePadding": 6,
            "offset": 14,
        },
        "axis": {
            **words,
            "titleFontWeight": "normal",
            "domain": False,
            "ticks": False,
            "gridColor": palette.faint,
            "gridOpacity": 0.7,
            "labelPadding": 6,
            "labelFlush": False,
            "labelLimit": 240,
            "titlePadding": 8,
        },
        "legend": {
            **words,
            "titleFontWeight": "normal",
            "symbolSize": 80,
            "symbolOpacity": 1,
            "symbolStrokeWidth": 0,
            "labelLimit": 260,
            "orient": "top",
            "direction": "horizontal",
            "title": None,
            "padding": 0,
            "offset": 8,
        },
        "header": {**words, "labelFontSize": 12, "labelFontWeight": "bold"},
    }


def models_scale(names: Sequence[str], *, width: float | None) -> dict[str, Any]:
    """Encodings by which models are told apart, one legend for all; empty for a single model.

    Args:
        names: of the models.
        width: pixels that a line of the legend may take; None for no legend, where names stand elsewhere.
    """
    if len(names) < 2:
        return {}
    domain = list(names)
    n = len(SHAPES)  # colours come again after as many; then with the next shape
    shapes = [SHAPES[(i + i // n) % n] for i in range(len(domain))]
    legend = None
    if width is not None:
        entry = 34 + max(extent(name, 11) for name in brief(domain))
        legend = alt.Legend(columns=max(1, int(width / entry)), **labels(domain))
    return {
        "color": alt.Color("model:N", sort=domain, scale=alt.Scale(domain=domain), legend=legend),
        "shape": alt.Shape(
            "model:N", sort=domain, scale=alt.Scale(domain=domain, range=shapes), legend=legend
        ),
    }
