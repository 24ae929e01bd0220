"""Figures as pictures in both themes, rendered beside one another where there are processors for it."""

from __future__ import annotations

import os
import re
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, ParamSpec, TypeVar

from mien.errors import MienError
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
    """A figure as drawn in both themes, as SVG, and in light as PNG; ``about`` says what it shows."""

    name: str
    about: str
    light: str
    dark: str
    png: bytes


class Pending(NamedTuple):
    """A picture that is being rendered."""

    name: str
    about: str
    light: Future[tuple[str, bytes]]
    dark: Future[str]

    def picture(self) -> Picture:
        """The picture, once it is there.

        Raises:
            MienError: it cannot be drawn.
        """
        try:
            svg, png = self.light.result()
            return Picture(self.name, self.about, svg, self.dark.result(), png)
        except BrokenProcessPool:
            raise MienError(f"the figure {self.name} cannot be drawn: the renderer's process ended") from None


def begin(charts: Iterable[tuple[str, Chart]], executor: Executor) -> list[Pending]:
    """Have figures rendered as they come, the light and the dark picture of each by whoever is free."""
    pending: list[Pending] = []
    for name, chart in charts:
        light = specification(chart)
        rendered = executor.submit(_svg_and_png, light), executor.submit(_svg, in_theme(light, "dark"))
        pending.append(Pending(name, light["description"], *rendered))
    return pending


class AtOnce(Executor):
    """Does what it is given in this process, before it returns."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call the function."""
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@contextmanager
def renderers() -> Generator[Executor]:
    """Processes that render pictures: they get ready while the figures are still being worked out."""
    count = min(os.cpu_count() or 1, PROCESSES)
    executor = processes(count)
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


def _svg_and_png(found: Specification) -> tuple[str, bytes]:
    import vl_convert

    drawn = _svg(found)
    with rendering():
        return drawn, vl_convert.svg_to_png(drawn, scale=PNG_SCALE)
