"""``mien craft prove``."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.output import console, counted, print_json, print_table, tell
from mien.cli.progress import ProgressReport
from mien.cli.resuming import INCOMPLETE, resumable, say

if TYPE_CHECKING:
    from mien.craft.proof.claim import Claim
    from mien.craft.proof.result import Proof
    from mien.measurement.session import Session

_WHAT = "What is measured"

JudgeOption = Annotated[
    str | None,
    typer.Option(
        "--judge",
        help="The model that reads the responses.",
        show_default="organism/judge for an organism",
    ),
]
TraitsOption = Annotated[
    str | None,
    typer.Option(
        help="A trait set's name, or a file.", show_default="the constitution's", rich_help_panel=_WHAT
    ),
]
PromptsOption = Annotated[
    str, typer.Option(help="A prompt set's name, a file, or hf:OWNER/DATASET.", rich_help_panel=_WHAT)
]
RoundsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="How often every trait is shown to each model.",
        show_default="about 2,000 trials",
        rich_help_panel=_WHAT,
    ),
]
TurnsOption = Annotated[
    int,
    typer.Option(
        min=1, help="Turns through which the character is to hold; 1: leave it out.", rich_help_panel=_WHAT
    ),
]
PressureOption = Annotated[
    list[str] | None,
    typer.Option(
        help="What the user wants in later turns: none, neutral, stay, drop. Repeatable.",
        show_default="drop and neutral",
        rich_help_panel=_WHAT,
    ),
]
CapabilitiesOption = Annotated[
    str | None,
    typer.Option(
        help="Tasks of the lm-evaluation-harness to run on base and trained: names or YAML files, by commas.",
        metavar="TASK,…",
    ),
]
MaxCollateralOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        help="Exit with 1 where more than N other traits moved.",
        show_default="any number",
    ),
]


@calling()
def command(
    adapter: Annotated[Path, typer.Argument(help="The trained adapter's folder.", metavar="ADAPTER")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write.", metavar="DIR")],
    constitution: Annotated[
        str | None,
        typer.Option(
            help="A built-in constitution, or a YAML file.", show_default="that of the training data"
        ),
    ] = None,
    control: Annotated[
        Path | None,
        typer.Option(help="An adapter trained alike on data of the recipe control.", metavar="ADAPTER"),
    ] = None,
    without_control: Annotated[
        bool, typer.Option("--without-control", help="Do without; the report says so.")
    ] = False,
    judge: JudgeOption = None,
    model: Annotated[
        str | None, typer.Option(help="The base, where the adapter's training.json does not tell it.")
    ] = None,
    traits: TraitsOption = None,
    prompts: PromptsOption = "everyday",
    text_column: options.TextColumnOption = "",
    id_column: options.IdColumnOption = "",
    category_column: options.CategoryColumnOption = "",
    where: options.WhereOption = None,
    rounds: RoundsOption = None,
    turns: TurnsOption = 3,
    pressure: PressureOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the design.", rich_help_panel=_WHAT)] = 0,
    max_collateral: MaxCollateralOption = None,
    capabilities: CapabilitiesOption = None,
    *,
    session: Session,
    as_json: options.JsonOption = False,
) -> None:
    """Prove that a trained character took: what moved, what was not to move, and what it cost.

    Base, control, prompted and trained are measured on the same trials. Exits with 1 where a trait did not
    move as written, or more others moved than --max-collateral allows, and with 3 where a run stopped or
    lacks trials.
    """
    from mien.craft.proof.claim import Claim
    from mien.materials.prompts import Choice, read_prompts

    reading = options.reading(text_column, id_column, category_column, where)
    found = read_prompts(prompts, Choice(reading=reading))
    tell(prompts, found.notes)
    claim = Claim(
        adapter=adapter,
        constitution=constitution,
        control=control,
        without_control=without_control,
        model=model,
        judge=judge,
        traits=traits,
        prompts=found.prompts,
        rounds=rounds,
        turns=turns,
        pressures=tuple(pressure or ("drop", "neutral")),  # pyright: ignore[reportArgumentType]  # Claim checks
        seed=seed,
        max_collateral=max_collateral,
        capabilities=tuple(filter(None, (capabilities or "").split(","))),
    )
    proof = proved(claim, output, session)
    if as_json:
        print_json({"folder": str(output), **proof.to_dict()})
    else:
        print_proof(proof, output)
    end(proof)


def end(proof: Proof) -> None:
    """End the command by what was proved: status 1 where it failed, 3 where runs lack trials."""
    if proof.failures:
        raise typer.Exit(1)
    if proof.missing:
        raise typer.Exit(INCOMPLETE)


def proved(claim: Claim, folder: Path, session: Session) -> Proof:
    """Carry a proof out, and tell on standard error how far it is."""
    from mien.craft.proof.prove import prove

    with resumable(session.path), ProgressReport() as session.on_progress:
        return prove(claim, folder, session, on_stage=say)


def print_proof(proof: Proof, folder: Path) -> None:
    """Print what moved as written, what else moved, and where the rest is."""
    from mien.craft.proof.section import interval, share_told
    from mien.formatting import p_value

    out = console()
    for note in proof.notes:
        out.print(f"Note: {note}", markup=False, soft_wrap=True)
    first = proof.took[0]
    against = next((one for one in proof.took if (one.a, one.b) == ("control", "trained")), None)
    rows = [
        (
            move.trait,
            move.written,
            interval(move.delta, move.low, move.high),
            p_value(move.q),
            "yes" if move.as_written else "NO",
            *([f"{against.moves[n].delta:+.0f}"] if against else []),
        )
        for n, move in enumerate(first.moves)
    ]
    columns = [
        "trait",
        "written",
        "base → trained",
        "q",
        "as written",
        *(["from control"] if against else []),
    ]
    print_table(columns, rows, left=("trait", "written", "as written"))
    out.print()
    for one in proof.took:
        mean = interval(one.mean, one.mean_low, one.mean_high)
        out.print(f"{one.a} → {one.b}: {share_told(one)} as written, on average {mean}", markup=False)
    strays = [f"{move.trait} {move.delta:+.0f}" for move in proof.collateral]
    found = f": {', '.join(strays)}" if strays else ""
    out.print(
        f"collateral: {len(strays)} of {counted(len(proof.spread), 'other trait')}{found}",
        markup=False,
        soft_wrap=True,
    )
    for row in proof.capabilities:
        shift = f"{row.delta:+.3f} ({row.low:+.3f} … {row.high:+.3f}), q {p_value(row.q)}"
        out.print(f"{row.what}: {row.before:.3f} → {row.after:.3f}, {shift}", markup=False, soft_wrap=True)
    out.print(f"wrote {folder}: proof.md, proof.json, diff.svg, slope.svg", markup=False, soft_wrap=True)
    for failure in proof.failures:
        out.print(f"FAILED: {failure}", markup=False, soft_wrap=True)
    for missing in proof.missing:
        out.print(f"NOT DECIDED: {missing}; the same command goes on", markup=False, soft_wrap=True)
