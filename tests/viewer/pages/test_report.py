"""Reports that leave through the browser."""

from __future__ import annotations

import http.client
import io
import re
import zipfile
from html import unescape
from typing import TYPE_CHECKING

import pytest

from tests.processes import LIMIT

if TYPE_CHECKING:
    from tests.viewer.viewing import Viewer


@pytest.mark.slow
def test_the_report_of_a_change_is_downloaded_from_its_page(viewer: Viewer) -> None:
    link = re.search(r'href="(/report.zip[^"]+)"', viewer.ask("/diff?a=before&b=after%2Fnow").text)
    assert link
    connection = http.client.HTTPConnection("127.0.0.1", viewer.port, timeout=LIMIT)
    connection.request("GET", unescape(link[1]))
    answer = connection.getresponse()
    assert answer.status == 200
    with zipfile.ZipFile(io.BytesIO(answer.read())) as archive:
        assert "Changelog of character: before to after/now" in archive.read("index.html").decode()
        assert {"figures/diff.svg", "figures/diff.png"} <= set(archive.namelist())
    connection.close()
    assert "/report.zip?run=before&amp;judge=first" in viewer.ask("/profile?run=before").text


@pytest.mark.slow
def test_the_report_is_read_as_a_site_of_its_own(viewer: Viewer) -> None:
    assert (
        'target="_blank" href="/report?run=before&amp;judge=first"' in viewer.ask("/profile?run=before").text
    )
    report = viewer.ask("/report?run=before&judge=first")
    assert (report.status, report.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Character card: before" in report.text
    policy = report.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts allow-downloads allow-popups; default-src 'none';")
    assert "allow-same-origin" not in policy
    assert 'href="/report.zip?run=before&amp;judge=first"' in report.text
    assert 'href="tables/' not in report.text
    assert viewer.ask("/report?run=none").status == 404


def test_a_report_of_nothing_is_refused(viewer: Viewer) -> None:
    assert viewer.ask("/report.zip").status == 400
    assert viewer.ask("/report.zip?run=none").status == 404
    assert viewer.ask("/report.zip?run=before&judge=nobody").status == 400
