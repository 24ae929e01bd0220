"""``mien spec new``."""

from __future__ import annotations

from typing import Annotated

import typer

from mien.cli.output import write_new, yaml_file


def command(name: Annotated[str, typer.Argument(help="The spec's name; the file is NAME.yaml.")]) -> None:
    """Write a commented template."""
    from mien.materials.specs import template
    from mien.names import require_visible

    path = yaml_file(require_visible(name, "name"))
    write_new(path, template(path.stem))
