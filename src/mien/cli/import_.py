"""``mien import``."""

from __future__ import annotations

from typing import Annotated

import typer

from mien.cli import options
from mien.cli.output import console, counted


def command(
    source: Annotated[options.Path, typer.Argument(metavar="FILE", help="A CSV, JSONL or Parquet file.")],
    name: Annotated[str, typer.Option(help="Name of the run to make.")],
    model: Annotated[
        str | None, typer.Option(help="Take this model's rows, where the table holds several.")
    ] = None,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Make a run of a comparison table, so that profile, diff and export work on it."""
    from mien.runs import import_run

    run = import_run(source, name, store=store, model=model)
    with_choice = run.comparisons().chosen
    console().print(
        f"{name}: {counted(len(with_choice), 'verdict')} on {len(run.record.traits)} traits, "
        f"{int((with_choice >= 0).sum()):,} of them choices. Next: mien profile {name}",
        markup=False,
    )
