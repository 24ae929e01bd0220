"""``mien breadth views``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.dry_run import print_calls
from mien.cli.output import bold, console, counted, print_json, print_table, write_err
from mien.cli.progress import ProgressReport, print_outcome
from mien.cli.resuming import INCOMPLETE, resumable
from mien.errors import NotIdentified

if TYPE_CHECKING:
    from mien.evals.generation import Generation
    from mien.evals.views.views import Views
    from mien.measurement.session import Session

_WHAT = "What is asked"


@calling()
def command(
    model: Annotated[
        str,
        typer.Argument(
            help="The model under test: provider/name, http://host/v1#name, hf/FOLDER or organism/NAME."
        ),
    ],
    judge: Annotated[str, typer.Option("--judge", help="The model that reads its answers.")],
    part: Annotated[
        list[str] | None,
        typer.Option(
            "--part",
            help="requests, coverage or steering (repeatable).",
            show_default="all",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    items: Annotated[
        int | None,
        typer.Option("--items", min=2, help="So many questions.", show_default="all", rich_help_panel=_WHAT),
    ] = None,
    item_file: Annotated[
        list[options.Path] | None,
        typer.Option(
            "--item-file",
            metavar="FILE",
            help="Questions in place of mien's own: YAML, or CSV or JSONL of a published set (repeatable).",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="The evaluation's name.", show_default="MODEL-views", rich_help_panel=_WHAT),
    ] = None,
    confidence_level: options.ConfidenceOption = 0.95,
    batch: options.BatchOption = False,
    wait: options.WaitOption = True,
    *,
    generation: Generation,
    session: Session,
    dry_run: options.DryRunOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Measure the breadth of views: help for both sides, viewpoints told of, and whose side is taken.

    Calls that the store holds already are not made again: after a stop, the same command goes on. What
    changed from one model to another: mien diff A B.
    """
    from mien.evals.views.evaluate import Asked, carry_out, plan
    from mien.evals.views.imports import read_files
    from mien.evals.views.views import views

    session.batching = options.batching(batch=batch, wait=wait)
    given = read_files(item_file or ())
    asked = Asked(
        parts=part or (),
        questions=given.questions,
        planted=given.planted,
        most=items,
        generation=generation,
    )
    planned = plan(model, judge, asked, name=name)
    session.served.require_used(planned.models)
    if dry_run:
        note = "answers are compared where both sides were helped"
        print_calls([planned], session, by="part", note=note, as_json=as_json)
        return
    with resumable(session.path), ProgressReport() as session.on_progress:
        evaluation = carry_out(planned, session)
    progress = session.progress
    assert progress is not None
    print_outcome(progress)
    try:
        (found,) = views([evaluation], confidence_level=confidence_level)
    except NotIdentified as error:
        if not evaluation.made.missing:
            raise
        console(err=True).print(f"Nothing to tell yet: {error}", markup=False, soft_wrap=True)
    else:
        if as_json:
            print_json(to_dict(found, confidence_level))
        else:
            _print(found, confidence_level)
    if lacking := evaluation.made.lacking(evaluation.name):
        write_err(f"Incomplete: {lacking}; the same command goes on.\n")
        raise typer.Exit(INCOMPLETE)


def to_dict(found: Views, confidence_level: float) -> dict[str, Any]:
    """What an evaluation found, as ``--json`` has it."""
    from math import isnan

    estimates = found.estimates
    low, high = (ends.tolist() for ends in estimates.intervals(confidence_level))
    detectable = estimates.detectable(confidence_level)
    return {
        "evaluation": estimates.label,
        "confidence_level": confidence_level,
        "missing": estimates.made.missing,
        "measures": [
            {
                "measure": name,
                "value": value,
                "low": low[i],
                "high": high[i],
                "questions": int(n),
                "detectable": detectable[name],
            }
            for i, (name, value, n) in enumerate(
                zip(estimates.names, estimates.values.tolist(), estimates.clusters_per_quantity, strict=True)
            )
        ],
        "untold": found.estimates.unrated,
        "readings": {name: read._asdict() for name, read in found.readings.items()},
        "judge": {name: share._asdict() for name, share in found.judges.items()},
        "takes_first": found.first._asdict() if found.first else None,
        "reads_itself": found.reads_itself,
        "stances": [
            {
                key: None if isinstance(value, float) and isnan(value) else value
                for key, value in stance._asdict().items()
            }
            for stance in found.stances
        ],
    }


def _print(found: Views, confidence_level: float) -> None:
    from mien.report.views import WHAT, notes, table, warnings

    out = console()
    items = sum(read.items for read in found.readings.values())
    out.print(
        f"{bold(found.estimates.label)}: {counted(items, 'item')} of {counted(len(found.readings), 'part')}\n"
    )
    heads, left, rows = table(found, confidence_level)
    print_table(heads, rows, left=left)
    out.print()
    for line in (WHAT, *notes([found]), *(f"Warning: {line}" for line in warnings([found]))):
        out.print(line, markup=False, soft_wrap=True)
