"""A selection by lengths is a data set of its own, with counts and a card that are true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.craft.audit.length_matching import REASON, matched
from mien.craft.data.dataset import check_folder, read_dataset, write_dataset
from mien.errors import InputError, UsageError
from tests.craft.pairs import CONSTITUTION, dataset, pair

if TYPE_CHECKING:
    from pathlib import Path


def test_the_selection_s_counts_and_card(tmp_path: Path) -> None:
    sides = ("Left, at the old mill.", "Right.")
    rows = [
        pair(n, *(sides if n % 4 else sides[::-1]), assertion=(0, 1, None)[n % 3], heldout=n >= 40)
        for n in range(60)
    ]
    whole = dataset(rows)
    found = matched(whole, CONSTITUTION)
    assert (len(found.train), len(found.heldout)) == (20, 10)
    counts = found.craft["counts"]
    assert (counts["train"], counts["heldout"], counts["left_out"]) == (
        20,
        10,
        {"an answer was cut off": 1, REASON: 30},
    )
    assert sum(one["train"] for one in counts["assertions"]) == 20
    assert counts["length"]["chosen_longer"] == 0.5
    assert "chosen is the longer one in 50% of the rows" in found.card
    assert "language:\n- en\n- de" in found.card
    assert f"queries without a pair: 30, {REASON}" in found.card
    write_dataset(tmp_path / "new", found)
    assert read_dataset(tmp_path / "new") == found
    write_dataset(tmp_path / "old", whole)
    with pytest.raises(InputError, match="made with another lengths_matched"):
        check_folder(tmp_path / "old", found.craft)


def test_nothing_is_left() -> None:
    with pytest.raises(UsageError, match="no selection of the 2 pairs to train on matches their lengths"):
        matched(dataset([pair(n) for n in range(2)]), CONSTITUTION)


@pytest.mark.parametrize(
    "card", ["", "# Card\n", "---\n- a\n---\n", "---\nlanguage: en\n---\n", "---\n{\n---\n"]
)
def test_a_card_that_somebody_wrote_anew(card: str) -> None:
    from dataclasses import replace

    rows = [pair(0, "ab", "a"), pair(1, "a", "ab")]
    found = matched(replace(dataset(rows), card=card), CONSTITUTION)
    assert "\nlanguage:" not in found.card
