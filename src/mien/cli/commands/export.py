"""``mien export``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mien.cli import options
from mien.cli.run_names import RunArgument
from mien.formatting import visible


def command(
    run: RunArgument,
    output: Annotated[
        options.Path | None,
        typer.Option(
            "--output", "-o", help="A .csv, .jsonl or .parquet file.", show_default="CSV on standard output"
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also the trials without a verdict, with the reason in a column failure."),
    ] = False,
    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="Leave cells of CSV as they are that a spreadsheet would take for formulas.",
            show_default="they get an apostrophe in front, which mien import takes away",
        ),
    ] = False,
    judge: options.JudgeNameOption = None,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Write a run as a comparison table, one row a verdict, with the responses.

    With --all, one row a trial.
    """
    from mien.runs.interop.tables import write_csv, write_table
    from mien.runs.run import Run

    rows = Run(run, store).rows(judge, without_verdict=everything)
    if output is not None:
        write_table(rows, output, raw=raw)
    elif sys.stdout.isatty():  # for people: there it is not on its way into a file
        shown = ({name: visible(cell) for name, cell in row.items()} for row in rows)
        write_csv(shown, sys.stdout, raw=raw)
    else:
        write_csv(rows, sys.stdout, raw=raw)
