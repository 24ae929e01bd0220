"""What stands between a figure and what renders it."""

from __future__ import annotations

from typing import Any

import pytest

from mien.errors import MienError
from mien.report.rendering import rendering, seen, svg, uncut


class PanicException(BaseException):
    """As the renderer's own is called."""


def test_texts_are_seen_wherever_they_stand() -> None:
    given = {"title": {"text": ["a\x1bb", 1, None]}, "\x00": [{"t": "\ufffe\u202e"}], "n": 1.5}
    assert seen(given) == {"title": {"text": ["a␛b", 1, None]}, "␀": [{"t": "\\ufffe\\u202e"}], "n": 1.5}


def test_names_that_every_object_of_javascript_has_are_drawn() -> None:
    names = ["constructor", "__proto__", "warm", "toString"]
    made = {
        "data": {"values": [{"trait": name, "side": side, "n": 1} for name in names for side in "ab"]},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "side"},
            "y": {"field": "n", "type": "quantitative"},
            "detail": {"field": "trait"},
            "facet": {"field": "trait", "sort": names},
        },
    }
    drawn = svg(seen(made))
    assert [name for name in names if name not in drawn] == []
    assert drawn.count('aria-roledescription="line mark"') == len(names)


def test_labels_that_may_be_cut_within_a_character_are_not_cut() -> None:
    def named(name: str) -> dict[str, Any]:
        return {
            "data": {"values": [{"trait": name, "limit": 3}]},
            "mark": {"type": "text", "limit": 40},
            "encoding": {"y": {"field": "trait"}, "text": {"field": "trait"}},
            "config": {"axis": {"labelLimit": 60}},
        }

    plain, faces = named("wä" * 40), named("w😀" * 40)
    assert uncut(plain) == plain
    assert uncut(faces) == faces | {
        "mark": {"type": "text", "limit": 0},
        "config": {"axis": {"labelLimit": 0}},
    }
    with pytest.raises(MienError, match="the figure cannot be drawn"):
        svg(faces)
    assert "w😀" * 40 in svg(uncut(faces))


def test_a_panic_is_an_error_and_what_else_ends_a_process_is_not() -> None:
    for raised in (PanicException("no such glyph"), ValueError("no such glyph")):
        with pytest.raises(MienError, match=r"the figure cannot be drawn: .*no such glyph"), rendering():
            raise raised
    with pytest.raises(KeyboardInterrupt), rendering():
        raise KeyboardInterrupt
