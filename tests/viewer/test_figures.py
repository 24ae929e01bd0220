"""Figures that lead somewhere, and their pictures."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

import pytest

from mien.errors import MienError
from mien.runs.run import Run
from mien.viewer.figures import Drawn, figures
from tests.viewer.viewing import TRAITS, Viewer

if TYPE_CHECKING:
    from pathlib import Path


def test_figures_lead_to_what_is_behind_them(viewer: Viewer) -> None:
    answer = viewer.ask("/profile/figure?run=before&theme=dark")
    figure = json.loads(answer.text)
    assert set(figure["links"]) == set(TRAITS)
    assert figure["links"]["dry wit"] == "/transcripts?run=before&judge=first&trait=dry+wit"
    assert "3 traits" in figure["title"]
    assert "vega/" in figure["spec"]["$schema"]  # compiled: the browser has no Vega-Lite
    assert "title" not in figure["spec"]
    light = json.loads(viewer.ask("/profile/figure?run=before").text)["spec"]
    assert light["background"] != figure["spec"]["background"]
    figure = json.loads(viewer.ask("/diff/figure?a=before&b=after%2Fnow&figure=slope").text)
    assert figure["links"]["warm"] == "/diff?a=before&b=after%2Fnow&figure=slope&trait=warm#trials"


def test_what_ends_the_renderer_is_an_error_and_the_next_figure_is_drawn(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = Run("before", path).profile()
    figure = figures("profile", len(profile.traits))["ranking"]
    drawn = Drawn()
    try:
        with monkeypatch.context() as unguarded:
            unguarded.setattr("mien.report.saving.seen", lambda found: found | {"title": "\x1b"})
            with pytest.raises(MienError, match="the renderer's process ended"):
                drawn.picture(figure, profile, "light")
        assert drawn.picture(figure, profile, "light").startswith("<svg")
    finally:
        drawn.close()


def test_a_picture_is_there_without_scripts(viewer: Viewer) -> None:
    for page in ("/profile?run=before", "/diff?a=before&b=after%2Fnow&figure=slope"):
        source = re.search(r'<img loading="lazy" src="([^"]+)"', viewer.ask(page).text)
        assert source
        picture = viewer.ask(html.unescape(source[1]))
        assert picture.headers["Content-Type"].startswith("image/svg+xml")
        assert picture.text.startswith("<svg")
    assert viewer.ask("/profile/figure?run=before&figure=pie").status == 404
