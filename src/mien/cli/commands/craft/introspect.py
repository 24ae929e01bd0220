"""``mien craft introspect``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli import options
from mien.cli.calling import calling
from mien.cli.output import console, counted, print_json
from mien.cli.progress import ProgressReport, print_notes
from mien.cli.resuming import resumable

if TYPE_CHECKING:
    from mien.measurement.session import Session

_HOW = "How the model is sampled"

_Folder = Annotated[Path, typer.Argument(help="What mien craft data wrote.", metavar="DIR")]
_Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="Who is told to be the character; best the model that is trained on the pairs.",
        show_default="the data's teacher",
    ),
]
_Reflections = Annotated[int, typer.Option(min=0, help="Answers to questions about itself.")]
_Interactions = Annotated[int, typer.Option(min=0, help="Conversations of two copies.")]
_Turns = Annotated[int, typer.Option(min=1, help="Answers of the second copy in each.")]
_Seed = Annotated[int, typer.Option(help="Of the lots by which an organism is told a trait.")]
_ENDPOINT = "the endpoint's"
_Temperature = Annotated[float | None, typer.Option(min=0, show_default=_ENDPOINT, rich_help_panel=_HOW)]
_TopP = Annotated[float | None, typer.Option(min=1e-6, max=1, show_default=_ENDPOINT, rich_help_panel=_HOW)]
_MaxTokens = Annotated[int | None, typer.Option(min=1, show_default=_ENDPOINT, rich_help_panel=_HOW)]


@calling()
def command(
    folder: _Folder,
    model: _Model = None,
    reflections: _Reflections = 280,
    interactions: _Interactions = 60,
    turns: _Turns = 5,
    seed: _Seed = 0,
    temperature: _Temperature = None,
    top_p: _TopP = None,
    max_tokens: _MaxTokens = None,
    *,
    session: Session,
    as_json: options.JsonOption = False,
) -> None:
    """Have a model in character answer questions about itself, and talk to a copy of itself.

    What it says goes into DIR as introspection.jsonl, for supervised tuning. Calls that the store holds
    already are not made again: after a stop, the same command goes on.
    """
    from mien.craft.data.introspect import ROWS, Introspecting, introspect
    from mien.craft.data.queries import few
    from mien.materials.protocols import SamplingSettings

    settings = Introspecting(
        folder=folder,
        model=model,
        reflections=reflections,
        interactions=interactions,
        turns=turns,
        sampling=SamplingSettings(temperature=temperature, top_p=top_p, max_tokens=max_tokens),
        seed=seed,
    )
    print_notes(few(reflections + interactions, "conversation"))
    with resumable(session.path), ProgressReport() as session.on_progress:
        told = introspect(settings, session)
    if as_json:
        print_json({"folder": str(folder), **told})
        return
    counts, out = told["counts"], console()
    for reason, n in counts["left_out"].items():
        out.print(f"{n:,} left out: {reason}", markup=False)
    out.print(
        f"wrote {folder / ROWS}: {counted(counts['reflection'], 'reflection')}, "
        f"{counted(counts['interaction'], 'interaction')}, by {told['model']}",
        markup=False,
        soft_wrap=True,
    )
