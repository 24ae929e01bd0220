"""``mien spec ambiguities``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.commands.spec.check import SpecFile
from mien.cli.commands.spec.contradictions import Clauses, Judge, Models, Name
from mien.cli.output import bold, console, counted, fraction, print_json, write_err
from mien.cli.progress import ProgressReport
from mien.cli.resuming import INCOMPLETE, resumable
from mien.errors import UsageError, require_each_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.generation import Generation
    from mien.evals.spec.ambiguities import Ambiguity
    from mien.measurement.session import Session

_Samples = Annotated[int, typer.Option(min=1, help="Answers to each item.")]


@calling()
def command(
    spec: SpecFile,
    models: Models,
    judge: Judge,
    samples: _Samples = 1,
    clause: Clauses = None,
    name: Name = None,
    confidence_level: options.ConfidenceOption = 0.95,
    *,
    generation: Generation,
    session: Session,
    as_json: options.JsonOption = False,
) -> None:
    """Find clauses that a judge takes one way or another by how they are put.

    The judge words each clause otherwise, twice, and reads the same answers under both wordings. A clause is
    ambiguous where these readings differ more often than asking the same twice does.
    """
    from mien.evals.spec.ambiguities import find_ambiguities
    from mien.evals.spec.evaluate import Asked, load, plan

    if name and len(models) > 1:
        raise UsageError("--name is for one model; several are kept by their own names")
    read = load(spec)
    asked = Asked(spec=read, samples=samples, generation=generation)
    plans = [plan(model, judge, asked, name=name) for model in models]
    require_each_once([planned.name for planned in plans], "model")
    with resumable(session.path), ProgressReport() as session.on_progress:
        found = find_ambiguities(
            plans, read, session, clauses=clause or (), confidence_level=confidence_level
        )
    if as_json:
        told = [_members(one) for one in found.clauses]
        print_json({"confidence_level": confidence_level, "clauses": told, "lacking": found.lacking})
    else:
        _print(found.clauses)
    if found.lacking:
        write_err(f"Incomplete: {'; '.join(found.lacking)}; the same command goes on.\n")
        raise typer.Exit(INCOMPLETE)


def _members(one: Ambiguity) -> dict[str, Any]:
    noise = one.noise
    return {
        "clause": one.clause,
        "finding": one.finding,
        "across": None if noise is None else noise.across._asdict(),
        "within": None if noise is None else noise.within._asdict(),
        "conversations": 0 if noise is None else noise.clusters,
        "p": None if noise is None else noise.p,
        "q": one.q,
        "wordings": one.wordings,
    }


def _print(clauses: Sequence[Ambiguity]) -> None:
    told = [one for one in clauses if one.finding == "ambiguous"]
    for one in told:
        assert one.noise is not None
        across, within = one.noise.across, one.noise.within
        console().print(f"{bold(one.clause)} ", end="")
        console().print(
            f"share of answers read otherwise {fraction(across.share)} ({fraction(across.low)} … "
            f"{fraction(across.high)}), under one wording twice {fraction(within.share)}; "
            f"q {fraction(one.q, 3)}",
            markup=False,
            soft_wrap=True,
        )
        for wording in one.wordings:
            console().print(f"  “{' '.join(wording.split())}”", markup=False, soft_wrap=True)
    undecided = sum(one.finding == "undecided" for one in clauses)
    console().print(
        f"{counted(len(told), 'clause')} of {len(clauses)} that a judge is asked about are ambiguous; "
        f"{undecided} undecided, on too few conversations",
        markup=False,
        soft_wrap=True,
    )
