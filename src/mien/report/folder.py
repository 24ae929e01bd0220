"""The report: a folder with one page that needs nothing else, its figures, and its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mien.files.space import space_for
from mien.report import fonts, manner, pictures, tables
from mien.report.evaluated import beside
from mien.report.page import page
from mien.report.registry import drawing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor
    from pathlib import Path

    from mien.report.figures.theme import Chart
    from mien.report.measured import Measured

FIGURES: Final = {
    1: ("expression", "ranking", "precision"),
    2: ("diff", "slope", "expression"),
    3: ("extremes", "expression", "components", "clusters", "convergence"),
}  # by number of runs; of more than three, those of three
FIGURES_OF_SIDES: Final = ("expression",)  # beside that of the sides


def write(measured: Measured, folder: Path, *, executor: Executor | None = None) -> None:
    """Write ``index.html``, ``figures/`` (SVG and PNG) and ``tables/`` (CSV, Parquet, JSON) into a folder.

    Files of these names that are there already are written over; others are left alone.

    Args:
        measured: the runs to report on.
        folder: where to; it is made where it is not there.
        executor: draws the pictures and writes the tables; None has it done here, one after the other.

    Raises:
        UsageError: the runs rate different traits, or have too few verdicts; or no space is left.
    """
    executor = executor or pictures.AtOnce()
    pending = pictures.begin(_figures(measured), executor)
    found = beside(measured)
    pending += pictures.begin(found.figures, executor)
    counted = manner.sections(measured, executor)
    with space_for(folder):
        for part in ("figures", "tables"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        written = executor.submit(tables.write, measured.profiles, measured.change, folder / "tables")
        drawn = [each.picture() for each in pending]
        fonts.tell(folder, (script for picture in drawn for script in picture.lacking))
        for picture in drawn:
            path = folder / "figures" / picture.name
            path.with_suffix(".svg").write_text(picture.light, encoding="utf-8")
            path.with_suffix(".png").write_bytes(picture.png)
        (folder / "index.html").write_text(
            page(measured, drawn, after=[*counted.result(), *found.sections]), encoding="utf-8"
        )
        written.result()


def _figures(measured: Measured) -> Iterator[tuple[str, Callable[[], Chart]]]:
    _ = measured.profiles  # which says where there are none
    chosen = measured.only(*measured.choosing)
    if measured.sides is not None:
        yield "four-sides", drawing("four-sides", measured)
    for name in FIGURES_OF_SIDES if measured.sides is not None else FIGURES[min(len(chosen.runs), 3)]:
        yield name, drawing(name, chosen)
    for run, profile in zip(chosen.runs, measured.profiles, strict=True):
        if profile.accuracy:
            yield "judges", drawing("judges", measured.only(run))
            return
