"""Preferences as files, one row a choice: written as CSV or JSONL, read as any table."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from mien.errors import InputError
from mien.files.spreadsheet import quoted_cell
from mien.types import TIE, Preference
from mien.viewer import uploads
from mien.viewer.labelling import person_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

COLUMNS: Final = ("a", "b", "trial_a", "trial_b", "person", "question", "shown_left", "chosen")
FORMATS: Final = {".csv": "text/csv", ".jsonl": "application/jsonl"}
_SWAPPED = {"a": "b", "b": "a", TIE: TIE}


def written(suffix: str, runs: tuple[str, str], preferences: Iterable[Preference]) -> str:
    """Choices between two runs as the text of a file."""
    rows = (
        dict(zip(COLUMNS, (*runs, *(getattr(found, name) for name in COLUMNS[2:])), strict=True))
        for found in preferences
    )
    if suffix == ".jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: quoted_cell(cell) for name, cell in row.items()} for row in rows)
    return text.getvalue()


def read(
    content: bytes, name: str, runs: tuple[str, str], problem: Callable[[Preference], str]
) -> list[Preference]:
    """The choices between two runs that a file holds; rows of other runs are passed over.

    Args:
        content: of the file.
        name: of the file; its ending says how it is written.
        runs: names of the two. Rows may name them the other way round, or not at all.
        problem: what is wrong with a choice, or nothing.

    Raises:
        InputError: the file or one of its rows cannot be used.
    """
    found: list[Preference] = []
    for number, row in uploads.rows(content, name, needed=COLUMNS[2:], what="preferences"):
        if missing := [column for column in COLUMNS[2:] if not row.get(column)]:
            raise InputError(f"{missing[0]} is missing", source=name, where=f"row {number}")
        given = (row.get("a") or runs[0], row.get("b") or runs[1])
        if given not in (runs, runs[::-1]):
            continue
        try:
            preference = _preference(row, swapped=given != runs)
        except InputError as error:
            raise InputError(error.problem, source=name, where=f"row {number}") from None
        if wrong := problem(preference) if preference.person else "names no person":
            raise InputError(wrong, source=name, where=f"row {number}")
        found.append(preference)
    return found


def _preference(row: Mapping[str, Any], *, swapped: bool) -> Preference:
    members = {column: row[column] for column in COLUMNS[2:]}
    members["person"] = person_name(row)
    if swapped:
        members["trial_a"], members["trial_b"] = members["trial_b"], members["trial_a"]
        for column in ("shown_left", "chosen"):
            members[column] = _SWAPPED.get(members[column], members[column])
    return Preference(**members)
