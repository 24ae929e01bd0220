"""``mien craft train``."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path  # noqa: TC003  # typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.commands.craft.extra import require_training
from mien.cli.output import console, counted, fraction, print_json, write_err
from mien.cli.progress import LINE_SECONDS, print_notes

if TYPE_CHECKING:
    from mien.craft.tuning.callbacks import Step
    from mien.craft.tuning.record import Outcome

_CHOICES = "What is usually changed"


def command(
    data: Annotated[
        str, typer.Argument(help="A folder with train.jsonl, or a file of preferences.", metavar="DIR")
    ],
    model: Annotated[str, typer.Option(help="The model to train: hf/FOLDER, hf/OWNER/NAME, organism/NAME.")],
    out: Annotated[Path, typer.Option("-o", "--output", help="The adapter's folder.")],
    method: Annotated[str | None, typer.Option(help="dpo, sft or dpo+sft.", show_default="dpo")] = None,
    preset: Annotated[
        str, typer.Option(help="oct: the published values; small: for models of a few million parameters.")
    ] = "oct",
    config: Annotated[
        Path | None, typer.Option(help="A YAML file of further choices, laid over the preset.")
    ] = None,
    lr: Annotated[
        float | None, typer.Option(help="The highest learning rate.", rich_help_panel=_CHOICES)
    ] = None,
    epochs: Annotated[
        float | None, typer.Option(help="Times that the data are gone through.", rich_help_panel=_CHOICES)
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Examples a step.", rich_help_panel=_CHOICES)] = None,
    beta: Annotated[
        float | None,
        typer.Option(help="Of DPO: how strongly the model is held where it is.", rich_help_panel=_CHOICES),
    ] = None,
    rank: Annotated[int | None, typer.Option(help="Of the adapter.", rich_help_panel=_CHOICES)] = None,
    max_length: Annotated[
        int | None, typer.Option(help="Tokens of prompt and answer together.", rich_help_panel=_CHOICES)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the training.", rich_help_panel=_CHOICES)] = None,
    device: options.DeviceOption = "auto",
    as_json: options.JsonOption = False,
) -> None:
    """Train an adapter on preferences, or go on where an interrupted training was.

    Several GPUs: `accelerate launch --num_processes N -m mien.cli craft train …`.
    """
    from mien.craft.tuning.config import load_config

    chosen = load_config(
        config,
        preset=preset,
        method=method,
        learning_rate=lr,
        epochs=epochs,
        batch_size=batch,
        beta=beta,
        rank=rank,
        max_length=max_length,
        seed=seed,
    )
    require_training()
    from mien.craft.data.queries import few
    from mien.craft.tuning.pairs import read_dataset
    from mien.craft.tuning.trainer import train

    print_notes(few(len(read_dataset(data).pairs), "pair"))  # before a model is loaded
    try:
        with contextlib.redirect_stdout(sys.stderr):  # some of what shows a training prints
            outcome = train(data, model=model, out=out, config=chosen, device=device, on_step=StepReport())
    except KeyboardInterrupt:
        write_err("\nStopped. The same command goes on from the last state that was kept.\n")
        raise typer.Exit(130) from None
    if os.environ.get("RANK", "0") != "0":
        return  # of several processes, the first one speaks
    if as_json:
        print_json({"adapter": str(out), **asdict(outcome)})
    else:
        _print_outcome(out, model, outcome)


class StepReport:
    """A line now and then on standard error, and one at the end of each stage."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, step: Step) -> None:
        if time.monotonic() < self._next and step.step < step.total:
            return
        self._next = time.monotonic() + LINE_SECONDS
        parts = [f"{step.stage} {step.step}/{step.total}", f"loss {step.loss:.4f}"]
        if step.accuracy is not None and step.margin is not None:
            parts.append(f"chosen ahead {fraction(step.accuracy)}, by {step.margin:.2f}")
        parts.append(f"learning rate {step.learning_rate:.1e}")
        write_err(", ".join(parts) + "\n")


def _print_outcome(out: Path, model: str, outcome: Outcome) -> None:
    lines = [f"{out}: {counted(outcome.steps, 'step')} in {outcome.seconds:,.0f} s, loss {outcome.loss:.4f}"]
    if outcome.accuracy is not None:
        lines.append(
            f"of {counted(outcome.held_out, 'held-out pair')}, the chosen answer gained on the rejected one "
            f"in {fraction(outcome.accuracy)}"
        )
    if outcome.alike:
        lines.append(f"{counted(outcome.alike, 'row')} left out: both answers are the same")
    if outcome.seen:
        lines.append(f"{counted(outcome.seen, 'held-out row')} left out: they are trained on, too")
    if outcome.cut:
        lines.append(f"{counted(outcome.cut, 'example')} cut at the longest length")
    lines.append(f"What it changed: mien measure {model}+{out} --judge …, then mien diff")
    for line in lines:
        console().print(line, markup=False, soft_wrap=True)
