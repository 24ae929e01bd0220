"""``mien craft``: one file a command."""

from __future__ import annotations

import typer

from mien.cli.craft import merge, train

app = typer.Typer(help="Train a written character into a model.", no_args_is_help=True)
app.command("train")(train.command)
app.command("merge")(merge.command)
