"""The command line: one file a command. Whatever is heavy is imported inside the commands."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

import mien
from mien.cli import (
    demo,
    diff,
    export,
    import_,
    judge,
    measure,
    profile,
    prompts,
    protocols,
    runs,
    traits,
)
from mien.errors import MienError

app = typer.Typer(
    name="mien",
    help="Measure the character of language models by revealed preference, and say what changed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"mien {mien.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    store: Annotated[
        str | None, typer.Option(help="The store's file; commands take this option, too.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if store is not None:
        os.environ["MIEN_STORE"] = store  # where the commands' own --store looks


for _module, _name in (
    (demo, "demo"),
    (measure, "measure"),
    (judge, "judge"),
    (profile, "profile"),
    (diff, "diff"),
    (runs, "runs"),
    (traits, "traits"),
    (prompts, "prompts"),
    (protocols, "protocols"),
    (import_, "import"),
    (export, "export"),
):
    app.command(_name)(_module.command)


def main() -> None:
    """Run the command line: status 0 for success, 1 for a failed check, 2 for bad usage or input."""
    try:
        app()
    except MienError as error:
        typer.secho(f"Error: {error}", err=True, fg=typer.colors.RED if sys.stderr.isatty() else None)
        sys.exit(2)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()
        sys.exit(0)
