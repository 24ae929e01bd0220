"""Profiles that follow the verdicts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mien.runs.interop.imports import import_run
from mien.store.store import Store
from mien.types import Verdict
from mien.viewer.profiles import Profiles
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


def test_of_a_table_that_many_judged_all_verdicts_are_taken(tmp_path: Path) -> None:
    wins = [
        ("warm", "blunt", 0),
        ("blunt", "wry", 0),
        ("wry", "warm", 0),
        ("warm", "wry", 1),
        ("blunt", "warm", 0),
    ]
    lines = [
        f"{a},{b},{(a, b)[won]},p{i},{judge}" for judge in "ba" for i, (a, b, won) in enumerate(4 * wins)
    ]
    (tmp_path / "crowd.csv").write_text("option_1,option_2,chosen,prompt_id,judge\n" + "\n".join(lines))
    path = import_run(tmp_path / "crowd.csv", "crowd", store=tmp_path / "mien.db").path
    profiles = Profiles(path, lambda _: None)
    assert profiles.profile("crowd").provenance.judge == "all"
    assert profiles.profile("crowd").verdicts["chosen"] == 40
    assert profiles.profile("crowd", "a").verdicts["chosen"] == 20
    with Store(path, read_only=True) as store:
        assert store.count_verdicts(store.run("crowd").id, "all") == 40
