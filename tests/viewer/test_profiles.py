"""Profiles that follow the verdicts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mien.store.store import Store
from mien.types import Verdict
from tests.processes import LIMIT
from tests.viewer.viewing import HOSTILE, TRAITS, make_store, viewing

if TYPE_CHECKING:
    from pathlib import Path


def test_a_profile_follows_the_verdicts(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    make_store(path)
    with viewing(path) as viewer:
        assert "22 chosen" in viewer.ask("/profile?run=before").text
        with Store(path) as store:
            last = len(HOSTILE) + 1
            trait = TRAITS[last % 3]
            store.put_verdict(store.run("before").id, Verdict(trial=f"t{last}", judge="first", chosen=trait))
        deadline = time.monotonic() + LIMIT
        # Where a fit takes long, the earlier one is shown once more.
        while "23 chosen" not in (page := viewer.ask("/profile?run=before").text):
            assert "Without 1 newer verdict;" in page
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert "newer verdict" not in page
