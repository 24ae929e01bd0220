"""Responses as they are shown: hostile ones, links, very long ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.report.responses import LONGEST, rendered
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
    assert rendered('[x](https://a.example "and more")') == '<p>x (https://a.example "and more")</p>\n'
    assert rendered("[a]: https://a.example 'x'\n\n[a]") == "<p>[a]: https://a.example 'x'</p>\n<p>[a]</p>\n"
    assert rendered("# one") == "<h3>one</h3>\n"


def test_what_is_nested_too_deep_is_shown_as_it_stands() -> None:
    shown = rendered(">" * 30 + " *deep*\n\nafter")
    assert shown.count("<blockquote>") == 18
    assert "<pre><code>&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt; *deep*</code></pre>" in shown
    assert shown.endswith("<p>after</p>\n")
    outline = rendered("\n".join(f"{'  ' * depth}- step {depth}" for depth in range(40)) + "\n- last")
    assert outline.count("step") == 40
    assert outline.endswith("<li>last</li>\n</ul>\n")


@given(st.lists(st.tuples(st.text("> -1.\t", max_size=60), st.sampled_from("\n ")), max_size=12))
def test_no_word_vanishes_however_it_is_nested(lines: list[tuple[str, str]]) -> None:
    text = "".join(f"{marks} word{i}{end}" for i, (marks, end) in enumerate(lines))
    shown = rendered(text)
    assert [i for i in range(len(lines)) if f"word{i}" not in shown] == []


def test_what_is_very_long_is_rendered_in_part_and_then_shown_as_it_is() -> None:
    start = "*a*\n" * (LONGEST // 4)
    assert rendered(start).count("<em>a</em>") == LONGEST // 4
    assert rendered(f"{start}*<b>*\n" * 2).endswith(f"<pre>*&lt;b&gt;*\n{start}*&lt;b&gt;*\n</pre>")
    brackets = rendered("![" * 95_000)  # 13 seconds, were all of it rendered
    assert brackets.count("![") == 95_000
    assert len(brackets.partition("<pre>")[2]) == 190_000 - LONGEST + len("</pre>")


def test_what_cannot_be_seen_is_shown_as_symbols() -> None:
    assert rendered("a\x1b[31m\u202eb\x00") == "<p>a␛[31m\\u202eb␀</p>\n"
