"""Reading a constitution's YAML, with the lines that its parts stand on."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from mien.errors import InputError, UnknownName
from mien.files import format_of, read_text, read_yaml

if TYPE_CHECKING:
    import yaml

_SHIPPED = resources.files("mien") / "data" / "constitutions"
_OTHERS = {".jsonl", ".md", ".markdown", ".txt", ".csv"}
_IMPORT = "a character that was written down otherwise becomes one by: mien constitution import {}"
#: What is said of an assertion that has no keys.
KEYED: Final = "an assertion has keys: write text: before what the character says"


def shipped_constitutions() -> list[str]:
    """Names of the built-in constitutions."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _SHIPPED.iterdir())


def constitution_text(source: str | Path) -> str:
    """The text of a built-in constitution, or of a user's file, as it was written.

    Raises:
        UnknownName: neither a built-in constitution nor a file.
        InputError: the file cannot be read.
    """
    if str(source) in shipped_constitutions():
        return (_SHIPPED / f"{source}.yaml").read_text(encoding="utf-8")
    if Path(source).is_file():
        return read_text(Path(source))
    if Path(source).suffix or Path(source).name != str(source):
        raise InputError("no such file", source=source)
    raise UnknownName("constitution", str(source), shipped_constitutions())


def read(source: str | Path) -> tuple[yaml.Node, dict[str, Any]]:
    """The document's nodes, which know their lines, and its members.

    Raises:
        UnknownName: neither a built-in constitution nor a file.
        InputError: the file cannot be read, is not a mapping in YAML, or has a key twice.
    """
    text = constitution_text(source)
    if Path(source).is_file() and format_of(Path(source)) in _OTHERS:
        raise InputError(f"is no YAML; {_IMPORT.format(source)}", source=source)
    node, members = read_yaml(text, source)
    if node is None or not isinstance(members, dict):
        problem = f"a constitution is a mapping of keys to values; {_IMPORT.format(source)}"
        raise InputError(problem, source=source)
    return node, cast("dict[str, Any]", members)
