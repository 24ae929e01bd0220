"""How results are printed: JSON for programs, tables for people."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from mien.formatting import counted, fraction, p_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

__all__ = [
    "console",
    "counted",
    "fraction",
    "p_value",
    "print_json",
    "print_table",
    "print_yaml",
    "tell",
]

_WIDTH = 100  # where the output is no terminal


def console(*, err: bool = False) -> Console:
    """Where people read: as wide as the terminal, plain where there is none."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    return Console(stderr=err, width=None if stream.isatty() else _WIDTH, highlight=False, soft_wrap=False)


def tell(of: object, notes: Iterable[str]) -> None:
    """Tell how a file was read, a line, on standard error: what is printed stays as it is."""
    if told := "; ".join(notes):
        console(err=True).print(f"{of}: {told}", markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print JSON on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_yaml(value: Any) -> None:
    """Print YAML on standard output, as wide as in a file: it may be on its way into one."""
    from mien.files import yaml_text

    sys.stdout.write(yaml_text(value))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, left: Sequence[str]) -> None:
    """Print a table; the columns in ``left`` hold words, the others numbers."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        if column in left:  # folded, never cut: names are there to be copied
            table.add_column(column, overflow="fold")
        else:
            table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*map(str, row))
    console().print(table)
