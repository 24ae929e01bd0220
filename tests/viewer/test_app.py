"""Pages alike: without scripts, from nowhere else, with their problems on a page; and what an app leaves."""

from __future__ import annotations

import os
import re
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from tests.processes import LIMIT
from tests.viewer.viewing import PAGES, Viewer, numbers, viewing

if TYPE_CHECKING:
    from pathlib import Path


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_reads_without_scripts_and_loads_nothing_foreign(viewer: Viewer, page: str) -> None:
    answer = viewer.ask(page)
    assert answer.status == 200
    assert "default-src 'none'; script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    tags = Tags()
    tags.feed(answer.text)
    assert sum(tag == "h1" for tag, _ in tags.found) == 1
    for tag, attributes in tags.found:
        assert tag not in ("style", "iframe", "base")
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        loads = [attributes[name] or "" for name in ("src", "href", "action") if name in attributes]
        assert all(re.match("/(?!/)|#", address) for address in loads)
        assert tag != "script" or loads


@pytest.mark.parametrize(
    ("page", "status", "problem"),
    [
        ("/nowhere", 404, "There is no page /nowhere."),
        ("/profile?run=befor", 404, "did you mean before?"),
        ("/trial?run=before&id=x", 400, "has no trial"),
        ("/transcripts?run=before&judge=x", 404, "no judge of run"),
        ("/label?run=before&sample=x", 400, "choose one of random, stratified, disagreement"),
    ],
)
def test_problems_stay_on_a_page(viewer: Viewer, page: str, status: int, problem: str) -> None:
    answer = viewer.ask(page)
    assert (answer.status, problem in answer.text) == (status, True)
    assert "Content-Security-Policy" in answer.headers


def test_what_a_killed_app_left_is_deleted_by_the_next(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with viewing(path) as alive:
        with pytest.raises(subprocess.SubprocessError), viewing(path) as killed:
            killed.process.kill()
            killed.process.wait(LIMIT)
            raise subprocess.SubprocessError
        folders = [*tmp_path.glob("mien-search-*")]
        assert len(folders) == 2
        for folder in folders:
            os.utime(folder, (0, 0))  # both are old; one has an owner
        with viewing(path):
            assert len([folder for folder in folders if folder.exists()]) == 1
        assert numbers(alive.ask("/transcripts?run=before&words=question+12")) == [13]
    assert [*tmp_path.glob("mien-search-*")] == []
