"""``mien spec contradictions``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.commands.spec.check import SpecFile
from mien.cli.output import console, counted, fraction, print_json, print_table, write_err
from mien.cli.progress import ProgressReport
from mien.cli.resuming import INCOMPLETE, resumable
from mien.errors import UsageError, require_each_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.generation import Generation
    from mien.evals.spec.contradictions import Pair
    from mien.evals.spec.disagreement import Disagreement
    from mien.measurement.session import Session

_SHOWN = 3  # items that are named for a pair

Models = Annotated[
    list[str],
    typer.Argument(metavar="MODEL…", help="Who answers: provider/name, http://host/v1#name, hf/FOLDER, …"),
]
Judge = Annotated[str, typer.Option("--judge", help="The model that reads answers against clauses.")]
_Samples = Annotated[int, typer.Option(min=2, help="Answers to each item.")]
Clauses = Annotated[
    list[str] | None,
    typer.Option(
        "--clause", help="Look at this clause and others named alone.", metavar="ID", show_default=False
    ),
]
Name = Annotated[
    str | None,
    typer.Option(help="The evaluation's name, as of mien spec run.", show_default="MODEL-SPEC-VERSION"),
]


@calling()
def command(
    spec: SpecFile,
    models: Models,
    judge: Judge,
    samples: _Samples = 4,
    clause: Clauses = None,
    name: Name = None,
    confidence_level: options.ConfidenceOption = 0.95,
    *,
    generation: Generation,
    session: Session,
    as_json: options.JsonOption = False,
) -> None:
    """Find pairs of clauses that no answer meets at once.

    The items are answered as by mien spec run, and read against the other clauses, too. A pair contradicts
    itself where answers that meet one clause meet the other less often than by chance. Of several models it
    is told, too, on which clauses they differ: these may be ambiguous, or ask for two things.
    """
    from mien.evals.spec.contradictions import find_contradictions
    from mien.evals.spec.evaluate import Asked, load, plan

    if name and len(models) > 1:
        raise UsageError("--name is for one model; several are kept by their own names")
    read = load(spec)
    asked = Asked(spec=read, samples=samples, generation=generation)
    plans = [plan(model, judge, asked, name=name) for model in models]
    require_each_once([planned.name for planned in plans], "model")
    with resumable(session.path), ProgressReport() as session.on_progress:
        found = find_contradictions(
            plans, read, session, clauses=clause or (), confidence_level=confidence_level
        )
    if as_json:
        pairs = [_members(pair) for pair in found.pairs]
        apart = [one._asdict() | {"found": one.found} for one in found.apart]
        told = {"pairs": pairs, "models_differ": apart, "lacking": found.lacking}
        print_json({"confidence_level": confidence_level} | told)
    else:
        _print(found.pairs)
        _print_apart(found.apart)
    if found.lacking:
        write_err(f"Incomplete: {'; '.join(found.lacking)}; the same command goes on.\n")
        raise typer.Exit(INCOMPLETE)


def _members(pair: Pair) -> dict[str, Any]:
    return {
        "clauses": pair.clauses,
        "finding": pair.finding,
        "items": pair.items,
        "never_both": None if pair.never is None else pair.never._asdict(),
        "both": pair.together.both,
        "expected": pair.together.expected,
        "p": pair.together.p,
        "q": pair.q,
        "examples": pair.examples,
    }


def _print(pairs: Sequence[Pair]) -> None:
    told = [pair for pair in pairs if pair.finding == "contradict"]
    rows = [
        (
            *pair.clauses,
            pair.items,
            fraction(pair.never and pair.never.share),
            f"{fraction(pair.never.low)} … {fraction(pair.never.high)}" if pair.never else "",
            pair.together.both,
            f"{pair.together.expected:.1f}",
            fraction(pair.q, 3),
            ", ".join(pair.examples[:_SHOWN]),
        )
        for pair in told
    ]
    if rows:
        heads = ("clause", "and", "items", "never both", "interval", "both", "by chance", "q", "such as")
        print_table(heads, rows, left=("clause", "and", "such as"))
    undecided = sum(pair.finding == "undecided" for pair in pairs)
    console().print(
        f"{counted(len(told), 'pair')} of {len(pairs)} in which both clauses have a say contradict each "
        f"other; {undecided} undecided: answers meet one of the two always or never",
        markup=False,
        soft_wrap=True,
    )


def _print_apart(apart: Sequence[Disagreement]) -> None:
    """The clauses on which models differ for certain, the largest first."""
    rows = [
        (one.clause, one.items, fraction(one.excess), f"{fraction(one.low)} … {fraction(one.high)}")
        for one in apart
        if one.found
    ]
    if rows:
        console().print("\nHow much oftener verdicts on two models differ than on two answers of one")
        print_table(("clause", "items", "oftener", "interval"), rows, left=("clause",))
