"""Responses as they are shown: hostile ones, links, very long ones."""

from __future__ import annotations

import pytest

from mien.viewer.markdown import LONGEST, rendered
from tests.viewer.viewing import HOSTILE, PLAIN


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_only_plain_tags_without_attributes_come_of_a_response(text: str) -> None:
    shown = rendered(text)
    assert "<" not in PLAIN.sub("", shown)


def test_a_link_is_read_as_its_words_and_its_target() -> None:
    assert rendered("See [here](https://a.example/?b&c).") == (
        "<p>See here (https://a.example/?b&amp;c).</p>\n"
    )
    assert rendered("![x](y.png) **b**") == "<p>[image: x] (y.png) <strong>b</strong></p>\n"
    assert rendered("# one") == "<h3>one</h3>\n"


def test_a_very_long_response_is_shown_as_it_is() -> None:
    assert rendered("*<b>*" * LONGEST).startswith("<pre>*&lt;b&gt;*")
