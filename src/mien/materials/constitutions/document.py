"""Reading a constitution's YAML, with the lines that its parts stand on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml

from mien.errors import InputError, UnknownName
from mien.files import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError

_SHIPPED = resources.files("mien") / "data" / "constitutions"


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
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        members = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        problem = f"is not valid YAML: {getattr(error, 'problem', error)}"
        raise InputError(problem, source=source, where=where) from error
    if node is None or not isinstance(members, dict):
        raise InputError("a constitution is a mapping of keys to values", source=source)
    for key, first, second in _twice(node):
        problem = f"key {key} was given on line {first} already; keep one"
        raise InputError(problem, source=source, where=f"line {second}")
    return node, cast("dict[str, Any]", members)


def _twice(node: yaml.Node) -> Iterator[tuple[str, int, int]]:
    """Keys that a mapping has twice, with both lines. YAML's reader would keep the last and say nothing."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _twice(item)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                yield key.value, seen[key.value], line
            seen[key.value] = line
            yield from _twice(value)


def line_of(node: yaml.Node, *path: str | int) -> int:
    """The line of the deepest part of a path that the document holds."""
    line = node.start_mark.line + 1
    for part in path:
        found = None
        if isinstance(node, yaml.MappingNode):
            pairs = ((key, value) for key, value in node.value if key.value == part)
            key, found = next(pairs, (None, None))
            line = key.start_mark.line + 1 if key is not None else line
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = node.value[part]
            line = found.start_mark.line + 1
        if found is None:
            break
        node = found
    return line


def structure(node: yaml.Node, error: ValidationError) -> Iterator[Finding]:
    for one in error.errors():
        problem = {"extra_forbidden": "no such key", "missing": "is missing"}.get(one["type"], one["msg"])
        key = ".".join(map(str, one["loc"]))
        yield Finding(line_of(node, *one["loc"]), f"key {key}: {problem}")
