"""Comparison tables: one row a verdict, the exchange format in and out of mien.

Columns: ``option_1``, ``option_2`` (… ``option_k``) in the order shown to the model, and ``chosen``, one of
them or ``neither``, ``tie``, ``refused``, ``unreadable``; optionally ``model``, ``prompt_id``, ``judge``,
``instrument``, ``trial_id``, ``response``; and ``failure``, why a row's trial has no verdict, where
``chosen`` is blank.
"""

from __future__ import annotations

import csv
import json
import re
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mien.errors import InputError, UsageError
from mien.files import Table, read_rows
from mien.files.rows import blank, whole
from mien.files.spreadsheet import quoted_cell, unquoted_cell
from mien.files.text import format_of
from mien.formatting import enumerated, quoted
from mien.names import problem, require_visible
from mien.runs.interop.maps import fitting, mapped, renamed
from mien.stats.comparisons import comparisons_from
from mien.types import ALL_JUDGES, NON_CHOICES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

    import pandas as pd
    from numpy.typing import NDArray

    from mien.stats.comparisons import Comparisons

    Rows = Iterable[dict[str, str]]

OPTIONAL_COLUMNS = ("model", "prompt_id", "judge", "instrument", "trial_id", "response", "failure")
#: What a table can be written as.
FORMATS = (".csv", ".jsonl", ".parquet")
_KNOWN: Final = re.compile(rf"option_\d+|chosen|{'|'.join(OPTIONAL_COLUMNS)}")


def read_comparisons(path: str | Path) -> Comparisons:
    """Read a comparison table of one run. Without ``prompt_id`` every row is a cluster of its own.

    Raises:
        InputError: see `read_table`; or the table holds several models or instruments.
    """
    return comparisons_from_table(read_table(path), source=str(path))


def comparisons_from_table(table: pd.DataFrame, *, source: str = "table") -> Comparisons:
    """Turn a table as `read_table` gives it into arrays.

    Verdicts of several judges all count, and rows without a verdict as missing.

    Raises:
        InputError: the table holds several models or instruments.
    """
    for column in ("model", "instrument"):
        values = table[column].unique() if column in table else ()
        if len(values) > 1:
            raise InputError(
                f"holds {len(values)} values of {column} ({', '.join(map(str, values[:5]))} …); keep one",
                source=source,
                where=f"column {column}",
            )
    missing = int((table["chosen"] == "").sum())
    table = table[table["chosen"] != ""]
    clusters = table["prompt_id"].to_numpy(dtype=object) if "prompt_id" in table else None
    return comparisons_from(
        table[option_columns(table.columns)].to_numpy(dtype=object),
        table["chosen"].to_numpy(dtype=object),
        clusters,
        raters=table["judge"].to_numpy(dtype=object) if "judge" in table else None,
        missing=missing,
    )


def option_columns(columns: Sequence[str] | pd.Index[str]) -> list[str]:
    """The columns ``option_1``, ``option_2``, … as far as they follow one another without a gap."""
    return list(takewhile(lambda name: name in columns, (f"option_{i}" for i in count(1))))


def read_table(
    path: str | Path, *, map_by: str = "", columns: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Read and check a comparison table, in any format of `mien.files.read_rows`.

    Args:
        path: of the file.
        map_by: for a table of others, one of `mien.runs.interop.maps.MAPS`.
        columns: for one whose columns have other names, theirs by ours: ``{"option_1": "model_a", …}``.

    Returns:
        One row a verdict, all columns text: options, ``chosen`` and what is known of `OPTIONAL_COLUMNS`. Its
        ``attrs["notes"]`` hold what there is to tell of how it was read, a phrase each.

    Raises:
        InputError: a column is missing, or a row holds a blank, an option twice, or a ``chosen`` that is
            none of its options and none of `mien.types.NON_CHOICES`, unless it is blank and the row has a
            ``failure``; with the row's number. A ``prompt_id``
            that is blank throughout counts as absent.
        UsageError: both a map and columns, or a column that a table does not have.
    """
    path = Path(path)
    table = _rows(path, map_by, columns or {})
    written = not map_by and not columns and format_of(path) == ".csv"  # it may be by `write_csv`
    numbers: list[int] = []
    rows: list[dict[str, str]] = []
    found: dict[str, None] = {}
    for number, row in table.rows:
        found |= dict.fromkeys(row)
        numbers.append(number)
        cells = {name: _cell(value, path, number) for name, value in row.items() if _KNOWN.fullmatch(name)}
        rows.append({name: unquoted_cell(cell) for name, cell in cells.items()} if written else cells)
    if not rows:
        raise InputError("holds no rows", source=path)
    shown = option_columns([*found])
    _check_columns(found, shown, path)
    frame = _frame(rows, [*shown, "chosen", *(name for name in OPTIONAL_COLUMNS if name in found)])
    _check_rows(frame, shown, numbers, path)
    frame.attrs["notes"] = table.notes
    return frame


def _rows(path: Path, map_by: str, columns: Mapping[str, str]) -> Table:
    if map_by and columns:
        raise UsageError("a table is read by a map or by the names of its columns; give one of the two")
    if unknown := [name for name in columns if not _KNOWN.fullmatch(name)]:
        known = f"option_1, option_2, …, chosen, {', '.join(OPTIONAL_COLUMNS)}"
        raise UsageError(f"a comparison table has no column {unknown[0]!r}; it has {known}")
    if map_by:
        return mapped(path, map_by)
    return renamed(path, columns) if columns else read_rows(path, what="tables")


def _cell(value: Any, path: Path, number: int) -> str:
    text = "" if blank(value) else str(value)
    if not (text.isascii() or whole(text)):
        raise InputError("holds half a character (a lone surrogate)", source=path, where=f"row {number}")
    return text


def _check_columns(found: Mapping[str, None], shown: list[str], path: Path) -> None:
    beyond = [name for name in found if re.fullmatch(r"option_\d+", name) and name not in shown]
    if len(shown) >= 2 and "chosen" in found and not beyond:
        return
    needed = [name for name in ("option_1", "option_2", "chosen") if name not in found]
    needed += [f"option_{len(shown) + 1}"]  # a gap before those beyond
    way = f"read it by --map {' or '.join(fitting(found))}" if fitting(found) else "name yours with --columns"
    problem = f"the column {needed[0]!r} is missing; found: {enumerated(found) or 'none'}; {way}"
    raise InputError(problem, source=path)


def _frame(rows: list[dict[str, str]], names: list[str]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(rows, columns=names, dtype=object).fillna("")
    for name in names:
        if name == "chosen" or name.startswith("option_"):
            table[name] = table[name].str.strip()
    if "prompt_id" in table and (table["prompt_id"] == "").all():
        del table["prompt_id"]
    return table


def _check_rows(table: pd.DataFrame, shown: list[str], numbers: list[int], path: Path) -> None:
    options = table[shown].to_numpy(dtype=object)
    chosen = table["chosen"].to_numpy(dtype=object)

    def refuse(bad: NDArray[np.bool_], problem: str) -> None:
        if bad.any():
            row = int(bad.argmax())
            values = {"options": enumerated(options[row]), "chosen": quoted(chosen[row])}
            raise InputError(problem.format(**values), source=path, where=f"row {numbers[row]}")

    if "prompt_id" in table:
        refuse((table["prompt_id"] == "").to_numpy(), "prompt_id is blank, though other rows have one")
    for name, values in zip(shown, options.T, strict=True):
        refuse(values == "", f"{name} is blank")
        for word in NON_CHOICES:
            refuse(values == word, f"{name} is {word!r}, which is a verdict and cannot be a trait")
    for name in table.columns.drop(["response", "failure"], errors="ignore"):
        if wrong := [value for value in table[name].unique() if problem(value, "")]:
            row = int((table[name] == wrong[0]).to_numpy().argmax())
            require_visible(wrong[0], str(name), source=path, where=f"row {numbers[row]}")
    for i in range(1, len(shown)):
        refuse((options[:, i : i + 1] == options[:, :i]).any(axis=1), "shows one option twice: {options}")
    legal = (options == chosen[:, None]).any(axis=1) | np.isin(chosen.astype(str), NON_CHOICES)
    if "failure" in table:
        legal |= (chosen == "") & (table["failure"] != "").to_numpy()
    refuse(
        ~legal,
        "chosen is {chosen}, which is none of the row's options ({options}) "
        f"and none of {', '.join(NON_CHOICES)}",
    )
    if "judge" in table:
        refuse(
            (table["judge"] == ALL_JUDGES).to_numpy(),
            f"judge is {ALL_JUDGES!r}, which stands for all of them",
        )


def write_table(rows: Rows, path: Path, *, raw: bool = False) -> None:
    """Write the rows of a comparison table as CSV, JSONL or Parquet, by the file's ending.

    Args:
        rows: to write.
        path: of the file.
        raw: write CSV as `write_csv` does with this; the other formats are exact anyhow.

    Raises:
        InputError: the ending is none of `FORMATS`.
    """
    if path.suffix not in FORMATS:
        raise InputError(f"unknown format; tables go to {', '.join(FORMATS)}", source=path)
    if path.suffix == ".parquet":
        import pandas as pd

        table = pd.DataFrame(list(rows))
        with path.open("wb") as file:
            table.to_parquet(file, index=False)
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            if path.suffix == ".csv":
                write_csv(rows, file, raw=raw)
            else:
                _write_jsonl(rows, file)


def write_csv(rows: Rows, file: TextIO, *, raw: bool = False) -> None:
    """Write the rows of a comparison table as CSV, each as it comes.

    Args:
        rows: to write.
        file: where they go.
        raw: leave cells as they are that a spreadsheet would take for formulas; else they get an apostrophe
            in front, which `read_table` takes away again.
    """
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(file, row.keys())
            writer.writeheader()
        writer.writerow(row if raw else {name: quoted_cell(cell) for name, cell in row.items()})


def _write_jsonl(rows: Rows, file: TextIO) -> None:
    file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
