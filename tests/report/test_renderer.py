"""The process that draws, and its end."""

from __future__ import annotations

import os

import pytest

from mien.errors import MienError
from mien.report.renderer import Renderer
from mien.report.rendering import svg, vega

BLANK = {"data": {"values": [{"word": "a"}]}, "mark": "text", "encoding": {"text": {"field": "word"}}}


def test_it_gives_what_this_process_gives_also_after_a_crash() -> None:
    with Renderer() as renderer:
        assert renderer(svg, BLANK) == svg(BLANK)
        first = renderer(os.getpid)
        assert renderer(os.getpid) == first != os.getpid()
        with pytest.raises(MienError, match="the figure cannot be drawn: the renderer's process ended"):
            renderer(os.abort)
        assert renderer(vega, BLANK) == vega(BLANK)
        assert renderer(os.getpid) != first


def test_an_error_of_the_figure_is_its_own() -> None:
    with Renderer() as renderer:
        pid = renderer(os.getpid)
        with pytest.raises(MienError, match="the figure cannot be drawn"):
            renderer(vega, {"mark": "cloud"})
        assert renderer(os.getpid) == pid


def test_who_never_drew_has_begun_no_process() -> None:
    with Renderer() as renderer:
        pass
    renderer.close()
    with pytest.raises(MienError, match="the renderer is closed"):
        renderer(os.getpid)
