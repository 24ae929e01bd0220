"""Specs of mien's own constitutions: what a character says of itself, as what is required of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.formatting import counted
from mien.materials.constitutions import load_constitution
from mien.materials.specs.foreign.imported import Imported, clause, identifier, item, made_spec

if TYPE_CHECKING:
    from pathlib import Path

    from mien.materials.specs.spec import Clause


def import_constitution(source: str | Path) -> Imported:
    """The spec that a constitution makes: a clause an assertion, with its questions for items.

    What the character must never do are clauses without items. Traits to raise and lower are tags. Its
    answers in and out of character have no conversation, and are left.

    Raises:
        UnknownName: neither a built-in constitution nor a file.
        InputError: it cannot be read.
    """
    constitution = load_constitution(source)
    clauses: list[Clause] = []
    left: list[str] = []
    for number, assertion in enumerate(constitution.assertions, 1):
        items = [
            item(f"q{n}", [{"role": "user", "content": question}])
            for n, question in enumerate(assertion.questions, 1)
            if question.strip()
        ]
        clauses.append(
            clause(
                id=identifier(assertion.text, {one.id for one in clauses}),
                section="Assertions",
                text=f"Behave as somebody who says of themselves: {assertion.text.strip()}",
                tags=[*(f"+{name}" for name in assertion.raises), *(f"-{name}" for name in assertion.lowers)],
                items=items,
            )
        )
        if answers := len(assertion.in_character) + len(assertion.out_of_character):
            left.append(f"assertion {number}: {counted(answers, 'answer')} without a conversation")
    for text in constitution.never:
        name = identifier(f"never {text}", {one.id for one in clauses})
        clauses.append(clause(id=name, section="Never", text=f"Never do this: {text.strip()}"))
    spec = made_spec(
        source,
        name=constitution.name,
        description=constitution.description,
        source=f"the constitution {constitution.name}",
        clauses=clauses,
    )
    note = f"read as a constitution: {counted(len(constitution.assertions), 'assertion')}"
    return Imported(spec, (note,), tuple(left))
