"""Tables that people take in through the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import InputError
from mien.files import format_of, read_uploaded
from mien.files.spreadsheet import unquoted_cell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


def rows(
    content: bytes, name: str, *, needed: Collection[str], what: str
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows of a table, each with its number and its cells as text; what is null is empty.

    Args:
        content: of the file, in whatever separator and Unicode encoding.
        name: of the file; its ending says how it is written.
        needed: columns that a table must have; of objects, a member that is not there is empty.
        what: the rows' name in messages.

    Raises:
        InputError: the file or one of its rows cannot be read.
    """
    separated = format_of(Path(name)) in {".csv", ".tsv"}
    number = 0
    for number, row in read_uploaded(content, name, what=what).rows:
        missing = sorted(set(needed) - row.keys())
        if missing and separated:
            raise InputError(f"lacks the column {missing[0]}", source=name)
        cells = {column: "" if value is None else str(value) for column, value in row.items()}
        if separated:
            cells = {column: unquoted_cell(cell) for column, cell in cells.items()}
        yield number, dict.fromkeys(needed, "") | {column: cell.strip() for column, cell in cells.items()}
    if not number:
        raise InputError(f"holds no {what}", source=name)
