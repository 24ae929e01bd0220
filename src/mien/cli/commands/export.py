"""``mien export``."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    Rows = Iterable[dict[str, str]]


def command(
    run: Annotated[str, typer.Argument(help="The run's name.")],
    output: Annotated[
        options.Path | None,
        typer.Option(
            "--output", "-o", help="A .csv, .jsonl or .parquet file.", show_default="CSV on standard output"
        ),
    ] = None,
    judge: options.JudgeNameOption = None,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Write a run as a comparison table, one row a verdict, with the responses."""
    from mien.runs.run import Run
    from mien.stats.comparisons import FORMATS

    rows = Run(run, store).rows(judge)
    if output is None:
        _write_csv(rows, sys.stdout)
    elif output.suffix not in FORMATS:
        raise InputError(f"unknown format; tables go to {', '.join(FORMATS)}", source=output)
    elif output.suffix == ".parquet":
        import pandas as pd

        table = pd.DataFrame(list(rows))
        with output.open("wb") as file:
            table.to_parquet(file, index=False)
    else:
        with output.open("w", encoding="utf-8", newline="") as file:
            (_write_csv if output.suffix == ".csv" else _write_jsonl)(rows, file)


def _write_csv(rows: Rows, file: TextIO) -> None:
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(file, row.keys())
            writer.writeheader()
        writer.writerow(row)


def _write_jsonl(rows: Rows, file: TextIO) -> None:
    file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
