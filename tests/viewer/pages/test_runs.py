"""The list of runs, as they come on."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

from mien.viewer import App, Guard
from mien.viewer.pages import runs as runs_page
from tests.processes import LIMIT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.viewer.viewing import Viewer


def test_live_progress_is_sent_as_it_comes(viewer: Viewer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", viewer.port, timeout=LIMIT)
    connection.request("GET", "/live")
    response = connection.getresponse()
    assert response.getheader("Content-Type") == "text/event-stream"
    assert response.readline() == b"event: runs\n"
    assert response.readline().startswith(b"data: ")
    connection.close()


def test_no_page_waits_for_a_sum(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_page, "_AT_ONCE", -1.0)
    app = App(path, Guard())
    try:
        page = runs_page._Runs(app).page({})
    finally:
        app.search.close()
    assert '<td class="number">…</td>' in page
