"""What is said of an inventory, in words and cells."""

from __future__ import annotations

import numpy as np
import pytest

from mien.report.inventories import columns, rating_cells, soundness
from mien.stats.estimates.circumstances import Circumstances
from mien.stats.inventories import inventory
from tests.stats.inventories.drawn import answers, unread


@pytest.mark.parametrize(("yes", "end"), [(0.8, "high"), (-0.8, "low")])
def test_what_it_leans_to_and_what_is_not_there_is_told(yes: float, end: str) -> None:
    some = unread(answers(np.linspace(1.8, 4.2, 9), seed=1, yes=yes), *range(1, 8), 20)
    found = inventory(some, label="m", made=Circumstances(designed=80, missing=8))
    said = dict(soundness(found))
    assert said["answers"] == "72: 64 read, 8 unreadable; 8 missing"
    assert f"it leans to the {end} end, whichever way it is asked" in said["acquiescence"]
    assert said["α"].startswith("all .9")
    assert said["not rated"].startswith("t00: fewer than two phrasings")
    assert "; reversed: r0" in said["phrasings"]
    rows = rating_cells(found)
    assert (len(rows), rows[0][:2]) == (8, ("1", found.rows[0]["trait"]))
    assert {len(row) for row in rows} == {len(columns(found))}
    assert sorted(row[-1] for row in rows)[-1] == "1 of 8"
