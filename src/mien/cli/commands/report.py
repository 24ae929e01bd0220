"""``mien report``."""

from __future__ import annotations

from typing import Annotated

import typer

from mien.cli import options
from mien.cli.output import console, print_json, write
from mien.cli.run_names import RunsArgument, matching
from mien.errors import UsageError
from mien.formatting import enumerated


def command(
    runs: RunsArgument,
    output: Annotated[
        options.Path | None, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")
    ] = None,
    card: Annotated[
        bool, typer.Option("--card", help="Print a Markdown section for a model card instead; of one run.")
    ] = False,
    judge: options.JudgeNameOption = None,
    confidence_level: options.ConfidenceOption = 0.95,
    as_json: options.JsonOption = False,
    store: options.StoreOption = options.DEFAULT_STORE,
) -> None:
    """Write a page that holds all there is to say of a run, of a change, or of many models.

    The folder gets index.html, which needs nothing beside it, and the same figures and tables as files.
    """
    from mien.report.measured import Measured
    from mien.report.pictures import renderers
    from mien.runs.run import Run

    if card == (output is not None):
        raise UsageError("say where the report goes with -o DIR, or ask for a Markdown section with --card")
    runs = matching(runs, store)
    if card and len(runs) > 1:
        raise UsageError(f"a model card is of one model; --card takes 1 run, not {len(runs)}")
    if output is not None and output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file; name a folder")
    measured = Measured([Run(name, store) for name in runs], judge=judge, confidence_level=confidence_level)
    if output is None:
        from mien.report.model_card import model_card

        written = model_card(measured.profiles[0])
        if as_json:
            print_json({"runs": runs, "card": written})
        else:
            write(written)
        return
    with renderers() as executor:  # they get ready while what follows is loaded and fitted
        from mien.report.findings import LEFT_OUT
        from mien.report.folder import write as write_folder
        from mien.report.page import title

        write_folder(measured, output, executor=executor)
    page = output / "index.html"
    if as_json:
        told = {"runs": runs, "title": title(measured), "left_out": measured.left_out, "file": str(page)}
        print_json(told)
        return
    console().print(f"{page}: {title(measured)}", markup=False, soft_wrap=True)
    if measured.left_out:
        left = f"{LEFT_OUT}: {enumerated(measured.left_out, 8)}"
        console().print(left, markup=False, soft_wrap=True)
