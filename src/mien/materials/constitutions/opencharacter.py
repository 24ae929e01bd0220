"""Constitutions of Open Character Training (Maiya et al. 2025), in both of its layouts.

It writes a constitution by hand as a JSON list of objects with ``trait``, ``questions`` and, sometimes,
``clarification``; what it trains on has a JSON object a line, with ``trait``, ``questions`` and
``additional_questions``. Its "trait" is what is an assertion here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mien.errors import InputError
from mien.files import read_jsonl, read_text
from mien.materials.constitutions.constitution import Assertion, Constitution
from mien.materials.traits import fold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Trait(msgspec.Struct, forbid_unknown_fields=True):
    trait: str
    questions: list[str] = []
    additional_questions: list[str] = []
    clarification: str = ""


def read_opencharacter(path: Path) -> Constitution:
    """Read one of its constitutions; a clarification goes with its assertion, and no question is kept twice.

    It has no description and names no traits to raise or lower: the first is written from the file's name,
    the second are left to whoever knows.

    Raises:
        InputError: the file cannot be read, or is of neither layout; with the row.
    """
    assertions: list[Assertion] = []
    seen: set[str] = set()
    for where, members in _objects(path):
        try:
            trait = msgspec.convert(members, _Trait)
        except msgspec.ValidationError as error:
            raise InputError(
                f"no trait of Open Character Training: {error}", source=path, where=where
            ) from error
        if not trait.trait.strip():
            raise InputError("the trait is blank", source=path, where=where)
        questions: list[str] = []
        for question in (*trait.questions, *trait.additional_questions):
            if question.strip() and fold(question) not in seen:
                seen.add(fold(question))
                questions.append(question.strip())
        text = " ".join(part.strip() for part in (trait.trait, trait.clarification) if part.strip())
        assertions.append(Assertion(text=text, questions=tuple(questions)))
    if not assertions:
        raise InputError("holds no trait", source=path)
    description = (
        f"The character {path.stem!r} of Open Character Training, as its {len(assertions)} assertions say."
    )
    return Constitution(name=path.stem, description=description, assertions=tuple(assertions))


def _objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    text = read_text(path)
    if not text.lstrip().startswith("["):
        yield from ((f"row {number}", members) for number, members in read_jsonl(text, str(path)))
        return
    try:
        found = msgspec.json.decode(text, type=list[dict[str, Any]])
    except msgspec.MsgspecError as error:
        raise InputError(f"not a JSON list of objects: {error}", source=path) from error
    yield from ((f"object {number}", members) for number, members in enumerate(found, 1))
