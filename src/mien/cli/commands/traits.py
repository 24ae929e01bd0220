"""``mien traits``."""

from __future__ import annotations

from typing import Annotated

import typer

from mien.cli import options
from mien.cli.output import console, counted, print_json, print_table


def command(
    source: Annotated[
        str | None,
        typer.Argument(
            help="Show and check this set: a name, or a YAML or text file.", show_default="list all"
        ),
    ] = None,
    as_json: options.JsonOption = False,
) -> None:
    """List the built-in trait sets, or show and check one."""
    from mien.materials.traits import load_traits, shipped_trait_sets

    if source is None:
        sets = [load_traits(name) for name in shipped_trait_sets()]
        if as_json:
            print_json(
                [{"name": s.name, "n_traits": len(s.traits), "description": s.description} for s in sets]
            )
        else:
            rows = ((s.name, len(s.traits), s.description) for s in sets)
            print_table(("set", "traits", "description"), rows, left=("set", "description"))
        return
    found = load_traits(source)
    if as_json:
        traits = [{"name": trait.name, "description": trait.description} for trait in found.traits]
        print_json({"name": found.name, "description": found.description, "traits": traits})
        return
    rows = ((trait.name, trait.description) for trait in found.traits)
    print_table(("trait", "description"), rows, left=("trait", "description"))
    console().print(f"\n{found.name}: {counted(len(found.traits), 'trait')}, all usable", markup=False)
