"""``mien protocols``."""

from __future__ import annotations

from typing import Annotated

import typer

from mien.cli import options
from mien.cli.output import print_json, print_table, print_yaml


def command(
    source: Annotated[
        str | None,
        typer.Argument(help="Show and check this one: a name, or a YAML file.", show_default="list all"),
    ] = None,
    as_json: options.JsonOption = False,
) -> None:
    """List the built-in protocols, or show and check one."""
    from mien.materials.protocols import load_protocol, shipped_protocols

    if source is not None:
        protocol = load_protocol(source).model_dump(mode="json")
        if as_json:
            print_json(protocol)
        else:
            print_yaml(protocol)
        return
    found = [load_protocol(name) for name in shipped_protocols()]
    if as_json:
        print_json([{"name": p.name, "description": p.description, "source": p.source} for p in found])
        return
    rows = ((p.name, p.description) for p in found)
    print_table(("protocol", "description"), rows, left=("protocol", "description"))
