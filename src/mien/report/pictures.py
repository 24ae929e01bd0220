"""Figures as pictures in both themes, rendered beside one another where there are processors for it."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, ParamSpec, TypeVar

from mien.errors import MienError
from mien.report.rendering import rendering
from mien.report.saving import PNG_SCALE, in_theme, specification

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from mien.report.figures.theme import Chart

    Specification = dict[str, Any]

P = ParamSpec("P")
T = TypeVar("T")

_GRADIENT: Final = re.compile(r'(?<=<linearGradient id=")gradient_\d+(?=")|(?<=url\(#)gradient_\d+(?=\))')
PROCESSES: Final = 4  # at most; a report has half a dozen figures
_BLANK: Final = {"data": {"values": [{"word": "a"}]}, "mark": "text", "encoding": {"text": {"field": "word"}}}


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
    if count < 2:
        yield AtOnce()
        return
    # Spawned, for a fork would copy what threads of the numeric libraries hold.
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(count, mp_context=context, initializer=_ignore_interrupts)
    try:
        for _ in range(count):
            executor.submit(_svg, _BLANK)
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    """Ctrl-C reaches all processes of a terminal; the one that waits for the pictures says that it stops."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _svg(found: Specification) -> str:
    import vl_convert

    with rendering():
        svg = vl_convert.vegalite_to_svg(found)
    # Vega numbers gradients on from one picture to the next: the same figure is to be the same picture,
    # whatever else was rendered before it.
    numbers = {name: f"gradient_{i}" for i, name in enumerate(dict.fromkeys(_GRADIENT.findall(svg)))}
    return _GRADIENT.sub(lambda found: numbers[found[0]], svg)


def _svg_and_png(found: Specification) -> tuple[str, bytes]:
    import vl_convert

    svg = _svg(found)
    with rendering():
        return svg, vl_convert.svg_to_png(svg, scale=PNG_SCALE)
