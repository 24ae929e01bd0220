"""``mien craft merge``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.cli.commands.craft.extra import require_training
from mien.cli.output import console
from mien.errors import UsageError


def command(
    model: Annotated[str, typer.Argument(help="hf/FOLDER, hf/OWNER/NAME, organism/NAME.")],
    out: Annotated[Path, typer.Option("-o", "--output", help="A new folder.")],
    adapters: Annotated[
        list[str] | None,
        typer.Argument(
            help="Adapters of that model, each with its weight or 1.", metavar="ADAPTER[=WEIGHT]…"
        ),
    ] = None,
    as_adapter: Annotated[
        bool, typer.Option("--as-adapter", help="Write one adapter instead of a model.")
    ] = False,
    dtype: Annotated[
        str,
        typer.Option(help="float32, bfloat16 or float16.", show_default="the model's own"),
    ] = "auto",
) -> None:
    """Add adapters to a model's weights; or blend them into one adapter."""
    require_training()
    given = [_weighted(text) for text in adapters or ()]
    from mien.craft.tuning.merging import Weighted, blend, merge

    weighted = [Weighted(*one) for one in given]
    if as_adapter:
        blend(model, weighted, out=out)
    else:
        merge(model, weighted, out=out, dtype=dtype)
    used = f"{model}+{out}" if as_adapter else f"hf/{out}"
    console().print(f"wrote {out}; as a model: {used}", markup=False, soft_wrap=True)


def _weighted(text: str) -> tuple[str, float]:
    name, equals, number = text.rpartition("=")
    if not equals or Path(text).expanduser().is_dir():
        return text, 1.0
    try:
        return name, float(number)
    except ValueError:
        raise UsageError(f"{text}: {number!r} is no number; write ADAPTER=0.5") from None
