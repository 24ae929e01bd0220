"""``mien spec``: what a model is required to do, written down; one file a command."""

from __future__ import annotations

import typer

from mien.cli.commands.spec import ambiguities, check, contradictions, diff, import_, items, new, run, show

app = typer.Typer(
    help="Write down what a model is required to do, and test whether it does.", no_args_is_help=True
)

app.command("new")(new.command)
app.command("check")(check.command)
app.command("show")(show.command)
app.command("diff")(diff.command)
app.command("run")(run.command)
app.command("import")(import_.command)
app.command("items")(items.command)
app.command("contradictions")(contradictions.command)
app.command("ambiguities")(ambiguities.command)
