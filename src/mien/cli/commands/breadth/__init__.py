"""``mien breadth``: how far a model's character and its views reach; one file a command."""

from __future__ import annotations

import typer

from mien.cli.commands.breadth import character, views

app = typer.Typer(
    help="See how broad a model is: how far its character stretches when it is told to, and what it makes of "
    "questions on which people disagree.",
    no_args_is_help=True,
)

app.command("character")(character.command)
app.command("views")(views.command)
