"""The list of runs, as they come on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import Prompt, Trait, Trial, Verdict
from mien.viewer import App, Guard
from mien.viewer.pages import runs as runs_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.viewer.viewing import Viewer


@pytest.fixture
def runs(path: Path) -> Iterator[runs_page._Runs]:
    app = App(path, Guard())
    yield runs_page._Runs(app)
    app.search.close()


def test_who_has_seen_the_table_is_sent_none_until_it_changes(viewer: Viewer) -> None:
    page = viewer.ask("/").text
    seen = re.search(r'hx-get="(/live\?seen=\w+)"', page)
    assert seen
    assert viewer.ask(seen[1]).status == 204
    anew = viewer.ask("/live?seen=another")
    assert (anew.status, seen[0] in anew.text) == (200, True)


def test_tabs_share_a_look_at_the_store(runs: runs_page._Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[object] = []
    rows = runs._rows
    monkeypatch.setattr(runs, "_rows", lambda *given: looks.append(given) or rows(*given))
    monkeypatch.setattr(runs_page, "_TICK", 1e9)
    assert len({runs.live({}) for _ in range(6)}) == 1
    assert len(looks) == 1


def test_no_page_waits_for_a_sum(runs: runs_page._Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_page, "_AT_ONCE", -1.0)
    assert '<td class="number" data-head="failures">…</td>' in runs.page({})


def test_an_imported_run_is_as_complete_as_its_table(tmp_path: Path) -> None:
    made = RunInfo(
        name="table",
        model="",
        instrument="revealed",
        protocol="{}",
        design="",
        seed=None,
        traits=(Trait("a"), Trait("b")),
    )
    with Store(tmp_path / "mien.db") as store:
        run = store.add_run(made, [Trial(f"t{i}", i, ("a", "b"), Prompt("p", "")) for i in range(3)])
        store.add_judge(run.id, JudgeRecord(name="imported", model="", settings="{}"))
        store.put_verdict(run.id, Verdict(trial="t0", judge="imported", chosen="a"))
    app = App(tmp_path / "mien.db", Guard())
    page = runs_page._Runs(app).page({})
    app.search.close()
    assert "3 trials<br>" in page
    assert "imported, without responses" in page
    assert [word for word in ("0 of 3", "under way", "<progress") if word in page] == []
