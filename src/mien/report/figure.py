"""A figure as the registry holds it: what it shows, of how many runs, of which of their results.

What draws is loaded when it is called: to know of a figure takes none of the libraries that draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Final

from mien.formatting import counted, plural

if TYPE_CHECKING:
    from collections.abc import Callable

    from mien.report.figures.theme import Chart

MANY: Final = 200  # runs: no limit that anybody would reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a figure may be told; None leaves it to the figure.

    Attributes:
        top: how many traits to show, from the top or the largest.
        bottom: how many from the bottom.
        components: which two components to draw, from 1.
        target: reliability at which a run was to stop.
        by: what tells contexts apart.
    """

    top: int | None = None
    bottom: int | None = None
    components: tuple[int, int] | None = None
    target: float | None = None
    by: str | None = None

    def given(self) -> dict[str, Any]:
        """Those that are not None."""
        values = {name: getattr(self, name) for name in Settings.__slots__}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that can be drawn of runs.

    Attributes:
        about: what it shows.
        fewest: runs that it needs.
        most: runs that it takes.
        of: the result that it draws: of runs as `Measured`, or of a list of evaluations.
        by: the function in `mien.report.figures` that draws it, as ``module:function``.
        settings: which of `Settings` it takes.
        noun: what it is drawn of, in the singular.
    """

    about: str
    fewest: int
    most: int
    of: Callable[[Any], Any]
    by: str
    settings: tuple[str, ...] = ()
    noun: str = "run"

    def drawn(self, of: Any, **settings: Any) -> Chart:
        """The chart of that result, by the settings that it takes.

        Raises:
            UsageError: it cannot be drawn of this result, or not so.
        """
        draw: Callable[..., Chart] = resolve_name(f"mien.report.figures.{self.by}")
        return draw(of, **settings)

    @property
    def takes(self) -> str:
        """``1 run``, ``2 runs``, ``2 to 4 runs``, ``3 or more runs``."""
        if self.fewest == self.most:
            return counted(self.fewest, self.noun)
        many = plural(self.noun)
        return (
            f"{self.fewest} or more {many}" if self.most == MANY else f"{self.fewest} to {self.most} {many}"
        )
