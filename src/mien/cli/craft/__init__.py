"""``mien craft``: from a written character to a model that has it; one file a command."""

from __future__ import annotations

import typer

from mien.cli.craft import merge, train

app = typer.Typer(help="Craft a character: train a model on preferences.", no_args_is_help=True)
app.command("train")(train.command)
app.command("merge")(merge.command)
