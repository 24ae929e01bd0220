"""Reading a constitution's YAML, with the lines that its parts stand on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml

from mien.errors import InputError, UnknownName
from mien.files import format_of, line_of, part_of, read_text, read_yaml

if TYPE_CHECKING:
    from pydantic import ValidationError

_SHIPPED = resources.files("mien") / "data" / "constitutions"
_OTHERS = {".jsonl", ".md", ".markdown", ".txt", ".csv"}
_IMPORT = "a character that was written down otherwise becomes one by: mien constitution import {}"
_READ_AS = {"bool": "yes or no", "int": "a number", "float": "a number", "timestamp": "a date"}
_COLON = "quote the text: it holds a colon"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, with the line of the file, from 1."""

    line: int
    problem: str


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


def structure(node: yaml.Node, error: ValidationError) -> list[Finding]:
    """What is wrong with the structure, in the user's words; a mistake is told once, without what follows."""
    errors = error.errors()
    # A text that holds a colon is a mapping to YAML, with a key that is a sentence.
    torn = {
        one["loc"][:-1] for one in errors if one["type"] == "extra_forbidden" and " " in str(one["loc"][-1])
    }
    found: dict[Finding, None] = {}
    for one in errors:
        place = next((place for place in torn if one["loc"][: len(place)] == place and place), one["loc"])
        if one["type"] == "too_short" and any(
            other["loc"][:1] == one["loc"] for other in errors if other != one
        ):
            continue  # what is wrong with its members is told
        problem = _COLON if place in torn else _explained(part_of(node, *place), one["type"], one["msg"])
        found[Finding(line_of(node, *place), f"key {'.'.join(map(str, place))}: {problem}")] = None
    return sorted(found, key=lambda finding: finding.line)


def _explained(node: yaml.Node | None, kind: str, message: str) -> str:
    """What pydantic found in a part of the document, as the user would say it."""
    if kind == "string_type" and isinstance(node, yaml.MappingNode):
        return _COLON
    if kind == "string_type" and isinstance(node, yaml.ScalarNode):
        tag = node.tag.rpartition(":")[2]
        read_as = {"bool": "yes or no", "int": "a number", "float": "a number", "timestamp": "a date"}.get(
            tag
        )
        return f"quote the text: {node.value} is read as {read_as}" if read_as else "is blank; write it"
    if kind == "tuple_type":
        return "is to be a list: write [one, another], or one a line with - before it"
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return "an assertion has keys: write text: before what the character says"
    return {"extra_forbidden": "no such key", "missing": "is missing", "too_short": "holds nothing"}.get(
        kind, "is to be a text, not a list" if kind == "string_type" else message
    )
