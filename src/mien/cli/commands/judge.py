"""``mien judge``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.output import console, counted, print_json, write_err
from mien.cli.progress import ProgressReport, print_notes, print_outcome
from mien.cli.resuming import require_complete
from mien.cli.run_names import RunArgument
from mien.errors import UsageError
from mien.formatting import enumerated

if TYPE_CHECKING:
    from mien.measurement.session import Session
    from mien.runs.run import Run


@calling()
def command(
    run: RunArgument,
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
    max_tokens: Annotated[
        int | None,
        typer.Option(
            "--max-tokens",
            "--judge-max-tokens",
            min=1,
            help="Longest answer of the judge, reasoning included.",
            show_default="the protocol's, or 8,192",
        ),
    ] = None,
    system_role: Annotated[
        str | None,
        typer.Option(
            help="keep or merge: send the system message as such, or as part of the user's.",
            show_default="the protocol's",
        ),
    ] = None,
    check_judge: options.CheckJudgeOption = None,
    batch: options.BatchOption = False,
    wait: options.WaitOption = True,
    *,
    session: Session,
    as_json: options.JsonOption = False,
) -> None:
    """Have another judge read a run's responses, or the same one again; nothing is generated again."""
    from mien.measurement.rejudge import rejudge
    from mien.runs.run import Run

    session.served.require_used((judge,))
    session.batching = options.batching(batch=batch, wait=wait)
    judged = Run(run, session.path)
    try:
        with ProgressReport() as session.on_progress:
            label = rejudge(
                judged,
                judge,
                session,
                name=name,
                repeat=repeat or 0,
                check_judge=check_judge,
                sampling={
                    "temperature": temperature,
                    "top_p": top_p,
                    "max_tokens": max_tokens,
                    "system_role": system_role,
                },
            )
    except KeyboardInterrupt:
        write_err("\nStopped. All that was answered is kept; the same command goes on.\n")
        raise typer.Exit(130) from None
    progress = session.progress
    assert progress is not None
    print_outcome(progress)
    print_notes([*judged.cut_readings(label), *judged.truncations(label)])
    _print(
        judged,
        label,
        counted(progress.done - progress.failed, "response"),
        repeat=bool(repeat),
        as_json=as_json,
    )
    outcome = judged.outcome(label)
    way_on = "the same command goes on" if outcome.unread else "the command that measured the run goes on"
    require_complete([outcome], way_on)


def _print(judged: Run, label: str, read: str, *, repeat: bool, as_json: bool) -> None:
    """Print how far a judge agrees with the one before it, where they have read any trial in common."""
    records = judged.judges
    own = next(record for record in records if record.name == label)
    alike = [record for record in records if record.identity == own.identity] if repeat else records
    first = alike[0].name
    try:
        agreement = judged.agreement(first, label) if label != first else None
    except UsageError:
        if judged.outcome(label).complete:
            raise
        agreement = None  # one of the two has not read far enough
    differing = [] if agreement is None or repeat else _differing(judged, first, label)
    if as_json:
        print_json(
            {
                "run": judged.name,
                "judge": label,
                "with": first if agreement else None,
                "agreement": agreement,
                "differing": differing,
            }
        )
        return
    out = console()
    out.print(f"{label}: {read} of {judged.name} read", markup=False)
    if agreement:
        kappa, low, high, alike_share, n = (
            agreement[key] for key in ("kappa", "low", "high", "agreement", "n")
        )
        out.print(
            f"Agreement with {'itself, ' if repeat else ''}{first}: κ {kappa:.2f} ({low:.2f} … {high:.2f}), "
            f"{alike_share:.1%} of {n:,} verdicts alike",
            markup=False,
        )
        if differing:
            out.print(
                f"It does not mean the same by {enumerated(differing, 4)}: mien reliability {judged.name}",
                markup=False,
                soft_wrap=True,
            )
    out.print(f"Its ratings: mien profile {judged.name} --judge {label}", markup=False)


def _differing(judged: Run, first: str, label: str) -> list[str]:
    """The traits by which two judges don't mean the same."""
    for pair in judged.functionings():
        if {pair.a, pair.b} == {first, label}:
            return [row["trait"] for row in pair.differing]
    return []
