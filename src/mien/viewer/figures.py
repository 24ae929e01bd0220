"""Figures of profiles and diffs, as Vega specifications that lead somewhere and as pictures."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from mien.errors import MienError, UnknownName
from mien.report.renderer import Renderer
from mien.report.rendering import drawn, svg, vega

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.report.figures.theme import Chart, Theme
    from mien.stats.diffs import Diff
    from mien.stats.profiles.profile import Profile
    from mien.stats.sides import Sides

    Shown = Profile | Diff | Sides
    Compiled = tuple[dict[str, Any], str, list[str]]  # a Vega specification, its title and the words below it

_FEW: Final = 40  # traits that are all drawn at once
_ENDS: Final = 15  # of more, drawn from either end
_AXES: Final = 76  # pixels above and below what is drawn, at most
_HEADS: Final = 45  # pixels above what stands side by side


class Figure(NamedTuple):
    """A figure on a page: what its tab is called, which of the registry's it is, and what that is told."""

    tab: str
    name: str
    fluid: bool  # whether it may be narrowed
    top: int | None = None
    bottom: int | None = None
    columns: int | None = None
    scaled: bool = False  # whether it is made smaller as a whole where it finds less room

    def draw(self, of: Shown) -> Chart:
        """Draw it of a result that is there already."""
        from mien.report.registry import FIGURES
        from mien.stats.diffs import Diff
        from mien.stats.sides import Sides

        if isinstance(of, Sides):
            from mien.report.figures.four_sides import four_sides

            return four_sides(of)
        settings = {"top": self.top, "bottom": self.bottom, "columns": self.columns}
        given = {name: value for name, value in settings.items() if value is not None}
        return FIGURES[self.name].drawn(of if isinstance(of, Diff) else [of], **given)


class Outline(NamedTuple):
    """A figure before it is drawn: the words over it, and its width and height in pixels.

    The width of one that is not made smaller as a whole is 1, and a height that is not known 0.
    """

    title: str
    said: list[str]
    width: int
    height: int


def figures(of: Literal["profile", "diff"], n_traits: int) -> dict[str, Figure]:
    """The figures of a page by name; the first is shown where none is asked for."""
    if of == "profile":
        few = {"ends": Figure("Most and least", "ranking", fluid=True, top=_ENDS, bottom=_ENDS, columns=1)}
        all_of = {
            "ranking": Figure("All traits", "ranking", fluid=True, columns=1),
            "expression": Figure("Around a circle", "expression", fluid=False, scaled=True),
        }
    else:
        few = {"largest": Figure("Largest changes", "diff", fluid=True, top=_FEW)}
        all_of = {
            "changes": Figure("All changes", "diff", fluid=True, top=n_traits),
            "slope": Figure("Before and after", "slope", fluid=False, scaled=True),
        }
    return few | all_of if n_traits > _FEW else all_of


#: The one figure of a model's sides.
SIDES: Final = Figure("Side by side", "four-sides", fluid=False)


def chosen(name: str, known: Mapping[str, Figure]) -> str:
    """The figure asked for, or the first.

    Raises:
        UnknownName: there is none of this name.
    """
    if name and name not in known:
        raise UnknownName("figure", name, known)
    return name or next(iter(known))


def theme(query: Mapping[str, str]) -> Theme:
    """The theme that an address asks for."""
    return "dark" if query.get("theme") == "dark" else "light"


class Drawn:
    """Figures drawn of fitted results, and kept; what draws them is a process of its own."""

    def __init__(self) -> None:
        self._render = Renderer()
        self._specification = lru_cache(maxsize=64)(self._specify)
        self.picture = lru_cache(maxsize=32)(self._picture)

    def close(self) -> None:
        """Draw no more."""
        self._render.close()

    def prepare(self, profile: Profile) -> None:
        """Draw a profile's figures in light, and load what draws."""
        for figure in figures("profile", len(profile.traits)).values():
            self._specification(figure, profile, "light")

    def specification(self, figure: Figure, of: Shown, theme: Theme, links: dict[str, str]) -> str:
        """What draws the figure in a browser, as JSON.

        Its members: ``spec`` is the Vega specification, compiled here so that the browser needs no Vega-Lite;
        ``title`` and ``said``, the words over it, which the page sets itself; ``fluid``, whether it may be
        drawn narrower; ``scaled``, whether all of it is made smaller instead; ``links``, where a click on
        a trait leads.
        """
        compiled = self._specification(figure, of, theme)
        return _written(compiled, fluid=figure.fluid, scaled=figure.scaled, links=links)

    def described(self, chart: Chart, theme: Theme) -> str:
        """As `specification`, of a chart that was made already and leads nowhere."""
        compiled = self._compiled(chart, theme)
        return _written(compiled, fluid="layout" not in compiled[0], scaled=False, links={})

    def outline(self, figure: Figure, of: Shown) -> Outline | None:
        """What a page shows before the figure is drawn in it, or nothing where it cannot be drawn."""
        try:
            spec, title, said = self._specification(figure, of, "light")
        except MienError:
            return None
        width = round(spec.get("width", 1)) if figure.scaled else 1
        return Outline(title, said, width, _height(spec))

    def _specify(self, figure: Figure, of: Shown, theme: Theme) -> Compiled:
        return self._compiled(figure.draw(of), theme)

    def _compiled(self, chart: Chart, theme: Theme) -> Compiled:
        from mien.report.saving import specification, title

        described = specification(chart, theme=theme)
        called, said = title(described), described.pop("title")["subtitle"]
        spec = self._render(vega, described)
        _make_one_picture(spec)
        for axis in spec.get("axes", ()):  # so that the names of traits can be clicked on
            axis.setdefault("encode", {}).setdefault("labels", {})["interactive"] = True
        return spec, called, said

    def chart(self, chart: Chart, theme: Theme) -> str:
        """A chart that was made already, as SVG."""
        from mien.report.saving import specification

        return self._render(svg, specification(chart, theme=theme))

    def _picture(self, figure: Figure, of: Shown, theme: Theme) -> str:
        """The figure as SVG."""
        from mien.report.saving import specification

        return self._render(svg, specification(figure.draw(of), theme=theme))


def _written(compiled: Compiled, *, fluid: bool, scaled: bool, links: Mapping[str, str]) -> str:
    spec, title, said = compiled
    return json.dumps(
        {
            "title": title,
            "said": said,
            "fluid": fluid,
            "scaled": scaled,
            "links": {drawn(trait): link for trait, link in links.items()},  # as the figure has them
            "spec": spec,
        },
        ensure_ascii=False,
    )


def _height(spec: dict[str, Any]) -> int:
    """The height of what a specification draws, from its own or from its rows."""
    steps = [one["value"] for one in spec.get("signals", ()) if one["name"].endswith("y_step")]
    rows = max(len({row.get("trait") for row in data.get("values", ())}) for data in spec["data"])
    plot = spec.get("height") or max(steps, default=0) * rows
    beside = _AXES + (_HEADS if "layout" in spec else 0)
    return round(plot) + beside if plot else 0


def _make_one_picture(group: dict[str, Any]) -> None:
    """Have the figure read aloud by its name alone: the table below it holds the same, in order."""
    for kind in ("marks", "axes", "legends"):
        for part in group.get(kind, ()):
            part["aria"] = False
            _make_one_picture(part)
