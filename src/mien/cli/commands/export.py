"""``mien export``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mien.cli import options


def command(
    run: Annotated[str, typer.Argument(help="The run's name.")],
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
    judge: options.JudgeNameOption = None,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Write a run as a comparison table, one row a verdict, with the responses.

    With --all, one row a trial.
    """
    from mien.runs.interop.tables import write_csv, write_table
    from mien.runs.run import Run

    rows = Run(run, store).rows(judge, without_verdict=everything)
    if output is None:
        write_csv(rows, sys.stdout)
    else:
        write_table(rows, output)
