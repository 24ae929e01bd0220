"""``mien spec run`` of a spec with gates: what they name is measured, and models are held against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from mien.cli.output import console, print_json, print_table, write_err
from mien.cli.resuming import INCOMPLETE, resumable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mien.evals.release import Release
    from mien.measurement.session import Session
    from mien.report.study.release import Kept


class Shown(NamedTuple):
    """How the outcome is shown.

    Attributes:
        confidence_level: of the clauses' intervals.
        junit: where the gates are written as JUnit XML; None for nowhere.
        as_json: whether JSON is printed.
    """

    confidence_level: float
    junit: Path | None
    as_json: bool


def print_forecast(release: Release, session: Session, *, as_json: bool) -> None:
    """Print what it takes to measure all that the gates name; nobody is asked."""
    from mien.cli.commands import study
    from mien.measurement.study.work import prepare

    prepare(release.study, session)
    study.print_forecast(release.study, release.evaluated, session, as_json=as_json)


def hold(release: Release, session: Session, shown: Shown) -> None:
    """Measure all that the gates name, print what was found, and end with the status that tells it."""
    from mien.cli.study_progress import StudyReport, print_study_outcome
    from mien.measurement.study.forecast import require_priced
    from mien.measurement.study.work import carry_out, prepare
    from mien.report.junit import junit_of_release
    from mien.report.study.release import kept
    from mien.report.study.results import Results

    study = release.study
    prepare(study, session)
    for warning in study.warnings:
        write_err(f"Note: {warning}.\n")
    require_priced(study, session)
    with resumable(session.path), StudyReport() as report:
        beside = [one.beside for one in release.evaluated]
        print_study_outcome(carry_out(study, session, beside=beside, on_progress=report))
    found = kept(release, session.path)
    _tell(release, session.path, found, shown)
    if shown.junit is not None:
        shown.junit.write_text(junit_of_release(found), encoding="utf-8")
    results = Results(study, session.path)
    for one in (*results.standings, *results.evaluations):
        if not one.complete:
            write_err(f"Incomplete: {one}; the same command goes on.\n")
    if not results.complete:
        raise typer.Exit(INCOMPLETE)
    if not all(one.holds for one in found):
        raise typer.Exit(1)


def _tell(release: Release, store: Path, found: Sequence[Kept], shown: Shown) -> None:
    from mien.cli.commands.spec.run import read, show, to_dict

    begun = [
        standing
        for one in release.evaluated
        if one.planned.kind == "spec" and one.model != release.before
        if (standing := one.standing(store).found) is not None
    ]
    clauses = read(begun, shown.confidence_level)
    if not shown.as_json:
        show(clauses, shown.confidence_level)
        _print(release, found)
        return
    told: dict[str, Any] = {
        "spec": {"name": release.spec.name, "version": release.spec.version},
        "evaluations": [one.planned.name for one in release.evaluated],
        "runs": [cell.planned.name for cell in release.study.cells],
        "clauses": [to_dict(one, shown.confidence_level) for one in clauses],
        "gates": [one.to_dict() for one in found],
        "holds": all(one.holds for one in found),
    }
    print_json(told)


def _print(release: Release, found: Sequence[Kept]) -> None:
    from mien.report.changes import status

    several = len(release.models) > 1
    rows = [
        (*([one.model] if several else []), one.of, outcome["gate"], status(outcome), outcome["reason"])
        for one in found
        for outcome in one.outcomes
    ]
    heads = (*(["model"] if several else []), "of", "gate", "", "why")
    against = f" against {release.before}" if release.before else ""
    console().print(f"\nThe gates of {', '.join(release.models)}{against}", markup=False, style="bold")
    print_table(heads, rows, left=heads)
