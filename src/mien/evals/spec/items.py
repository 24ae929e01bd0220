"""What a spec has models asked, and its judge shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from mien.evals.item import Item

if TYPE_CHECKING:
    from mien.materials.specs import Clause, Example, Spec

#: What the examples of a clause are kept as: a test of the judge. No clause's id holds a space.
EXAMPLES: Final = "examples "


def items_of(spec: Spec) -> tuple[Item, ...]:
    """Its items, each under its clause.

    Items of one conversation have one answer, whichever clauses they test: they share a cluster.
    """
    first: dict[bytes, str] = {}
    found: list[Item] = []
    for clause, item in spec.items:
        content = clause.content(item)
        said = msgspec.json.encode(content["messages"])
        alone = first.setdefault(said, f"{clause.id}/{item.id}")
        found.append(Item(test=clause.id, id=item.id, content=content, cluster=item.cluster or alone))
    return tuple(found)


def examples_of(spec: Spec) -> tuple[Item, ...]:
    """Its examples, each under its clause, for the judge to read."""
    return tuple(
        Item(
            test=EXAMPLES + clause.id,
            id=f"{side} {number}",
            content=_example(clause, example) | {"good": side == "good"},
        )
        for clause in spec.clauses
        for side in ("good", "bad")
        for number, example in enumerate(getattr(clause, side), 1)
    )


def _example(clause: Clause, example: Example) -> dict[str, object]:
    said: dict[str, object] = {"messages": [dict(message) for message in example.messages]}
    said |= {"answer": example.answer, "clause": clause.text}
    return said | ({"applies": clause.applies} if clause.applies else {})
