"""``mien import``."""

from __future__ import annotations

from typing import Annotated

import typer

from mien.cli import options
from mien.cli.output import console, counted, print_json, tell
from mien.errors import UsageError


def command(
    source: Annotated[options.Path, typer.Argument(metavar="FILE", help="A table of comparisons.")],
    name: Annotated[str, typer.Option(help="Name of the run to make.")],
    map_by: Annotated[
        str,
        typer.Option(
            "--map",
            help="Whose table it is: arena (LMArena, MT-bench), alpaca (AlpacaEval), icai, llmfao.",
            show_default="mien's own",
        ),
    ] = "",
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns",
            metavar="NAME=COLUMN,…",
            help="How its columns are called: option_1=model_a,option_2=model_b,chosen=winner.",
            show_default="by their names",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Take this model's rows, where the table holds several.")
    ] = None,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Make a run of a comparison table, so that profile, diff and export work on it."""
    from mien.runs.interop.imports import import_table
    from mien.runs.interop.tables import read_table
    from mien.stats.profiles.verdicts import count_verdicts

    table = read_table(source, map_by=map_by, columns=_columns(columns or ()))
    tell(source, table.attrs["notes"])
    run = import_table(table, str(source), name, store, model)
    comparisons = run.comparisons()
    found = count_verdicts(comparisons)
    n_traits, n_judges = len(run.record.traits), len(run.judges)
    if as_json:
        print_json(
            {
                "run": name,
                "n_traits": n_traits,
                "n_trials": len(comparisons.chosen),
                "n_chosen": found["chosen"],
                "n_ties": found["tie"],
                "n_judges": n_judges,
            }
        )
        return
    ties = f", {counted(found['tie'], 'tie')}" if found["tie"] else ""
    by = f" by {n_judges:,} judges" if n_judges > 1 else ""
    console().print(
        f"{name}: {counted(len(comparisons.chosen), 'verdict')}{by} on {n_traits} traits, "
        f"{found['chosen']:,} of them choices{ties}. Next: mien profile {name}",
        markup=False,
    )


def _columns(given: list[str] | tuple[()]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for pair in ",".join(given).split(",") if given else ():
        ours, sign, theirs = (part.strip() for part in pair.partition("="))
        if not (ours and sign and theirs):
            raise UsageError(f"--columns: {pair!r} is not of the form option_1=COLUMN")
        columns[ours] = theirs
    return columns
