"""``mien breadth``: how far a model's character and its views reach; one file a command."""

from __future__ import annotations

import typer

from mien.cli.commands.breadth import character

app = typer.Typer(
    help="See how broad a model is: how far its character stretches when it is told to.",
    no_args_is_help=True,
)

app.command("character")(character.command)
