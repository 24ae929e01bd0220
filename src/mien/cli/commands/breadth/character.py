"""``mien breadth character``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.dry_run import print_calls
from mien.cli.output import bold, console, counted, print_json, print_table, tell, write_err
from mien.cli.progress import ProgressReport, print_outcome
from mien.cli.resuming import INCOMPLETE, resumable
from mien.errors import NotIdentified

if TYPE_CHECKING:
    from mien.evals.breadth.scores import Breadth, TraitBreadth
    from mien.evals.generation import Generation
    from mien.measurement.session import Session
    from mien.stats.stretch import Told

_WHAT = "What is asked"


@calling()
def command(
    model: Annotated[
        str,
        typer.Argument(help="The model under test: provider/name, http://host/v1#name or hf/FOLDER."),
    ],
    judge: Annotated[
        str,
        typer.Option("--judge", help="The model that tells which of two replies shows more of a trait."),
    ],
    traits: Annotated[
        str, typer.Option(help="A trait set's name, or a YAML or text file.", rich_help_panel=_WHAT)
    ] = "classic-36",
    trait: Annotated[
        list[str] | None,
        typer.Option(
            "--trait",
            help="A trait of the set to stretch (repeatable).",
            show_default="all",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    beside: Annotated[
        int,
        typer.Option(
            min=0, help="So many other traits are looked at beside each: do they move?", rich_help_panel=_WHAT
        ),
    ] = 2,
    planted: Annotated[
        options.Path | None,
        typer.Option(
            metavar="FILE",
            help="Pairs of replies of your own, more and less of a trait, by which the judge is checked.",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    prompts: options.PromptsOption = "everyday",
    language: options.LanguageOption = None,
    category: options.CategoryOption = None,
    max_chars: options.MaxCharsOption = None,
    max_prompts: options.MaxPromptsOption = 24,
    text_column: options.TextColumnOption = "",
    id_column: options.IdColumnOption = "",
    category_column: options.CategoryColumnOption = "",
    where: options.WhereOption = None,
    seed: Annotated[int, typer.Option(help="Of the sample of prompts.")] = 0,
    name: Annotated[
        str | None, typer.Option(help="The evaluation's name.", show_default="MODEL-breadth")
    ] = None,
    bound: Annotated[
        float, typer.Option(help="Points of range above which a model can take a trait.")
    ] = 400.0,
    confidence_level: options.ConfidenceOption = 0.95,
    batch: options.BatchOption = False,
    wait: options.WaitOption = True,
    *,
    generation: Generation,
    session: Session,
    dry_run: options.DryRunOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Measure how far a model's character stretches: told to be like each trait, and told to be unlike it.

    In three strengths either way, on the same prompts as without a word. A judge compares replies blind and
    in both orders; ranges are in rating points. What it cannot read in planted replies is not held against
    the model. Calls that the store holds already are not made again: after a stop, the same command goes on.
    What changed from one model to another: mien diff A B.
    """
    from mien.evals.breadth.evaluate import Asked, carry_out, plan
    from mien.evals.breadth.planted import load_pairs
    from mien.evals.breadth.scores import breadth, require_bound
    from mien.materials.prompts import Choice, read_prompts
    from mien.materials.traits import load_traits

    session.batching = options.batching(batch=batch, wait=wait)
    require_bound(bound)
    choice = Choice(
        languages=language or (),
        categories=category or (),
        max_chars=max_chars,
        max_prompts=max_prompts,
        seed=seed,
        reading=options.reading(text_column, id_column, category_column, where),
    )
    read = read_prompts(prompts, choice)
    tell(prompts, read.notes)
    asked = Asked(
        traits=load_traits(traits).traits,
        prompts=read.prompts,
        only=trait or (),
        beside=beside,
        pairs=load_pairs(planted) if planted else {},
        generation=generation,
    )
    planned = plan(model, judge, asked, name=name)
    session.served.require_used(planned.models)
    if dry_run:
        print_calls([planned], session, as_json=as_json)
        return
    with resumable(session.path), ProgressReport() as session.on_progress:
        evaluation = carry_out(planned, session)
    progress = session.progress
    assert progress is not None
    print_outcome(progress)
    try:
        (found,) = breadth([evaluation], bound=bound, confidence_level=confidence_level)
    except NotIdentified as error:
        if not evaluation.made.missing:
            raise
        console(err=True).print(f"Nothing to tell yet: {error}", markup=False, soft_wrap=True)
    else:
        if as_json:
            print_json(to_dict(found, confidence_level))
        else:
            _print(found, len(read.prompts), confidence_level)
    if lacking := evaluation.made.lacking(evaluation.name):
        write_err(f"Incomplete: {lacking}; the same command goes on.\n")
        raise typer.Exit(INCOMPLETE)


def to_dict(found: Breadth, confidence_level: float) -> dict[str, Any]:
    """What an evaluation found, as ``--json`` has it."""
    estimates = found.estimates
    low, high = (ends.tolist() for ends in estimates.intervals(confidence_level))
    each = zip(estimates.names, estimates.values.tolist(), low, high, strict=True)
    told = {name: {"value": value, "low": a, "high": b} for name, value, a, b in each}
    return {
        "evaluation": estimates.label,
        "confidence_level": confidence_level,
        "missing": estimates.made.missing,
        "mean_range": told["mean range"],
        "bound": found.bound,
        "wide": found.wide._asdict() if found.wide else None,
        "traits": [_trait(one, told) for one in found.traits],
        "answers": found.answers._asdict() if found.answers else None,
        "answers_read": found.answers_read.share._asdict() if found.answers_read else None,
        "first": found.first,
        "readings": found.readings._asdict(),
        "reads_itself": found.reads_itself,
    }


def _trait(one: TraitBreadth, told: dict[str, dict[str, float]]) -> dict[str, Any]:
    parts = ("up", "down", "asymmetry", "slope")
    stretch = one.stretch
    return {
        "trait": one.trait,
        "state": one.state,
        "range": one.range._asdict() if one.range else None,
        **{part: told.get(f"{one.trait} {part}") for part in parts},
        "curve": _curve(stretch.curve, -3) if stretch else None,
        "steps": _curve(stretch.steps, -2) if stretch else None,
        "levels": list(one.levels) if stretch else None,
        "endless": stretch.endless if stretch else None,
        "judge": one.judge.share._asdict() | {"reads": one.judge.reads} if one.judge else None,
        "answers": {side: known._asdict() for side, known in one.answers.items()},
        "moved": [other._asdict() for other in one.moved],
    }


def _curve(told: Told, first: int) -> list[dict[str, float]]:
    each = zip(*(column.tolist() for column in told), strict=True)
    return [
        {"level": level, "value": value, "low": low, "high": high}
        for level, (value, low, high) in enumerate(each, first)
    ]


def _print(found: Breadth, n_prompts: int, confidence_level: float) -> None:
    from mien.report.breadth import legend, notes, table, warnings

    out = console()
    prompts = counted(n_prompts, "prompt")
    out.print(f"{bold(found.estimates.label)}: {counted(len(found.traits), 'trait')} on {prompts}\n")
    heads, words, rows = table(found, confidence_level)
    print_table(heads, rows, left=words)
    out.print()
    for line in (*notes([found]), *legend(found), *(f"Warning: {line}" for line in warnings([found]))):
        out.print(line, markup=False, soft_wrap=True)
