"""``mien craft introspect``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mien.cli import options
from mien.cli.output import console, counted, print_json
from mien.cli.progress import ProgressReport
from mien.errors import BudgetReached, Unfinished

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
    max_concurrency: options.ConcurrencyOption = 256,
    rpm: options.RpmOption = None,
    tpm: options.TpmOption = None,
    max_calls: options.MaxCallsOption = None,
    max_cost: options.MaxCostOption = None,
    price_in: options.PriceInOption = None,
    price_out: options.PriceOutOption = None,
    timeout: options.TimeoutOption = 600,
    device: options.DeviceOption = "auto",
    dtype: options.DtypeOption = "auto",
    batch_size: options.BatchSizeOption = None,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Have a model in character answer questions about itself, and talk to a copy of itself.

    What it says goes into DIR as introspection.jsonl, for supervised tuning. Calls that the store holds
    already are not made again: after a stop, the same command goes on.
    """
    from mien.protocols import SamplingSettings
    from mien.training.introspecting import ROWS, Introspecting, introspect

    settings = Introspecting(
        folder=folder,
        model=model,
        reflections=reflections,
        interactions=interactions,
        turns=turns,
        sampling=SamplingSettings(temperature=temperature, top_p=top_p, max_tokens=max_tokens),
        seed=seed,
    )
    limits = options.limits(
        max_concurrency=max_concurrency,
        rpm=rpm,
        tpm=tpm,
        max_calls=max_calls,
        max_cost=max_cost,
        price_in=price_in,
        price_out=price_out,
        timeout=timeout,
    )
    hardware = options.hardware(device=device, dtype=dtype, batch_size=batch_size)
    report = ProgressReport()
    try:
        with report:
            told = introspect(settings, store=store, limits=limits, hardware=hardware, on_progress=report)
    except KeyboardInterrupt:
        sys.stderr.write(
            f"\nStopped. All that was answered is kept in {store}; "
            "the same command goes on where this one stopped.\n"
        )
        raise typer.Exit(130) from None
    except (BudgetReached, Unfinished) as stopped:
        sys.stderr.write(f"Stopped: {stopped}.\n")
        raise typer.Exit(1) from None
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
