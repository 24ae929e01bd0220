"""Characters that were written down otherwise, as constitutions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from mien.errors import InputError
from mien.files import format_of, read_text, read_yaml
from mien.files.rows import lenient_json, read_jsonl, whole
from mien.formatting import counted, enumerated, quoted
from mien.materials.constitutions.constitution import Assertion, Constitution
from mien.materials.constitutions.opencharacter import read_traits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ITEM: Final = re.compile(r"\s*(?:[-*+•–]|\(?\d{1,3}[.):])\s+(.*)")
_HEADING: Final = re.compile(r"\s*(?:#{1,6}\s|[=-]{3,}\s*$|```)")


@dataclass(frozen=True, slots=True)
class Imported:
    """A constitution that was made of a file, and what there is to tell of it.

    Attributes:
        notes: a phrase each: as what the file was read, and what of it was passed over.
    """

    constitution: Constitution
    notes: tuple[str, ...]


def import_constitution(path: Path) -> Imported:
    """Make a constitution of what somebody has written otherwise.

    Read are lists of texts in JSON or YAML, as criteria of EigenBench are; both layouts of Open Character
    Training (`mien.materials.constitutions.opencharacter`); the items of Markdown or text, or else its
    paragraphs or lines. Each is an assertion; there is no description, and there are no traits to raise or
    lower: the first is written from the file's name, the second are left to whoever knows.

    Raises:
        InputError: the file cannot be read, or holds none of these; with the row.
    """
    text = read_text(path)
    if not text.strip():
        raise InputError("is empty", source=path)
    if format_of(path) in {".yaml", ".yml"}:
        assertions, notes = _listed(read_yaml(text, path)[1], path)
    elif text.lstrip()[:1] in {"[", "{"}:
        assertions, notes = _json(text, path)
    else:
        assertions, notes = _prose(text, markdown=format_of(path) != ".txt")
    if not assertions:
        raise InputError("holds no trait, criterion or sentence to make an assertion of", source=path)
    name = path.name.split(".")[0] or path.stem
    description = f"The character {name!r} as its file has it, in {counted(len(assertions), 'assertion')}."
    return Imported(
        Constitution(name=name, description=description, assertions=tuple(assertions)), tuple(notes)
    )


def _json(text: str, path: Path) -> tuple[list[Assertion], list[str]]:
    try:
        value = lenient_json(text)
    except ValueError as error:
        if text.lstrip().startswith("["):
            raise InputError(f"is not JSON: {error}", source=path) from error
        value = None
    if (isinstance(value, dict) and "trait" not in value) or isinstance(value, list):
        return _listed(value, path)
    rows = ((f"row {number}", members) for number, members in read_jsonl(text, str(path)))
    return read_traits(rows, path)


def _listed(value: Any, path: Path) -> tuple[list[Assertion], list[str]]:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        if "assertions" in members:
            problem = f"is a constitution already; look at it with: mien constitution check {path}"
            raise InputError(problem, source=path)
        lists = [cast("list[Any]", one) for one in members.values() if isinstance(one, list)]
        value = lists[0] if len(lists) == 1 else members
    if not isinstance(value, list):
        raise InputError(f"holds no list of criteria or traits: {quoted(value)}", source=path)
    items = cast("list[Any]", value)
    if not all(isinstance(item, str) for item in items):
        return read_traits(_objects(items, path), path)
    for number, item in enumerate(items, 1):
        if not item.strip() or not whole(item):
            raise InputError("is blank, or no text", source=path, where=f"item {number}")
    return _said(items), [f"read as {counted(len(items), 'criterion').replace('criterions', 'criteria')}"]


def _objects(items: list[Any], path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            problem = f"is no object with a trait: {quoted(item)}"
            raise InputError(problem, source=path, where=f"object {number}")
        yield f"object {number}", cast("dict[str, Any]", item)


def _said(texts: list[str]) -> list[Assertion]:
    return [Assertion(text=" ".join(text.split())) for text in texts]


def _prose(text: str, *, markdown: bool) -> tuple[list[Assertion], list[str]]:
    """The items of lists; where there are none, paragraphs of Markdown, lines of plain text."""
    headings = [line.strip() for line in text.split("\n") if _HEADING.match(line)]
    blocks = _blocks(text)
    items = [block for marked, block in blocks if marked]
    passed = [block for marked, block in blocks if not marked] if items else []
    lines = [line for _, block in blocks for line in (block,) if not items]
    if not items and not markdown:
        lines = [line for line in text.split("\n") if line.strip() and not _HEADING.match(line)]
    found = items or lines
    notes = [f"read as {counted(len(found), 'item' if items else 'paragraph' if markdown else 'line')}"]
    if skipped := [*headings, *passed]:
        notes.append(f"passed over: {enumerated(map(repr, skipped), 4)}")
    return _said(found), notes


def _blocks(text: str) -> list[tuple[bool, str]]:
    """Items and paragraphs in their order, each with whether it is an item; headings end both."""
    blocks: list[tuple[bool, list[str]]] = []
    going_on = False
    for line in text.split("\n"):
        if not line.strip() or _HEADING.match(line):
            going_on = False
        elif found := _ITEM.fullmatch(line):
            blocks.append((True, [found[1]]))
            going_on = True
        elif going_on:
            blocks[-1][1].append(line)
        else:
            blocks.append((False, [line]))
            going_on = True
    return [(marked, " ".join(lines)) for marked, lines in blocks]
