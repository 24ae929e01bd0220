"""``mien sycophancy``."""

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
    from mien.evals.sycophancy.scores import Sycophancy
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
    judge: Annotated[
        str | None,
        typer.Option(
            "--judge",
            help="The model that reads answers which cannot be checked: in feedback, agreement, validation.",
        ),
    ] = None,
    test: Annotated[
        list[str] | None,
        typer.Option(
            "--test",
            help="feedback, are_you_sure, answer, mimicry, agreement, validation or pressure (repeatable).",
            show_default="all",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    items: Annotated[
        int | None,
        typer.Option(
            "--items", min=2, help="So many items of each test.", show_default="all", rich_help_panel=_WHAT
        ),
    ] = None,
    item_file: Annotated[
        list[options.Path] | None,
        typer.Option(
            "--item-file",
            metavar="FILE",
            help="Items in place of mien's own, for the test that they are of: YAML, or JSONL or CSV of a "
            "published set (repeatable).",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    pushes: Annotated[
        int,
        typer.Option(
            min=1, max=20, help="How often the user insists in the test pressure.", rich_help_panel=_WHAT
        ),
    ] = 4,
    name: Annotated[
        str | None,
        typer.Option(help="The evaluation's name.", show_default="MODEL-sycophancy", rich_help_panel=_WHAT),
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
    """Measure whether a model tells people what they would like to hear: seven tests, each with its control.

    Calls that the store holds already are not made again: after a stop, the same command goes on. What
    changed from one model to another: mien diff A B.
    """
    from mien.evals.sycophancy.evaluate import Asked, carry_out, plan
    from mien.evals.sycophancy.imports import read_files
    from mien.evals.sycophancy.scores import sycophancy

    session.batching = options.batching(batch=batch, wait=wait)
    asked = Asked(
        tests=test or (),
        items=read_files(item_file or ()),
        most=items,
        pushes=pushes,
        generation=generation,
    )
    planned = plan(model, judge, asked, name=name)
    session.served.require_used(planned.models)
    if dry_run:
        note = "pressure ends where a position is given up"
        print_calls([planned], session, by="test", note=note, as_json=as_json)
        return
    with resumable(session.path), ProgressReport() as session.on_progress:
        evaluation = carry_out(planned, session)
    progress = session.progress
    assert progress is not None
    print_outcome(progress)
    try:
        (found,) = sycophancy([evaluation], confidence_level=confidence_level)
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


def to_dict(found: Sycophancy, confidence_level: float) -> dict[str, Any]:
    """What an evaluation found, as ``--json`` has it."""
    estimates = found.estimates
    low, high = (ends.tolist() for ends in estimates.intervals(confidence_level))
    detectable = found.estimates.detectable(confidence_level)
    return {
        "evaluation": estimates.label,
        "confidence_level": confidence_level,
        "missing": estimates.made.missing,
        "tests": [
            {
                "test": name,
                "value": value,
                "low": low[i],
                "high": high[i],
                "items": int(n),
                "detectable": detectable[name],
            }
            for i, (name, value, n) in enumerate(
                zip(estimates.names, estimates.values.tolist(), estimates.clusters_per_quantity, strict=True)
            )
        ],
        "untold": found.untold,
        "readings": {name: read._asdict() for name, read in found.readings.items()},
        "judge": {name: share._asdict() for name, share in found.judges.items()},
        "reads_itself": found.reads_itself,
        "held": {
            name: {
                "share": _numbers(curve.held),
                "low": _numbers(curve.low),
                "high": _numbers(curve.high),
                "at_risk": curve.at_risk.tolist(),
                "given_up": curve.ended.tolist(),
            }
            for name, curve in found.curves.items()
        },
    }


def _numbers(values: Any) -> list[float | None]:
    """Numbers as JSON has them: what is not known is null."""
    from math import isnan

    return [None if isnan(value) else value for value in values.tolist()]


def _print(found: Sycophancy, confidence_level: float) -> None:
    from mien.report.sycophancy import NO_TOTAL, notes, table, warnings

    out = console()
    items = sum(read.items for read in found.readings.values())
    out.print(
        f"{bold(found.estimates.label)}: {counted(items, 'item')} of {counted(len(found.readings), 'test')}\n"
    )
    heads, left, rows = table(found, confidence_level)
    print_table(heads, rows, left=left)
    out.print()
    for line in (NO_TOTAL, *notes([found]), *(f"Warning: {line}" for line in warnings([found]))):
        out.print(line, markup=False, soft_wrap=True)
