"""Figures as pictures in both themes, drawn beside one another where there are processors for it."""

from __future__ import annotations

import os
import re
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, ParamSpec, TypeVar

from mien.errors import MienError
from mien.report.fonts import lacking
from mien.report.renderer import processes
from mien.report.rendering import PNG_SCALE, rendering, svg
from mien.report.saving import in_theme, specification

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from mien.report.figures.theme import Chart

    Specification = dict[str, Any]

P = ParamSpec("P")
T = TypeVar("T")

_GRADIENT: Final = re.compile(r'(?<=<linearGradient id=")gradient_\d+(?=")|(?<=url\(#)gradient_\d+(?=\))')
PROCESSES: Final = 4  # at most; a report has half a dozen figures


class Picture(NamedTuple):
    """A figure as drawn in both themes, as SVG, and in light as PNG.

    Attributes:
        about: what it shows.
        lacking: scripts that it writes and for which this machine has no font.
    """

    name: str
    about: str
    light: str
    dark: str
    png: bytes
    lacking: tuple[str, ...] = ()


class Pending(NamedTuple):
    """A picture that is being drawn."""

    name: str
    drawn: Future[Picture]

    def picture(self) -> Picture:
        """The picture, once it is there.

        Raises:
            MienError: it cannot be drawn, or not of these results.
        """
        try:
            return self.drawn.result()
        except BrokenProcessPool:
            raise MienError(f"the figure {self.name} cannot be drawn: the renderer's process ended") from None


def begin(figures: Iterable[tuple[str, Callable[[], Chart]]], executor: Executor) -> list[Pending]:
    """Have figures drawn as they come, each by whoever is free.

    What draws is loaded where it draws: in other processes, this one stays as small as it was.

    Args:
        figures: each by its name, and what makes its chart, which may be sent to another process.
        executor: what draws them.
    """
    return [Pending(name, executor.submit(_picture, name, chart)) for name, chart in figures]


class AtOnce(Executor):
    """Does what it is given in this process, before it returns."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call the function."""
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


@contextmanager
def renderers() -> Generator[Executor]:
    """Processes that draw: they get ready while what is to be drawn is still being worked out."""
    count = min(os.cpu_count() or 1, PROCESSES)
    executor = processes(count, "mien.report.figures")
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _svg(found: Specification) -> str:
    drawn = svg(found)
    # Vega numbers gradients on from one picture to the next: the same figure is to be the same picture,
    # whatever else was rendered before it.
    numbers = {name: f"gradient_{i}" for i, name in enumerate(dict.fromkeys(_GRADIENT.findall(drawn)))}
    return _GRADIENT.sub(lambda found: numbers[found[0]], drawn)


def _picture(name: str, chart: Callable[[], Chart]) -> Picture:
    import vl_convert

    light = specification(chart())
    drawn = _svg(light)
    with rendering():
        png = vl_convert.svg_to_png(drawn, scale=PNG_SCALE)
    return Picture(name, light["description"], drawn, _svg(in_theme(light, "dark")), png, lacking(drawn))
