"""Comparison tables: one row a verdict, the exchange format in and out of mien.

Columns: ``option_1``, ``option_2`` (… ``option_k``) in the order shown to the model, and ``chosen``, one of
them or ``neither``, ``refused``, ``unreadable``; optionally ``model``, ``prompt_id``, ``judge``,
``instrument``, ``trial_id``, ``response``.
"""

from __future__ import annotations

import csv
import json
import re
import warnings
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mien.errors import InputError
from mien.files import read_jsonl, read_text
from mien.stats.comparisons import comparisons_from
from mien.types import NON_CHOICES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    import pandas as pd
    from numpy.typing import NDArray

    from mien.stats.comparisons import Comparisons

    Rows = Iterable[dict[str, str]]

OPTIONAL_COLUMNS = ("model", "prompt_id", "judge", "instrument", "trial_id", "response")
FORMATS = (".csv", ".jsonl", ".parquet")


def read_comparisons(path: str | Path) -> Comparisons:
    """Read a comparison table of one run. Without ``prompt_id`` every row is a cluster of its own.

    Raises:
        InputError: see `read_table`; or the table holds several models, judges or instruments.
    """
    return comparisons_from_table(read_table(path), source=str(path))


def comparisons_from_table(table: pd.DataFrame, *, source: str = "table") -> Comparisons:
    """Turn a table as `read_table` gives it into arrays.

    Raises:
        InputError: the table holds several models, judges or instruments.
    """
    for column in ("model", "judge", "instrument"):
        values = table[column].unique() if column in table else ()
        if len(values) > 1:
            raise InputError(
                f"holds {len(values)} values of {column} ({', '.join(map(str, values[:5]))} …); keep one",
                source=source,
                where=f"column {column}",
            )
    clusters = table["prompt_id"].to_numpy(dtype=object) if "prompt_id" in table else None
    return comparisons_from(
        table[option_columns(table.columns)].to_numpy(dtype=object),
        table["chosen"].to_numpy(dtype=object),
        clusters,
    )


def option_columns(columns: Sequence[str] | pd.Index[str]) -> list[str]:
    """The columns ``option_1``, ``option_2``, … as far as they follow one another without a gap."""
    return list(takewhile(lambda name: name in columns, (f"option_{i}" for i in count(1))))


def read_table(path: str | Path) -> pd.DataFrame:
    """Read and check a comparison table: CSV, JSONL or Parquet, by the file's ending.

    Returns:
        One row a verdict, all columns text: options, ``chosen`` and what is known of `OPTIONAL_COLUMNS`.

    Raises:
        InputError: a column is missing, or a row holds a blank, an option twice, or a ``chosen`` that is
            none of its options and none of the three words; with the row's number (the first row of data
            is row 1). A ``prompt_id`` that is blank throughout counts as absent.
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise InputError(f"unknown format; tables come as {', '.join(FORMATS)}", source=path)
    if not path.is_file():
        raise InputError("no such file", source=path)
    table = _load(path)
    shown = option_columns(table.columns)
    beyond = [name for name in table.columns if re.fullmatch(r"option_\d+", str(name)) and name not in shown]
    if len(shown) < 2 or "chosen" not in table or beyond:
        needed = [name for name in ("option_1", "option_2", "chosen") if name not in table]
        needed += [f"option_{len(shown) + 1}"]  # a gap before those beyond
        found = ", ".join(map(str, table.columns)) or "none"
        raise InputError(f"the column {needed[0]!r} is missing; found: {found}", source=path)
    if not len(table):
        raise InputError("holds no rows", source=path)
    known = [*shown, "chosen", *(name for name in OPTIONAL_COLUMNS if name in table)]
    table = table[known].astype(object)  # numbers and categories take no "" in place of what is missing
    table = table.where(table.notna(), "").astype(str)
    for name in (*shown, "chosen"):
        table[name] = table[name].str.strip()
    if "prompt_id" in table and (table["prompt_id"] == "").all():
        del table["prompt_id"]
    _check_rows(table, shown, path)
    return table


def _load(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        if path.suffix == ".csv":
            with warnings.catch_warnings():
                # A row with too many fields: pandas would warn and cut it short.
                warnings.simplefilter("error", pd.errors.ParserWarning)
                # A trait may be called "null": only an empty field is blank.
                return pd.read_csv(
                    path, dtype=str, keep_default_na=False, index_col=False, encoding="utf-8-sig"
                )
        if path.suffix == ".jsonl":
            return pd.DataFrame([row for _, row in read_jsonl(read_text(path), str(path))])
        return pd.read_parquet(path)
    except (OSError, ValueError, pd.errors.ParserWarning) as error:  # parser errors are ValueErrors
        raise InputError(f"cannot be read: {error}", source=path) from error


def _check_rows(table: pd.DataFrame, shown: list[str], path: Path) -> None:
    options = table[shown].to_numpy(dtype=object)
    chosen = table["chosen"].to_numpy(dtype=object)

    def refuse(bad: NDArray[np.bool_], problem: str) -> None:
        if bad.any():
            row = int(bad.argmax())
            values = {"options": ", ".join(options[row]), "chosen": repr(chosen[row])}
            raise InputError(problem.format(**values), source=path, where=f"row {row + 1}")

    if "prompt_id" in table:
        refuse((table["prompt_id"] == "").to_numpy(), "prompt_id is blank, though other rows have one")
    for name, values in zip(shown, options.T, strict=True):
        refuse(values == "", f"{name} is blank")
        for word in NON_CHOICES:
            refuse(values == word, f"{name} is {word!r}, which is a verdict and cannot be a trait")
    for i in range(1, len(shown)):
        refuse((options[:, i : i + 1] == options[:, :i]).any(axis=1), "shows one option twice: {options}")
    legal = (options == chosen[:, None]).any(axis=1) | np.isin(chosen.astype(str), NON_CHOICES)
    refuse(
        ~legal,
        "chosen is {chosen}, which is none of the row's options ({options}) "
        f"and none of {', '.join(NON_CHOICES)}",
    )


def write_table(rows: Rows, path: Path) -> None:
    """Write the rows of a comparison table as CSV, JSONL or Parquet, by the file's ending.

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
            (write_csv if path.suffix == ".csv" else _write_jsonl)(rows, file)


def write_csv(rows: Rows, file: TextIO) -> None:
    """Write the rows of a comparison table as CSV, each as it comes."""
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(file, row.keys())
            writer.writeheader()
        writer.writerow(row)


def _write_jsonl(rows: Rows, file: TextIO) -> None:
    file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
