"""How results are printed: JSON for programs, tables for people.

Whatever comes from outside passes here, and shows symbols for what would act on a terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mien.formatting import UNSEEN, counted, duration, fraction, p_value, visible

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

    from rich.console import Console

__all__ = [
    "bold",
    "console",
    "counted",
    "duration",
    "fraction",
    "p_value",
    "print_json",
    "print_table",
    "print_yaml",
    "tell",
    "write",
    "write_err",
    "write_new",
]

_WIDTH = 100  # where the output is no terminal
_WORDS = 12  # characters of words in a table's line, at least, where they have so many


@cache
def _console_class() -> type[Console]:
    from rich.console import Console

    class Visible(Console):
        """A console on which texts act as nothing but text."""

        def print(self, *objects: Any, **settings: Any) -> None:
            """Print, as rich does, what can be seen."""
            super().print(*(visible(one) if isinstance(one, str) else one for one in objects), **settings)

    return Visible


def console(*, err: bool = False) -> Console:
    """Where people read: as wide as the terminal, plain where there is none."""
    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else _WIDTH
    # A name such as base:label:SPEC holds no emoji.
    return _console_class()(stderr=err, width=width, highlight=False, soft_wrap=False, emoji=False)


def bold(text: str) -> str:
    """Text in bold, as rich's markup writes it, whatever brackets it holds."""
    from rich.markup import escape

    return f"[bold]{escape(text)}[/bold]"


def write(text: str) -> None:
    """Write text on standard output as it is, but for what cannot be seen."""
    sys.stdout.write(visible(text))
    sys.stdout.flush()


def write_err(text: str) -> None:
    """Write text on standard error as it is, but for what cannot be seen."""
    sys.stderr.write(visible(text))
    sys.stderr.flush()


def write_new(path: Path, text: str, *, quiet: bool = False) -> None:
    """Write a file that is not there yet, and say so on standard output unless ``quiet``.

    Raises:
        InputError: it is there, or cannot be written.
    """
    from mien.errors import InputError

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError("exists already; choose another name", source=path) from None
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", source=path) from None
    if not quiet:
        console().print(f"wrote {path}", markup=False)


def yaml_file(name: str) -> Path:
    """The YAML file of a name that is given with its ending, or without.

    Raises:
        InputError: the name is blank, or names a folder.
    """
    from mien.errors import InputError

    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if not path.stem.strip() or path.stem.startswith(".") or path.name != str(path):
        raise InputError("a name holds no folder and is not blank", source=repr(name))
    return path


def tell(of: object, notes: Iterable[str]) -> None:
    """Tell how a file was read, a line, on standard error: what is printed stays as it is."""
    if told := "; ".join(notes):
        console(err=True).print(f"{of}: {told}", markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print JSON on standard output, what cannot be seen written as JSON's escapes.

    An iterator is an array whose members are made as they are written; the text is nowhere whole.
    """
    for piece in _pieces(value, "\n"):
        sys.stdout.write(UNSEEN.sub(_escaped, piece))
    sys.stdout.write("\n")


def _pieces(value: Any, line: str) -> Iterator[str]:
    """What `json.dumps` writes with an indent of 2; ``line`` begins the line on which the value ends."""
    if isinstance(value, Iterator):
        yield from _array(cast("Iterator[Any]", value), line)
    elif not isinstance(value, dict | list | tuple) or not value:
        yield _encoder("").encode(value)
    else:
        known = cast("dict[Any, Any] | Sequence[Any]", value)
        held = known.values() if isinstance(known, dict) else known
        if not any(isinstance(member, dict | list | tuple | Iterator) for member in held):
            # A separator that breaks the line is all the indent that this needs, and json encodes it in C.
            text = _encoder(f",{line}  ").encode(known)
            yield f"{text[0]}{line}  {text[1:-1]}{line}{text[-1]}"
        elif isinstance(known, dict):
            yield from _object(known, line)
        else:
            yield from _array(known, line)


def _object(members: dict[Any, Any], line: str) -> Iterator[str]:
    for number, (key, member) in enumerate(members.items()):
        name = _encoder("").encode({key: None}).removeprefix("{").removesuffix("null}")
        yield f"{',' if number else '{'}{line}  {name}"
        yield from _pieces(member, f"{line}  ")
    yield f"{line}}}"


def _array(members: Iterable[Any], line: str) -> Iterator[str]:
    number = 0
    for number, member in enumerate(members, 1):
        yield f"{',' if number > 1 else '['}{line}  "
        yield from _pieces(member, f"{line}  ")
    yield f"{line}]" if number else "[]"


@cache
def _encoder(separator: str) -> json.JSONEncoder:
    return json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(separator, ": "))


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}"


def print_yaml(value: Any) -> None:
    """Print YAML on standard output, as wide as in a file: it may be on its way into one."""
    from mien.files import yaml_text

    write(yaml_text(value))


def print_facts(facts: Iterable[tuple[str, str]], *, indent: int = 15) -> None:
    """Print facts, each after what it is of, a line each; on a terminal, what goes on stands below it.

    Args:
        facts: what each is of, and what is said.
        indent: columns before what is said.
    """
    from textwrap import wrap

    out = console()
    for name, said in facts:
        # A pipe's lines are nobody's to break, and names are there to be copied.
        room = max(20, out.width - indent) if out.is_terminal else len(said)
        lines = (
            wrap(said, room, break_long_words=False, break_on_hyphens=False) if len(said) > room else [said]
        )
        text = f"\n{'':{indent}}".join(lines)
        out.print(f"  {name:<{indent - 3}} {text}", markup=False, soft_wrap=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, left: Sequence[str]) -> None:
    """Print a table; the columns in ``left`` hold words, the others numbers.

    On a terminal too narrow for it words are folded, but not so far that nobody can read them: rather lines
    run over.
    """
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    out, cells = console(), [[visible(str(cell)) for cell in row] for row in rows]
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        if column in left:  # folded, never cut: names are there to be copied
            table.add_column(column, overflow="fold")
        else:
            table.add_column(column, justify="right", no_wrap=True)
    least = -2  # there is no gap behind the last
    for column, *texts in zip(columns, *cells, strict=True):
        widest = max(cell_len(text) for text in (column, *texts))
        least += 2 + (min(widest, _WORDS) if column in left else widest)
    for row in cells:
        table.add_row(*map(Text, row))
    out.width = max(out.width, least)
    out.print(table, crop=False)
