"""Lists as models write them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.models.lists import read_list


@pytest.mark.parametrize(
    "text",
    [
        '["How are you?", "What now?\\nTell me."]',
        'Sure!\n```json\n["How are you?", "What now?\\nTell me."]\n```\nMore?',
        '{"messages": ["How are you?", "What now?\\nTell me."]}',
        "Here they are:\n\n1. How are you?\n2. What now?\nTell me.\n\nDo you want more of them?",
        "1) **How are you?**\n\n2) “What now?\n   Tell me.”",
        '- "How are you?"\n- *What now?\nTell me.*',
        "(1) How are you?\n(2) What now?\nTell me.",
    ],
)
def test_manners_of_writing_a_list(text: str) -> None:
    assert read_list(text) == ["How are you?", "What now?\nTell me."]


def test_a_member_a_line_where_nothing_marks_them() -> None:
    assert read_list("Here are two:\nHow are you?\n\nWhat now?\n") == ["How are you?", "What now?"]


def test_quotes_inside_a_member_stay() -> None:
    assert read_list('1. "Yes" or "no"?\n2. What is *this*?') == ['"Yes" or "no"?', "What is *this*?"]
    assert read_list("- 2.5 litres, or 3?") == ["2.5 litres, or 3?"]


def test_a_list_that_breaks_off_loses_its_last_member() -> None:
    assert read_list("1. How are you?\n2. What n", cut_off=True) == ["How are you?"]
    assert read_list('```json\n["How are you?", "What n', cut_off=True) == ["How are you?"]


@pytest.mark.parametrize("text", ["", "\n \n", "[]", "{}", "1.", "[1, 2]", '{"a": 1}', '""'])
def test_no_list(text: str) -> None:
    assert read_list(text) == []


@given(st.lists(st.from_regex(r"[A-Za-z][a-z]{1,8}( [a-z]{1,8}){0,5}\?", fullmatch=True), min_size=1))
def test_what_was_listed_is_read(members: list[str]) -> None:
    assert read_list(json.dumps(members)) == members
    assert read_list("\n".join(f"{n}. {member}" for n, member in enumerate(members, 1))) == members
    assert read_list("\n".join(f"- {member}" for member in members)) == members


@given(st.text(), st.booleans())
def test_any_text_can_be_read(text: str, cut_off: bool) -> None:
    assert all(member.strip() == member and member for member in read_list(text, cut_off=cut_off))
