"""``mien spec new``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.cli.output import write_new


def command(name: Annotated[str, typer.Argument(help="The spec's name; the file is NAME.yaml.")]) -> None:
    """Write a commented template."""
    from mien.errors import InputError
    from mien.materials.specs import template
    from mien.names import require_visible

    path = Path(f"{require_visible(name, 'name')}.yaml")
    if not name.strip() or path.name != f"{name}.yaml":
        raise InputError("a name holds no folder and is not blank", source=repr(name))
    write_new(path, template(name))
