"""``mien craft run``."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path  # noqa: TC003  # typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.commands.craft import prove
from mien.cli.commands.craft.extra import require_training
from mien.cli.commands.craft.train import StepReport
from mien.cli.output import console, print_json, print_table
from mien.cli.progress import ProgressReport, print_notes
from mien.cli.resuming import resumable, say

if TYPE_CHECKING:
    from mien.craft.data.settings import Craft
    from mien.craft.tuning.config import TrainingConfig
    from mien.measurement.session import Session

_DATA = "What is made"
_TRAINING = "How it is trained"


@calling()
def command(
    constitution: Annotated[
        str, typer.Argument(help="A built-in constitution, or a YAML file.", metavar="CONSTITUTION")
    ],
    model: Annotated[str, typer.Option(help="The model to train: hf/FOLDER, hf/OWNER/NAME, organism/NAME.")],
    teacher: Annotated[
        str, typer.Option("--teacher", help="The model that writes messages and answers in character.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write.", metavar="DIR")],
    judge: prove.JudgeOption = None,
    recipe: Annotated[
        str, typer.Option(help="distill, paired or ranked.", rich_help_panel=_DATA)
    ] = "distill",
    queries: Annotated[
        int, typer.Option(min=0, help="Messages about the character in all.", rich_help_panel=_DATA)
    ] = 600,
    ordinary: Annotated[
        int, typer.Option(min=0, help="Ordinary prompts beside them, at most.", rich_help_panel=_DATA)
    ] = 300,
    preset: Annotated[
        str,
        typer.Option(
            help="oct: the published values; small: for models of a few million parameters.",
            rich_help_panel=_TRAINING,
        ),
    ] = "oct",
    config: Annotated[
        Path | None,
        typer.Option(help="A YAML file of further choices, laid over the preset.", rich_help_panel=_TRAINING),
    ] = None,
    rounds: prove.RoundsOption = None,
    turns: prove.TurnsOption = 3,
    max_collateral: prove.MaxCollateralOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the data, the training and the design.")] = 0,
    *,
    session: Session,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print how many calls each stage takes, and make none.")
    ] = False,
    as_json: options.JsonOption = False,
) -> None:
    """All stages in one: data, control data, a training of each, and the proof.

    Stopped anywhere, the same command goes on; --max-calls and --max-cost are for all stages together. Each
    stage can also be run by its own command on the folders DIR/data, DIR/control-data, DIR/adapter,
    DIR/control and DIR/proof. Exits as mien craft prove does.
    """
    from mien.craft.data.settings import Craft
    from mien.craft.proof.claim import Claim
    from mien.craft.proof.subjects import reader_of
    from mien.craft.tuning.config import load_config

    if not dry_run:
        require_training()
    chosen = load_config(config, preset=preset, seed=seed)
    pairs = Craft(
        constitution=constitution,
        student=model,
        teacher=teacher,
        judge=reader_of(judge, model),
        recipe=recipe,  # pyright: ignore[reportArgumentType]  # Craft checks it
        of=recipe,  # pyright: ignore[reportArgumentType]
        queries=queries,
        ordinary=ordinary,
        seed=seed,
    )
    if dry_run:
        _print_calls(pairs, pairs.judge or "", output, rounds, turns, as_json=as_json)
        return
    _make(pairs, output, chosen, session)
    claim = Claim(
        adapter=output / "adapter",
        constitution=constitution,
        control=output / "control",
        judge=judge,
        rounds=rounds,
        turns=turns,
        seed=seed,
        max_collateral=max_collateral,
    )
    proof = prove.proved(claim, output / "proof", session)
    if as_json:
        print_json({"folder": str(output), **proof.to_dict()})
    else:
        prove.print_proof(proof, output / "proof")
    prove.end(proof)


def _print_calls(
    pairs: Craft, judge: str, output: Path, rounds: int | None, turns: int, *, as_json: bool
) -> None:
    """Print what is asked of whom, stage by stage; what is there already takes nothing."""
    from mien.craft.proof.forecast import calls_of_data, calls_of_proof

    stages = [calls_of_data(pairs), calls_of_proof(pairs, judge, rounds=rounds, turns=turns)]
    there = {one.stage: (output / one.stage).exists() for one in stages}
    if as_json:
        told = [one._asdict() | {"there": there[one.stage]} for one in stages]
        print_json({"folder": str(output), "stages": told})
        return
    rows = [
        (str(output / one.stage), *map("{:,}".format, one[1:]), "there already" if there[one.stage] else "")
        for one in stages
    ]
    print_table(("stage", "teacher", "student", "judge", ""), rows, left=("stage", ""))
    console().print(
        "At most: what the store has is not asked again, and the control is made of the same answers. The "
        "student answers in this process, where both trainings take place; plain answers for the proof come "
        "on top. No call was made.",
        markup=False,
        soft_wrap=True,
    )


def _make(pairs: Craft, output: Path, config: TrainingConfig, session: Session) -> None:
    """Data and adapters, of the character and of its control; what is there is not made again."""
    from dataclasses import replace

    from mien.craft.data.generate import craft_data
    from mien.craft.data.queries import few
    from mien.craft.tuning.trainer import train

    print_notes(few(pairs.most, "message"))
    control = replace(pairs, recipe="control")
    with resumable(session.path):
        for craft, name in ((pairs, "data"), (control, "control-data")):
            say(f"{output / name}: the recipe {craft.recipe}")
            with ProgressReport() as session.on_progress:
                craft_data(craft, output / name, session)
        for data, name in (("data", "adapter"), ("control-data", "control")):
            say(f"{output / name}: training on {output / data}")
            with contextlib.redirect_stdout(sys.stderr):  # some of what shows a training prints
                train(
                    output / data,
                    model=pairs.student,
                    out=output / name,
                    config=config,
                    device=session.hardware.device,
                    on_step=StepReport(),
                )
