"""What is different between two versions of a spec, and what of it has to be asked anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from mien.materials.traits import fold

if TYPE_CHECKING:
    from mien.materials.specs.spec import Clause, Spec, SpecItem

Kind = Literal["added", "removed", "renamed", "reworded", "re-levelled", "items"]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a clause.

    Attributes:
        kind: ``reworded`` also where it applies otherwise; ``renamed`` where the text is the same under
            another id; ``items`` where its items are others.
        clause: its id, in the later version unless it was removed.
        before: what it was: the id, text, authority, or the ids of the items that went or changed.
        after: what it is: so as well.
    """

    kind: Kind
    clause: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different between two versions of a spec.

    Attributes:
        asked: items of the later version that the model was not asked in the earlier one.
        read: items whose conversation is the same, and which a judge has to read anew.
        kept: items for which nothing has to be asked.
    """

    clauses: tuple[Change, ...]
    asked: int
    read: int
    kept: int

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return msgspec.to_builtins(self)


def compare_specs(old: Spec, new: Spec) -> Changes:
    """What became of each clause, in the order of the later version, and which items have to be asked anew.

    A clause is known by its id or, where that is not there, by its text. An item is known by what it asks
    and checks, whatever it is called and wherever it stands.
    """
    before = {clause.id: clause for clause in old.clauses}
    by_text = {fold(clause.text): clause for clause in old.clauses}
    ids = {clause.id for clause in new.clauses}
    changes: list[Change] = []
    known: set[str] = set()
    for clause in new.clauses:
        earlier = before.get(clause.id)
        if earlier is None:
            same = by_text.get(fold(clause.text))
            earlier = same if same and same.id not in ids else None
            kind = "renamed" if earlier else "added"
            changes.append(Change(kind, clause.id, earlier.id if earlier else "", clause.text))
        if earlier is not None:
            known.add(earlier.id)
            changes.extend(_changed(earlier, clause))
    gone = (clause for clause in old.clauses if clause.id not in known)
    changes.extend(Change("removed", clause.id, clause.text) for clause in gone)
    return Changes(tuple(changes), *_counts(old, new))


def _changed(old: Clause, new: Clause) -> list[Change]:
    found: list[Change] = []
    if (old.text, old.applies) != (new.text, new.applies):
        found.append(Change("reworded", new.id, *map(_worded, (old, new))))
    if old.authority != new.authority:
        found.append(Change("re-levelled", new.id, old.authority or "none", new.authority or "none"))
    were, are = ({item.id: (item.messages, item.checks) for item in clause.items} for clause in (old, new))
    gone = [one for one in were if were[one] != are.get(one)]
    come = [one for one in are if are[one] != were.get(one)]
    if gone or come:
        found.append(Change("items", new.id, ", ".join(gone), ", ".join(come)))
    return found


def _worded(clause: Clause) -> str:
    return f"{clause.text}\n(applies {clause.applies})" if clause.applies else clause.text


def _counts(old: Spec, new: Spec) -> tuple[int, int, int]:
    said = {_said(item) for _, item in old.items}
    keys = {clause.key(item) for clause, item in old.items}
    asked = read = kept = 0
    for clause, item in new.items:
        judged = not item.checks or not all(check.counted for check in item.checks)
        if _said(item) not in said:
            asked += 1
        elif judged and clause.key(item) not in keys:
            read += 1
        else:
            kept += 1
    return asked, read, kept


def _said(item: SpecItem) -> tuple[tuple[str, str], ...]:
    return tuple((message["role"], message["content"]) for message in item.messages)
