"""``mien judge``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.output import console, counted, print_json
from mien.cli.progress import ProgressReport, print_outcome

if TYPE_CHECKING:
    from mien.measurement.session import Limits
    from mien.models.inprocess.loading import Hardware


@calling()
def command(
    run: Annotated[str, typer.Argument(help="The run's name.")],
    judge: options.JudgeModelOption,
    name: Annotated[
        str | None,
        typer.Option("--as", help="What its verdicts go by.", show_default="the model; JUDGE#N for a repeat"),
    ] = None,
    repeat: Annotated[
        int | None,
        typer.Option(min=1, help="Have a judge that read the run read it again, for the n-th time."),
    ] = None,
    temperature: Annotated[float | None, typer.Option(show_default="the protocol's")] = None,
    top_p: Annotated[float | None, typer.Option(show_default="the protocol's")] = None,
    *,
    limits: Limits,
    hardware: Hardware,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Have another judge read a run's responses, or the same one again; nothing is generated again."""
    from mien.measurement.measure import second_opinion
    from mien.runs.run import Run

    judged = Run(run, store)
    report = ProgressReport()
    try:
        with report:
            label = second_opinion(
                judged,
                judge,
                name=name,
                repeat=repeat or 0,
                sampling={"temperature": temperature, "top_p": top_p},
                limits=limits,
                hardware=hardware,
                on_progress=report,
            )
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. All that was answered is kept; the same command goes on.\n")
        raise typer.Exit(130) from None
    if report.last:
        print_outcome(report.last)
    records = judged.judges
    own = next(record for record in records if record.name == label)
    alike = [record for record in records if record.identity == own.identity] if repeat else records
    first = alike[0].name
    agreement = judged.agreement(first, label) if label != first else None
    if as_json:
        print_json({"run": run, "judge": label, "with": first if agreement else None, "agreement": agreement})
        return
    out = console()
    read = report.last.done - report.last.failed if report.last else 0
    out.print(f"{label}: {counted(read, 'response')} of {run} read", markup=False)
    if agreement:
        kappa, low, high, alike_share, n = (
            agreement[key] for key in ("kappa", "low", "high", "agreement", "n")
        )
        out.print(
            f"Agreement with {'itself, ' if repeat else ''}{first}: κ {kappa:.2f} ({low:.2f} … {high:.2f}), "
            f"{alike_share:.1%} of {n:,} verdicts alike",
            markup=False,
        )
    out.print(f"Its ratings: mien profile {run} --judge {label}", markup=False)
