"""The command line: one file a command. Whatever is heavy is imported inside the commands."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Annotated, Any

import typer

from mien.cli.commands import (
    batches,
    breadth,
    compare,
    constitution,
    craft,
    demo,
    design,
    diff,
    diversity,
    export,
    import_,
    judge,
    judges,
    manner,
    measure,
    merge,
    plan,
    plot,
    profile,
    prompts,
    protocols,
    reliability,
    report,
    runs,
    serve,
    sides,
    spec,
    study,
    sycophancy,
    traits,
    view,
)
from mien.cli.examples import add_examples
from mien.cli.output import print_json, write_err
from mien.cli.signals import INTERRUPTED, Termination, leave
from mien.errors import GateError, MienError, Notice
from mien.formatting import visible
from mien.version import __version__

app = typer.Typer(
    name="mien",
    help="Measure the character of language models by revealed preference, and say what changed.",
    epilog="Exit status: 0 success; 1 a gate or a check failed, or a gate is undecided on a run that lacks "
    "trials; 2 bad usage or input, or an endpoint that refuses every call; 3 incomplete: work that stopped "
    "at a limit, or a run that lacks trials, and the same command goes on; 130 Ctrl-C; 143 SIGTERM.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # paragraphs flow; otherwise they break where the source does
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"mien {__version__}")
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
    # Read when numpy is loaded. Its matrices are small here, a row a trait or the organism's layers: sharing
    # one among threads takes more time than it saves, and far more where other work is under way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


#: The commands by what they are for, in the order in which a newcomer needs them. What has commands of its
#: own is a `typer.Typer`.
_GROUPS: dict[str, dict[str, Any]] = {
    "Begin": {"demo": demo, "study": study.app, "measure": measure},
    "See what a model is like": {
        "profile": profile,
        "sides": sides,
        "manner": manner,
        "diversity": diversity,
        "sycophancy": sycophancy,
        "spec": spec.app,
        "breadth": breadth.app,
        "report": report,
        "plot": plot,
        "view": view,
    },
    "See what sets models apart": {"diff": diff, "compare": compare},
    "Trust it": {"judge": judge, "judges": judges.app, "reliability": reliability, "plan": plan},
    "Craft a character": {"constitution": constitution.app, "craft": craft.app, "serve": serve},
    "What is stored, and what goes in and out": {
        "runs": runs,
        "import": import_,
        "export": export,
        "merge": merge,
        "batches": batches,
    },
    "What a measurement is made of": {
        "traits": traits,
        "prompts": prompts,
        "protocols": protocols,
        "design": design,
    },
}
for _group, _members in _GROUPS.items():
    for _name, _what in _members.items():
        if isinstance(_what, typer.Typer):
            app.add_typer(_what, name=_name, rich_help_panel=_group)
        else:
            app.command(_name, rich_help_panel=_group)(_what.command)
add_examples(app)


def main() -> None:
    """Run the command line: status 0 for success, 1 for a failed gate or check, 2 for bad usage or input.

    What stopped at a limit, or ends without all of its trials, ends with 3, and the same command goes on.
    Stopped from outside, commands end with 130 (Ctrl-C) or 143 (SIGTERM); those that serve, with 0.
    """
    warnings.showwarning = _show_warning
    termination = Termination()
    termination.heed()
    try:
        status = app(sys.argv[1:] or ["--help"], prog_name="mien", standalone_mode=False)
    except typer.Abort:  # Ctrl-C where nothing is kept that could be gone on with
        status = INTERRUPTED
    except Exception as error:
        if (line := _explained(error)) is None:
            raise
        typer.secho(f"Error: {visible(line)}", err=True, fg=typer.colors.RED if sys.stderr.isatty() else None)
        status = 2
        if "--json" in sys.argv:  # whoever reads the output as JSON gets some
            print_json({"error": line, "status": status})
    leave(termination.status(status or 0))


def _show_warning(message: Warning | str, category: type[Warning], *place: Any) -> None:
    """Say a notice in a line; other warnings are developers' and stay as they are."""
    if issubclass(category, Notice):
        write_err(f"Note: {message}\n")
    else:
        write_err(warnings.formatwarning(message, category, *place[:2]))


def _explained(error: Exception) -> str | None:
    """What to tell of an error, in one line; None where it is a mistake of mien's own."""
    if isinstance(error, GateError):
        return str(error)  # a caret under the character: this one takes three lines
    if isinstance(error, MienError):
        line = str(error)
    elif format_message := getattr(error, "format_message", None):  # typer's; their class has no public name
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "mien"
        line = f"{format_message().rstrip('.')}; see {command} --help"
    elif isinstance(error, OSError):
        line = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
    else:
        return None
    return " ".join(part.strip() for part in line.splitlines())
