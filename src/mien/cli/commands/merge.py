"""``mien merge``."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads it
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.output import console, counted, print_json, write_err
from mien.cli.resuming import INCOMPLETE, require_complete

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mien.store.merging import Merged


def command(
    out: Annotated[Path, typer.Argument(help="The merged store; made if there is none.")],
    stores: Annotated[
        list[Path], typer.Argument(help="What it takes in: the shards of a run, or any stores.")
    ],
    partial: Annotated[bool, typer.Option("--partial", help="Merge although shards are missing.")] = False,
    same_servers: Annotated[
        bool,
        typer.Option(
            "--same-servers",
            help="An address such as http://localhost:8000 meant the same model on each machine.",
        ),
    ] = False,
    as_json: options.JsonOption = False,
) -> None:
    """Bring stores together in one: shards of a run, or what several people measured.

    What the merged store has stays; again adds nothing; stopped, the same command goes on. Where two stores
    hold different answers to one question, the first's stands, and what others read in theirs is left out.
    """
    from mien.store.merging import merge

    try:
        merged = merge(
            out,
            stores,
            partial=partial,
            same_servers=same_servers,
            on_merged=None if as_json else _tell,
        )
    except KeyboardInterrupt:
        write_err("\nStopped. The files that are told of are in; the same command goes on.\n")
        raise typer.Exit(130) from None
    outcomes = _outcomes(out, {name for one in merged for name in one.runs})
    evaluated = _evaluations(out, {name for one in merged for name in one.evaluations})
    if as_json:
        print_json(
            {
                "store": str(out),
                "merged": [_entry(one) for one in merged],
                "runs": [{"run": one.run, "judge": one.judge, **one.to_dict()} for one in outcomes],
                "evaluations": evaluated,
            }
        )
    lacking = [one for one in evaluated if one["missing"]]
    for one in lacking:
        write_err(
            f"Incomplete: {one['missing']:,} of {counted(one['items'], 'item')} of {one['evaluation']} are "
            f"missing; mien {one['kind']} goes on with it.\n"
        )
    require_complete(outcomes, "mien measure or mien judge goes on with it")
    if lacking:
        raise typer.Exit(INCOMPLETE)


def _entry(merged: Merged) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(merged) | {"source": str(merged.source)}


def _tell(merged: Merged) -> None:
    parts = [
        counted(n, what)
        for n, what in (
            (merged.trials, "trial"),
            (merged.calls, "call"),
            (merged.verdicts, "verdict"),
            (merged.labels, "label"),
        )
        if n
    ]
    console().print(f"{merged.source}: {', '.join(parts) or 'nothing new'}", markup=False, soft_wrap=True)
    if merged.conflicts:
        write_err(
            f"Note: {merged.source} has other answers to {counted(merged.conflicts, 'call')} than the merged "
            f"store, whose stand; {counted(merged.dropped_verdicts, 'verdict')} on its own are left out, to "
            f"be judged again by mien measure or mien judge, and {counted(merged.dropped_labels, 'label')}.\n"
        )


def _evaluations(store: Path, names: set[str]) -> list[dict[str, Any]]:
    """What is there of the evaluations that were taken in."""
    from mien.store.store import Store

    with Store(store, read_only=True) as opened:
        found = [one for one in opened.evaluations.all() if one.name in names]
    return [
        {
            "evaluation": one.name,
            "kind": one.kind,
            "items": one.items,
            "missing": one.items - one.done,
        }
        for one in found
    ]


def _outcomes(store: Path, names: Iterable[str]) -> list[Any]:
    from mien.runs.run import Run

    runs = [Run(name, store) for name in sorted(names)]
    return [run.outcome(judge.name) for run in runs for judge in run.judges]
