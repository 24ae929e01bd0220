"""What became of clauses between two versions, and what has to be asked anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.materials.specs import Changes, compare_specs, read_spec
from tests.materials.specs.plain import SOUND

if TYPE_CHECKING:
    from pathlib import Path


def compared(file: Path, later: str) -> Changes:
    old = read_spec(file)
    file.write_text(later, encoding="utf-8")
    return compare_specs(old, read_spec(file))


def test_nothing_changed(file: Path) -> None:
    assert compared(file, SOUND) == Changes((), asked=0, read=0, kept=2)


@pytest.mark.parametrize(
    ("old", "new", "told", "counts"),
    [
        ("Give a hint", "Always give a hint", [("reworded", "hint_first")], (0, 1, 1)),
        ("applies: when a pupil", "applies: if a pupil", [("reworded", "hint_first")], (0, 1, 1)),
        ("authority: developer", "authority: root", [("re-levelled", "hint_first")], (0, 0, 2)),
        ("id: hint_first", "id: hints", [("renamed", "hints")], (0, 0, 2)),
        ("id: short", "id: brief", [("items", "hint_first")], (0, 0, 2)),
        ("a half plus a third", "a half plus a fifth", [("items", "hint_first")], (1, 0, 1)),
        ("most: 60", "most: 50", [("items", "hint_first")], (0, 1, 1)),
        (
            "id: plain_words\n    text: Explain terms in words that a child knows.",
            "id: brief\n    text: Use few words.",
            [("added", "brief"), ("removed", "plain_words")],
            (0, 0, 2),
        ),
    ],
)
def test_each_kind_of_change(
    file: Path, old: str, new: str, told: list[tuple[str, str]], counts: tuple[int, int, int]
) -> None:
    later = SOUND.replace(old, new)
    if "id: hints" in new:
        later = later.replace("clause(hint_first)", "clause(hints)")
    found = compared(file, later)
    assert [(change.kind, change.clause) for change in found.clauses] == told
    assert (found.asked, found.read, found.kept) == counts


def test_an_item_that_moves_to_another_clause_is_read_anew_and_not_asked(file: Path) -> None:
    start, end = SOUND.index("      - id: fractions"), SOUND.index("      - id: short")
    item = SOUND[start:end]
    moved = (SOUND[:start] + SOUND[end:]).replace("gates:", f"    items:\n{item}gates:")
    found = compared(file, moved)
    assert [change.kind for change in found.clauses] == ["items", "items"]
    assert (found.asked, found.read, found.kept) == (0, 1, 1)
