"""Constitutions of Open Character Training (Maiya et al. 2025), in both of its layouts.

It writes a constitution by hand as a JSON list of objects with ``trait``, ``questions`` and, sometimes,
``clarification``; what it trains on has a JSON object a line, with ``trait``, ``questions`` and
``additional_questions``. Its "trait" is what is an assertion here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mien.errors import InputError
from mien.formatting import counted, enumerated
from mien.materials.constitutions.constitution import Assertion
from mien.materials.traits import fold

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class _Trait(msgspec.Struct):
    trait: str
    questions: list[str | None] | None = None
    additional_questions: list[str | None] | None = None
    clarification: str | None = None


def read_traits(rows: Iterable[tuple[str, dict[str, Any]]], path: Path) -> tuple[list[Assertion], list[str]]:
    """Assertions of traits, each with its place, and what there is to tell of how they were read.

    A clarification goes with its assertion, no question is kept twice, and keys that it does not have are
    passed over.

    Raises:
        InputError: a row is of neither layout.
    """
    assertions: list[Assertion] = []
    seen: set[str] = set()
    unknown: dict[str, None] = {}
    for where, members in rows:
        try:
            trait = msgspec.convert(members, _Trait)
        except msgspec.ValidationError as error:
            raise InputError(
                f"no trait of Open Character Training: {error}", source=path, where=where
            ) from error
        if not trait.trait.strip():
            raise InputError("the trait is blank", source=path, where=where)
        unknown |= dict.fromkeys(name for name in members if name not in _Trait.__struct_fields__)
        questions: list[str] = []
        for question in (*(trait.questions or ()), *(trait.additional_questions or ())):
            if question and question.strip() and fold(question) not in seen:
                seen.add(fold(question))
                questions.append(question.strip())
        parts = (trait.trait, trait.clarification or "")
        text = " ".join(part.strip() for part in parts if part.strip())
        assertions.append(Assertion(text=text, questions=tuple(questions)))
    notes = [f"read as {counted(len(assertions), 'trait')} of Open Character Training"]
    if unknown:
        notes.append(f"passed over: {enumerated(unknown)}")
    return assertions, notes
