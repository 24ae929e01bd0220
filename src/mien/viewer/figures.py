"""Figures of profiles and diffs, as Vega specifications that lead somewhere and as pictures."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from mien.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mien.report.figures.theme import Chart, Theme
    from mien.stats.diffs import Diff
    from mien.stats.profiles.profile import Profile

_FEW: Final = 40  # traits that are all drawn at once
_ENDS: Final = 15  # of more, drawn from either end


class Figure(NamedTuple):
    """A figure on a page: what its tab is called, whether it may be narrowed, and what draws it."""

    tab: str
    fluid: bool
    draw: Callable[[Any], Chart]


def _ends(profile: Profile) -> Chart:
    from mien.report.figures import ranking

    return ranking([profile], top=_ENDS, bottom=_ENDS)


def _ranking(profile: Profile) -> Chart:
    from mien.report.figures import ranking

    return ranking([profile])


def _expression(profile: Profile) -> Chart:
    from mien.report.figures import expression

    return expression([profile])


def _largest(diff: Diff) -> Chart:
    from mien.report.figures import diff as draw

    return draw(diff, top=_FEW)


def _changes(diff: Diff) -> Chart:
    from mien.report.figures import diff as draw

    return draw(diff, top=None)


def _slope(diff: Diff) -> Chart:
    from mien.report.figures import slope

    return slope(diff)


_OF_PROFILE: Final = {
    "ends": Figure("Most and least", fluid=True, draw=_ends),
    "ranking": Figure("All traits", fluid=True, draw=_ranking),
    "expression": Figure("Around a circle", fluid=False, draw=_expression),
}
_OF_DIFF: Final = {
    "largest": Figure("Largest changes", fluid=True, draw=_largest),
    "changes": Figure("All changes", fluid=True, draw=_changes),
    "slope": Figure("Before and after", fluid=False, draw=_slope),
}


def figures(of: Literal["profile", "diff"], n_traits: int) -> dict[str, Figure]:
    """The figures of a page by name; the first is shown where none is asked for."""
    known = _OF_PROFILE if of == "profile" else _OF_DIFF
    few = {"ends", "largest"} if n_traits <= _FEW else set[str]()
    return {name: figure for name, figure in known.items() if name not in few}


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
    """Figures drawn of fitted results, and kept."""

    def __init__(self) -> None:
        self._specification = lru_cache(maxsize=64)(self._specify)
        self.picture = lru_cache(maxsize=32)(self._picture)

    def prepare(self, profile: Profile) -> None:
        """Draw a profile's figures in light, and load what draws."""
        for figure in figures("profile", len(profile.traits)).values():
            self._specification(figure, profile, "light")

    def specification(self, figure: Figure, of: Profile | Diff, theme: Theme, links: dict[str, str]) -> str:
        """What draws the figure in a browser, as JSON.

        Its members: ``spec`` is the Vega specification, compiled here so that the browser needs no Vega-Lite;
        ``title`` and ``said``, the words over it, which the page sets itself; ``fluid``, whether it may be
        drawn narrower; ``links``, where a click on a trait leads.
        """
        spec, title, said = self._specification(figure, of, theme)
        return json.dumps(
            {"title": title, "said": said, "fluid": figure.fluid, "links": links, "spec": spec},
            ensure_ascii=False,
        )

    def _specify(
        self, figure: Figure, of: Profile | Diff, theme: Theme
    ) -> tuple[dict[str, Any], str, list[str]]:
        import vl_convert

        from mien.report.saving import specification

        described = specification(figure.draw(of), theme=theme)
        title: dict[str, Any] = described.pop("title")
        spec: dict[str, Any] = vl_convert.vegalite_to_vega(described)
        _make_one_picture(spec)
        for axis in spec.get("axes", ()):  # so that the names of traits can be clicked on
            axis.setdefault("encode", {}).setdefault("labels", {})["interactive"] = True
        return spec, title["text"], title["subtitle"]

    def _picture(self, figure: Figure, of: Profile | Diff, theme: Theme) -> str:
        """The figure as SVG."""
        import vl_convert

        from mien.report.saving import specification

        return vl_convert.vegalite_to_svg(specification(figure.draw(of), theme=theme))


def _make_one_picture(group: dict[str, Any]) -> None:
    """Have the figure read aloud by its name alone: the table below it holds the same, in order."""
    for kind in ("marks", "axes", "legends"):
        for part in group.get(kind, ()):
            part["aria"] = False
            _make_one_picture(part)
