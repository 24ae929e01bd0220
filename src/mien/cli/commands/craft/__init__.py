"""``mien craft``: from a written character to a model that has it; one file a command."""

from __future__ import annotations

import typer

from mien.cli.commands.craft import audit, data, introspect, merge, prove, run, train

app = typer.Typer(
    help="Craft a character: make training data of a constitution, train on them, and prove that it took.",
    no_args_is_help=True,
)

app.command("run")(run.command)
app.command("data")(data.command)
app.command("audit")(audit.command)
app.command("introspect")(introspect.command)
app.command("train")(train.command)
app.command("prove")(prove.command)
app.command("merge")(merge.command)
