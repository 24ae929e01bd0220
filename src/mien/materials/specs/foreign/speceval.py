"""Specs of SpecEval (Ahmed et al. 2025): a statement a line, in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from mien.errors import InputError
from mien.files import read_jsonl, read_text
from mien.formatting import counted
from mien.materials.specs.foreign.imported import (
    Imported,
    clause,
    example,
    identifier,
    keyed,
    listed,
    made_spec,
)
from mien.materials.specs.spec import AUTHORITIES

if TYPE_CHECKING:
    from pathlib import Path

    from mien.materials.specs.spec import Clause, Example

#: What an earlier edition of OpenAI's spec called the level that nobody sets aside.
_LEVELS: Final = {level: level for level in AUTHORITIES} | {"platform": "root"}
_ASKED: Final = ("user_query", "query", "input", "prompt")
_ANSWERS: Final = (("good", "good_response"), ("bad", "bad_response"))


class _Statement(msgspec.Struct):
    id: str
    text: str
    type: str = ""
    authority_level: str = ""
    section: str = ""
    subsection: str | None = None
    related_statements: list[str] | None = None
    metadata: dict[str, Any] | None = None


def import_speceval(path: Path) -> Imported:
    """The spec in a file of statements, with ``id``, ``text``, ``type``, ``authority_level`` and ``section``.

    A statement is a clause, its type and what it is related to are tags, and ``examples`` of its
    ``metadata`` (``user_query`` with ``good_response``, ``bad_response``) are its examples. ``platform`` is
    ``root``. Definitions require nothing, and are left.

    Raises:
        InputError: a row is no statement, or none is left; with its number.
    """
    clauses: list[Clause] = []
    left: list[str] = []
    platform = 0
    for number, row in read_jsonl(read_text(path), str(path)):
        where = f"row {number}"
        try:
            statement = msgspec.convert(row, _Statement)
        except msgspec.ValidationError as error:
            raise InputError(f"no statement of SpecEval: {error}", source=path, where=where) from error
        if not statement.text.strip():
            raise InputError("the text is blank", source=path, where=where)
        if statement.type.lower() == "definition":
            left.append(f"{where}: {statement.id} is a definition, and requires nothing")
            continue
        level = statement.authority_level.lower()
        platform += level == "platform"
        if level and level not in _LEVELS:
            left.append(f"{where}: authority {level} is none of {', '.join(_LEVELS)}")
        good, bad = _examples(statement.metadata or {}, where, left)
        left += [f"{where}: key {key}" for key in row.keys() - set(_Statement.__struct_fields__)]
        clauses.append(
            clause(
                id=identifier(statement.id, {one.id for one in clauses}),
                section=" / ".join(part for part in (statement.section, statement.subsection) if part),
                text=statement.text,
                authority=_LEVELS.get(level, ""),
                tags=[
                    *([statement.type.lower()] if statement.type else []),
                    *(f"related: {name}" for name in statement.related_statements or []),
                ],
                good=good,
                bad=bad,
            )
        )
    name = path.name.split(".")[0]
    spec = made_spec(path, name=name, source=f"imported from {path.name}", clauses=clauses)
    notes = [f"read as {counted(len(clauses), 'statement')} of SpecEval"]
    if platform:
        notes.append(f"{platform} of the platform's level, which is root here")
    return Imported(spec, tuple(notes), tuple(left))


def _examples(metadata: dict[str, Any], where: str, left: list[str]) -> tuple[list[Example], list[Example]]:
    found: dict[str, list[Example]] = {"good": [], "bad": []}
    left += [f"{where}: metadata {key}" for key in metadata.keys() - {"examples"}]
    for number, row in enumerate(listed(metadata.get("examples")), 1):
        members = keyed(row)
        asked = next((members[key] for key in _ASKED if _said(members.get(key))), None)
        answers = [(kind, members[key]) for kind, key in _ANSWERS if _said(members.get(key))]
        if asked is None or not answers:
            left.append(f"{where}: example {number} has no message with an answer that is called good or bad")
            continue
        why = str(members.get("description") or "")
        for kind, answer in answers:
            found[kind].append(example([{"role": "user", "content": asked}], answer, why))
    return found["good"], found["bad"]


def _said(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
