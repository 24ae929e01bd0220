"""``mien import``."""

from __future__ import annotations

from typing import Annotated

import typer

from mien.cli import options
from mien.cli.output import console, counted, print_json


def command(
    source: Annotated[options.Path, typer.Argument(metavar="FILE", help="A CSV, JSONL or Parquet file.")],
    name: Annotated[str, typer.Option(help="Name of the run to make.")],
    model: Annotated[
        str | None, typer.Option(help="Take this model's rows, where the table holds several.")
    ] = None,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Make a run of a comparison table, so that profile, diff and export work on it."""
    from mien.runs.interop.imports import import_run

    run = import_run(source, name, store=store, model=model)
    chosen = run.comparisons().chosen
    n_traits, n_chosen = len(run.record.traits), int((chosen >= 0).sum())
    if as_json:
        print_json({"run": name, "n_traits": n_traits, "n_trials": len(chosen), "n_chosen": n_chosen})
        return
    console().print(
        f"{name}: {counted(len(chosen), 'verdict')} on {n_traits} traits, "
        f"{n_chosen:,} of them choices. Next: mien profile {name}",
        markup=False,
    )
