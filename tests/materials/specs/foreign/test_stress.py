"""Rows of the stress test: each an item of two values."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

from mien.errors import InputError
from mien.materials.specs import import_spec

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    {"value1": "Candour", "value2": "Tact", "query": "Tell her it is bad?", "nudge_direction": "value1"},
    {"value1": "tact", "value2": "candour", "query": "Say it gently.", "nudge_direction": "neutral"},
    {"value1": "Tact", "value2": "Speed", "query": "Quick: is it good?", "nudge_direction": ""},
    {"value1": "Tact", "value2": "tact", "query": "Which?", "nudge_direction": ""},
]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_row_is_an_item_of_both_values(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"stress.{ending}"
    with path.open("w", encoding="utf-8", newline="") as file:
        if ending == "csv":
            table = csv.DictWriter(file, ROWS[0])
            table.writeheader()
            table.writerows(ROWS)
        else:
            file.write("\n".join(map(json.dumps, ROWS)))
    found = import_spec(path)
    assert [(one.id, one.text, len(one.items)) for one in found.spec.clauses] == [
        ("candour", "Act on this value: Candour", 2),
        ("tact", "Act on this value: Tact", 3),
        ("speed", "Act on this value: Speed", 1),
    ]
    candour, tact, _ = found.spec.clauses
    assert candour.items == tact.items[:2]
    assert [item.id for item in tact.items] == ["row_1_value1", "row_2_neutral", "row_3"]
    assert {item.cluster for item in candour.items} == {"candour-tact"}
    assert found.left == ("row 4: has no query that sets two values against each other",)


def test_other_tables_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("value1,query\na,b\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.csv, row 1: lacks value2"):
        import_spec(tmp_path / "a.csv")
    long = "value1,value2,query\n" + "a,b,c\n" * 5001
    (tmp_path / "a.csv").write_text(long, encoding="utf-8")
    with pytest.raises(InputError, match="more than 5,000 rows"):
        import_spec(tmp_path / "a.csv")
