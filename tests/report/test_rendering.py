"""What stands between a figure and what renders it."""

from __future__ import annotations

import pytest

from mien.errors import MienError
from mien.report.rendering import rendering, seen


class PanicException(BaseException):
    """As the renderer's own is called."""


def test_texts_are_seen_wherever_they_stand() -> None:
    given = {"title": {"text": ["a\x1bb", 1, None]}, "\x00": [{"t": "\ufffe\u202e"}], "n": 1.5}
    assert seen(given) == {"title": {"text": ["a␛b", 1, None]}, "␀": [{"t": "\\ufffe\\u202e"}], "n": 1.5}


def test_a_panic_is_an_error_and_what_else_ends_a_process_is_not() -> None:
    for raised in (PanicException("no such glyph"), ValueError("no such glyph")):
        with pytest.raises(MienError, match=r"the figure cannot be drawn: .*no such glyph"), rendering():
            raise raised
    with pytest.raises(KeyboardInterrupt), rendering():
        raise KeyboardInterrupt
