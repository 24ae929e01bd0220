"""A study's report: a folder with one page that needs nothing else, its figures, and its tables."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from mien.errors import NotIdentified, UsageError
from mien.files.spreadsheet import quoted_cell
from mien.report import fonts, manner, pictures, tables
from mien.report.page import page
from mien.report.study.results import not_drawn
from mien.report.study.sections import heading, sections

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from concurrent.futures import Executor
    from pathlib import Path

    from mien.report.study.results import Results


def write(results: Results, folder: Path, *, executor: Executor | None = None) -> None:
    """Write ``index.html``, ``study.json``, ``figures/`` and ``tables/`` into a folder.

    Files of these names that are there already are written over; others are left alone. Where no run can be
    rated yet, ``study.json`` alone is written.

    Args:
        results: of the study.
        folder: where to; it is made where it is not there.
        executor: draws the pictures and writes the tables; None has it done here, one after the other.

    Raises:
        InputError: a gate that can never be decided; with its line.
    """
    folder.mkdir(parents=True, exist_ok=True)
    executor = executor or pictures.AtOnce()
    figures, notes = results.figures()
    pending = pictures.begin(figures, executor)
    told = to_dict(results)
    (folder / "study.json").write_text(
        json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    if not results.main:
        return
    for part in ("figures", "tables"):
        (folder / part).mkdir(exist_ok=True)
    shown = results.shown
    counted = manner.sections(shown, executor)
    written = executor.submit(tables.write, shown.profiles, shown.diff, folder / "tables")
    _write_table(told["correlations"], folder / "tables" / "correlations.csv")
    _write_table(told["tiers"], folder / "tables" / "tiers.csv")
    _write_table(told["runs"], folder / "tables" / "runs.csv")
    if results.juries:
        rows = [{"run": one.label} | trait for one in results.juries for trait in one.traits]
        _write_table(rows, folder / "tables" / "jury.csv")
    drawn: list[pictures.Picture] = []
    for each in pending:
        try:
            drawn.append(each.picture())
        except (UsageError, NotIdentified) as error:
            notes.append(not_drawn(each.name, str(error)))
    fonts.tell(folder, (script for picture in drawn for script in picture.lacking))
    for picture in drawn:
        path = folder / "figures" / f"{picture.name}.svg"
        path.write_text(picture.light, encoding="utf-8")
        (folder / "figures" / f"{picture.name}.png").write_bytes(picture.png)
    before = sections(results, notes)
    html = page(shown, drawn, heading=heading(results), sections=before, after=counted.result())
    (folder / "index.html").write_text(html, encoding="utf-8")
    written.result()


def to_dict(results: Results) -> dict[str, Any]:
    """What ``study.json`` holds: plain Python values, None where a value is not known."""
    panel = results.shown.panel if len(results.main) > 1 else None
    return {
        "study": results.study.name,
        "complete": results.complete,
        "holds": results.holds,
        "runs": [one.to_dict() for one in results.standings],
        "left_out": results.left_out,
        "correlations": [dict(row) for row in panel.correlations] if panel else [],
        "tiers": [dict(tier) for tier in panel.tiers] if panel else [],
        "soft": results.soft,
        "juries": [one.to_dict() for one in results.juries],
        "ablations": [one.to_dict() for one in results.ablated],
        "persistence": {
            label: {"lacking": found} if isinstance(found, str) else found.to_dict()
            for label, found in results.persistence.items()
        },
        "evaluations": [one.to_dict() for one in results.evaluations],
        "gates": [gated.to_dict() for gated in results.gated],
        "registration": None
        if (found := results.registration) is None
        else {"digest": found.digest, "created": found.created, "changed": list(found.changed)},
        "expected": [one.to_dict() for one in results.expected],
        "of_interest": [one.to_dict() for one in results.of_interest],
    }


def _write_table(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    flat = [
        {name: _cell(value) for name, value in row.items() if not isinstance(value, dict)} for row in rows
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, flat[0] if flat else (), lineterminator="\n")
        writer.writeheader()
        writer.writerows(flat)


def _cell(value: Any) -> Any:
    return quoted_cell(value) if isinstance(value, str) else value
