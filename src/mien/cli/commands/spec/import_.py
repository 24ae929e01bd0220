"""``mien spec import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.cli import options
from mien.cli.output import console, counted, print_json, tell, write_new

_Source = Annotated[
    str,
    typer.Argument(
        help="OpenAI's model spec (its folder, or model_spec.md), statements of SpecEval (.jsonl), a "
        "blueprint of weval, a configuration of promptfoo, rows of a stress test (a table), or a "
        "constitution (also a built-in one).",
        metavar="SOURCE",
    ),
]
_Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Default: SOURCE's name, as .yaml, in this folder.", metavar="FILE"),
]


def command(source: _Source, output: _Output = None, as_json: options.JsonOption = False) -> None:
    """Make a spec of what others have written, and say what could not be carried over."""
    from mien.materials.specs import import_spec

    imported = import_spec(source)
    spec = imported.spec
    path = output or Path(f"{Path(source).resolve().name.split('.')[0]}.yaml")
    write_new(path, spec.yaml(), quiet=as_json)
    counts = {
        "clauses": len(spec.clauses),
        "items": sum(1 for _ in spec.items),
        "good": sum(len(clause.good) for clause in spec.clauses),
        "bad": sum(len(clause.bad) for clause in spec.clauses),
    }
    if as_json:
        print_json({"file": str(path), **counts, "notes": imported.notes, "left": imported.left})
        return
    tell(source, imported.notes)
    console().print(
        f"{counted(counts['clauses'], 'clause')}, {counted(counts['items'], 'item')}, "
        f"{counts['good']} good and {counted(counts['bad'], 'bad example')}",
        markup=False,
    )
    if imported.left:
        console().print(f"{counted(len(imported.left), 'thing')} could not be carried over:", markup=False)
        for one in imported.left:
            console().print(f"  {one}", markup=False, soft_wrap=True)
