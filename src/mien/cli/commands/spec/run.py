"""``mien spec run``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.dry_run import print_calls
from mien.cli.output import bold, console, counted, print_json, print_table, write_err
from mien.cli.progress import ProgressReport, print_outcome
from mien.cli.resuming import INCOMPLETE, resumable
from mien.errors import NotIdentified, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.conduct import EvaluationPlan
    from mien.evals.evaluation import Evaluation
    from mien.evals.generation import Generation
    from mien.evals.spec.agreement import Agreement
    from mien.evals.spec.evaluate import Asked
    from mien.measurement.session import Session

_ALWAYS = 4  # columns that are shown whatever stands in them


@calling()
def command(
    spec: Annotated[
        options.Path, typer.Argument(metavar="SPEC", help="The spec's file.", show_default=False)
    ],
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL…",
            help="The models under test, an evaluation each: provider/name, http://host/v1#name, hf/FOLDER "
            "or organism/NAME.",
        ),
    ],
    judge: Annotated[
        str | None,
        typer.Option("--judge", help="The model that reads answers which cannot be checked without."),
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Answers to each item.")] = 1,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="The model before, from which the changes are told that the spec's gates bound.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The evaluation's name.", show_default="MODEL-SPEC-VERSION")
    ] = None,
    confidence_level: options.ConfidenceOption = 0.95,
    batch: options.BatchOption = False,
    wait: options.WaitOption = True,
    *,
    generation: Generation,
    session: Session,
    junit: Annotated[
        options.Path | None, typer.Option(metavar="FILE", help="Write the gates as JUnit XML.")
    ] = None,
    dry_run: options.DryRunOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Ask models the items of a spec, and say how often their answers meet each clause.

    Calls that the store holds already are not made again: after a stop, the same command goes on, and a
    newer version of the spec pays for what is new in it. What changed from one model to another: mien diff A
    B.

    Where the spec has gates, all that they name is measured, and status 1 says that one fails.
    """
    from mien.cli.commands.spec.release import Shown, hold, print_forecast
    from mien.evals.release import release as lay_out
    from mien.evals.spec.evaluate import Asked, load

    session.batching = options.batching(batch=batch, wait=wait)
    if (loaded := load(spec)).gates:
        given = {
            "--name": name,
            "--reasoning-effort": generation.reasoning_effort,
            "--extra": generation.extra,
        }
        if own := next((option for option, value in given.items() if value), None):
            raise UsageError(f"{own} goes with a spec without gates; {spec} has some")
        release = lay_out(
            spec,
            models,
            judge=judge,
            before=against,
            settings={
                "samples": samples,
                "temperature": generation.temperature,
                "max_tokens": generation.max_tokens,
            },
            system=generation.system,
        )
        if dry_run:
            print_forecast(release, session, as_json=as_json)
        else:
            hold(release, session, Shown(confidence_level, junit, as_json))
        return
    if against or junit:
        raise UsageError(f"{spec} has no gates to hold models against; write gates:, or leave this out")
    asked = Asked(spec=loaded, samples=samples, generation=generation)
    plans = _plans(models, judge, asked, name)
    session.served.require_used(tuple(dict.fromkeys(one for planned in plans for one in planned.models)))
    if dry_run:
        note = "what a check by itself says is broken, nobody reads"
        print_calls(plans, session, note=note, as_json=as_json)
        return
    evaluations = _carried_out(plans, session)
    found = read(evaluations, confidence_level)
    if as_json:
        print_json([to_dict(one, confidence_level) for one in found])
    else:
        show(found, confidence_level)
    lacking = [told for one in evaluations if (told := one.made.lacking(one.name))]
    if len(evaluations) < len(plans):
        lacking.append(f"{', '.join(one.name for one in plans[len(evaluations) :])} are not begun")
    if lacking:
        write_err(f"Incomplete: {'; '.join(lacking)}; the same command goes on.\n")
        raise typer.Exit(INCOMPLETE)


def _plans(models: Sequence[str], judge: str | None, asked: Asked, name: str | None) -> list[EvaluationPlan]:
    from mien.evals.spec.evaluate import plan

    if name and len(models) > 1:
        raise UsageError("--name is for one model; several are kept by their own names")
    plans = [plan(model, judge, asked, name=name) for model in models]
    names = [planned.name for planned in plans]
    if twice := [one for one in names if names.count(one) > 1]:
        raise UsageError(
            f"two of the models would both be kept as {twice[0]}; run each by itself, with --name"
        )
    return plans


def _carried_out(plans: Sequence[EvaluationPlan], session: Session) -> list[Evaluation]:
    """One model after the other, each with its outcome; a limit that is reached ends it."""
    from mien.evals.spec.evaluate import carry_out

    evaluations: list[Evaluation] = []
    for planned in plans:
        with resumable(session.path), ProgressReport() as session.on_progress:
            evaluations += carry_out([planned], session)
        progress = session.progress
        assert progress is not None
        print_outcome(progress)
        if progress.stopped:
            break
    return evaluations


def read(evaluations: Sequence[Evaluation], confidence_level: float) -> list[Agreement]:
    """What each evaluation by itself tells: what cannot be told of one may be told of another."""
    from mien.evals.spec.agreement import agreement

    found: list[Agreement] = []
    for one in evaluations:
        try:
            found += agreement([one], confidence_level=confidence_level)
        except NotIdentified as error:
            if not one.made.missing:
                raise
            console(err=True).print(f"Nothing to tell yet: {error}", markup=False, soft_wrap=True)
    return found


def show(found: Sequence[Agreement], confidence_level: float) -> None:
    """Print what each tells."""
    for number, one in enumerate(found):
        if number:
            console().print()
        _print(one, confidence_level)


def to_dict(found: Agreement, confidence_level: float) -> dict[str, Any]:
    """How far a model agrees with the spec, as ``--json`` has it."""
    from dataclasses import asdict

    estimates, known = found.estimates, found.calibration
    low, high = (ends.tolist() for ends in estimates.intervals(confidence_level))
    settings = found.evaluation.settings
    acuity = known.acuity
    return {
        "evaluation": estimates.label,
        "model": found.evaluation.record.model,
        "judge": found.evaluation.record.judge,
        "spec": {"name": settings["spec"], "version": settings["version"]},
        "samples": settings["samples"],
        "confidence_level": confidence_level,
        "missing": estimates.made.missing,
        "cut_off": found.cut_off,
        "rates": [
            {
                "of": group.kind,
                "name": group.name,
                "rate": float(estimates.values[i]),
                "low": low[i],
                "high": high[i],
                "items": int(estimates.clusters_per_quantity[i]),
                "verdicts": dict(found.of(group)),
                "corrected": None if (one := found.corrected[group.name]) is None else one._asdict(),
                "examples": asdict(known.clauses[group.name]) if group.name in known.clauses else None,
            }
            for i, group in enumerate(found.groups)
        ],
        "untold": list(estimates.unrated),
        "judge_on_examples": None
        if acuity is None
        else {
            "sensitivity": acuity.sensitivity._asdict(),
            "specificity": acuity.specificity._asdict(),
            "kappa": {name: float(value) for name, value in acuity.kappa._asdict().items()},
        },
        "reads_itself": found.reads_itself,
    }


def _print(found: Agreement, confidence_level: float) -> None:
    from mien.report.spec import notes, table, warnings

    out, settings = console(), found.evaluation.settings
    items = sum(1 for item in found.evaluation.items.values() if item.test in found.verdicts)
    told = f"{settings['spec']} {settings['version']}".strip()
    clauses = counted(len(found.verdicts), "clause")
    out.print(f"{bold(found.estimates.label)}: {counted(items, 'item')} of {clauses} of {told}\n")
    heads, left, rows = table(found, confidence_level)
    kept = [i for i in range(len(heads)) if i < _ALWAYS or any(row[i] for row in rows)]
    print_table([heads[i] for i in kept], ([row[i] for i in kept] for row in rows), left=left)
    out.print()
    for line in (*notes([found]), *(f"Warning: {line}" for line in warnings([found]))):
        out.print(line, markup=False, soft_wrap=True)
