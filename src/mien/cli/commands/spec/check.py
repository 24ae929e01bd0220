"""``mien spec check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.cli import options
from mien.cli.output import console, counted, print_json

SpecFile = Annotated[Path, typer.Argument(help="A spec's YAML file.", metavar="SPEC")]


def command(spec: SpecFile, as_json: options.JsonOption = False) -> None:
    """Check a spec, and name the lines; status 1 where something is wrong.

    A warning is no error: the spec can be run as it is.
    """
    from mien.instruments.manner.countable import countable
    from mien.materials.specs import check_spec

    findings = check_spec(spec, countable())
    errors = [one for one in findings if not one.warning]
    if as_json:
        found = [{"line": one.line, "problem": one.problem, "warning": one.warning} for one in findings]
        print_json({"source": str(spec), "passed": not errors, "findings": found})
    else:
        for one in findings:
            kind = "warning: " if one.warning else ""
            console().print(f"{spec}, line {one.line}: {kind}{one.problem}", markup=False, soft_wrap=True)
        parts = [counted(len(errors), "error")] if errors else []
        if warnings := len(findings) - len(errors):
            parts.append(counted(warnings, "warning"))
        console().print(f"{spec}: {', '.join(parts) or 'nothing to mend'}", markup=False, soft_wrap=True)
    if errors:
        raise typer.Exit(1)
