"""``mien diversity``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.dry_run import print_calls
from mien.cli.output import bold, console, print_json, print_table, tell, write_err
from mien.cli.progress import ProgressReport, print_outcome
from mien.cli.resuming import INCOMPLETE, resumable
from mien.errors import NotIdentified, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.conduct import EvaluationPlan
    from mien.evals.diversity.diversity import Diversity
    from mien.evals.diversity.drawing import Drawing
    from mien.measurement.session import Session
    from mien.models.local.embedding import Embedding
    from mien.types import Prompt

_HOW = "How the model is sampled"
_Models = Annotated[
    list[str],
    typer.Argument(
        help="The models, side by side; base:SPEC goes on with the prompts as they stand, without a chat "
        "template."
    ),
]
_Samples = Annotated[int, typer.Option(min=2, help="Samples of each prompt.", rich_help_panel=_HOW)]
_TopP = Annotated[
    float, typer.Option("--top-p", min=0.01, max=1.0, help="1 cuts nothing off.", rich_help_panel=_HOW)
]


@calling()
def command(
    models: _Models,
    samples: _Samples = 32,
    prompts: options.PromptsOption = "everyday",
    language: options.LanguageOption = None,
    category: options.CategoryOption = None,
    max_chars: options.MaxCharsOption = None,
    max_prompts: options.MaxPromptsOption = 50,
    text_column: options.TextColumnOption = "",
    id_column: options.IdColumnOption = "",
    category_column: options.CategoryColumnOption = "",
    where: options.WhereOption = None,
    seed: Annotated[int, typer.Option(help="Of the sample of prompts.")] = 0,
    name: Annotated[
        str | None, typer.Option(help="What is kept goes by it.", show_default="MODEL-diversity")
    ] = None,
    temperature: options.TemperatureOption = 1.0,
    top_p: _TopP = 1.0,
    max_tokens: options.MaxTokensOption = 256,
    reasoning_effort: options.ReasoningEffortOption = None,
    extra: options.ExtraOption = None,
    embedding: Annotated[
        str | None,
        typer.Option(
            "--embedding",
            metavar="hf/FOLDER",
            help="An embedding model on this machine: how far apart whole answers are in what they mean.",
        ),
    ] = None,
    system: options.SystemOption = "",
    system_file: options.SystemFileOption = None,
    confidence_level: options.ConfidenceOption = 0.95,
    *,
    session: Session,
    dry_run: options.DryRunOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Draw several samples of each prompt, and say how narrow a model's answers are.

    The branching factor, where log-probabilities are told: among how many equally likely tokens the model
    chooses at each step, in effect. Else, and beside it: how alike answers begin, and how alike their words
    are. What changed from one to another: mien diff A B.
    """
    from mien.evals.diversity.diversity import diversity
    from mien.evals.diversity.drawing import Drawing
    from mien.evals.evaluation import Evaluation
    from mien.materials.prompts import Choice, read_prompts

    if name and len(models) > 1:
        raise UsageError("--name is for one model; several are kept by their own names")
    drawing = Drawing(
        samples=samples,
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
        reasoning_effort=reasoning_effort,
        extra=options.extra_members(extra) or {},
        system=options.system_prompt(system, system_file),
    )
    session.served.require_used(tuple(models))
    choice = Choice(
        languages=language or (),
        categories=category or (),
        max_chars=max_chars,
        max_prompts=max_prompts,
        seed=seed,
        reading=options.reading(text_column, id_column, category_column, where),
    )
    found = read_prompts(prompts, choice)
    tell(prompts, found.notes)
    embed = _embedding(embedding)
    plans = _plans(models, found.prompts, drawing, name)
    if dry_run:
        print_calls(plans, session, as_json=as_json)
        return
    complete = True
    for planned in plans:
        complete &= _draw(planned, session)
    try:
        told = diversity(
            [Evaluation(planned.name, session.path) for planned in plans],
            embedding=embed,
            confidence_level=confidence_level,
        )
    except NotIdentified as error:
        if complete:
            raise
        write_err(f"Nothing to tell yet: {error}\n")
    else:
        if as_json:
            print_json([to_dict(one, confidence_level) for one in told])
        else:
            _print(told, confidence_level)
    if not complete:
        write_err("Incomplete: some samples are missing; the same command goes on.\n")
        raise typer.Exit(INCOMPLETE)


def _plans(
    models: Sequence[str], prompts: Sequence[Prompt], drawing: Drawing, name: str | None
) -> list[EvaluationPlan]:
    from mien.evals.conduct import default_name
    from mien.evals.diversity.drawing import KIND, plan

    plans = [plan(model, prompts, drawing, name=name or default_name(model, KIND)) for model in models]
    names = [planned.name for planned in plans]
    if twice := [one for one in names if names.count(one) > 1]:
        raise UsageError(
            f"two of the models would both be kept as {twice[0]}; draw each by itself, with --name"
        )
    return plans


def _draw(planned: EvaluationPlan, session: Session) -> bool:
    """Draw the samples of one model; whether all are there."""
    from mien.evals.diversity.drawing import draw

    with resumable(session.path), ProgressReport() as session.on_progress:
        progress = session.run(lambda: draw(planned, session))
    print_outcome(progress)
    return not (progress.stopped or progress.failed)


def _embedding(spec: str | None) -> Embedding | None:
    """The embedding model, so that one that cannot be loaded is refused before a call is made."""
    if spec is None:
        return None
    from mien.models.local.embedding import Embedding

    return Embedding(spec)


def to_dict(one: Diversity, confidence_level: float) -> dict[str, Any]:
    """What is told of a model's samples, as ``--json`` has it."""
    from dataclasses import asdict

    from mien.evals.diversity import self_bleu
    from mien.evals.diversity.diversity import WORDS

    estimates = one.estimates
    low, high = (ends.tolist() for ends in estimates.intervals(confidence_level))
    factors = {factor.quantity.name: factor for factor in one.factors}
    bleu = self_bleu.signature() if self_bleu.installed() else None
    return {
        "name": estimates.label,
        "model": one.evaluation.record.model,
        "settings": dict(one.evaluation.settings),
        "samples": one.samples.n,
        "prompts": estimates.n_clusters,
        "cut_off": one.samples.cut_off,
        "missing": estimates.made.missing,
        "known": one.known,
        "stop_told": one.stop_told,
        "confidence_level": confidence_level,
        "measures": [
            {
                "measure": name,
                "value": value,
                "low": low[i],
                "high": high[i],
                "prompts": int(n),
                "from_samples": factors[name].from_samples if name in factors else None,
                "bounds": factors[name].bounds if name in factors else None,
            }
            for i, (name, value, n) in enumerate(
                zip(estimates.names, estimates.values.tolist(), estimates.clusters_per_quantity, strict=True)
            )
        ],
        "positions": [asdict(window) for window in one.windows],
        "openings": [{"words": words, "share": share} for words, share in one.openings],
        "by_words": {
            "samples": one.each,
            "words": WORDS,
            "short": one.short,
            "self_bleu": bleu,
            "embedding": one.embedding or None,
        },
        "absent": dict(one.absent),
    }


def _print(found: Sequence[Diversity], confidence_level: float) -> None:
    from mien.report import diversity as report

    out = console()
    for one in found:
        out.print(f"{bold(one.estimates.label)}: {report.heading(one)}", soft_wrap=True)
    out.print()
    labels = [one.estimates.label for one in found]
    print_table(("measure", *labels), report.rows(found, confidence_level), left=("measure",))
    if positions := report.positions(found) if any(one.windows for one in found) else []:
        out.print("\nBranching factor by step, and samples that come so far")
        heads = ("step", *(head for label in labels for head in (label, "samples")))
        print_table(heads, positions, left=("step",))
    out.print()
    lines = [f"{report.by_words(found)}.", *(report.opening(one) for one in found), *report.left_out(found)]
    lines += [f"Note: {line}" for line in report.notes(found)]
    for line in (*lines, *(f"Warning: {line}" for line in report.warnings(found))):
        if line:
            out.print(line, markup=False, soft_wrap=True)
