"""What differs between two responses, word by word."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from mien.formatting import visible
from mien.viewer.differences import LONGEST, differences

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def told(first: str, second: str) -> list[tuple[str, str]]:
    return [(kind, text) for kind, text in differences(first, second) if kind != "same"]


def test_words_are_compared() -> None:
    assert told("Book a short meeting.", "Book a long meeting.") == [("gone", "short "), ("new", "long ")]
    assert told("the same", "the same") == []
    assert told("one\ntwo", "one two") == []  # where lines break is no word
    assert told("plainly and kindly, so", "plainly, so") == [("gone", " and kindly")]
    assert told("", "all") == [("new", "all")]


def test_scripts_without_spaces_are_compared_by_character() -> None:
    assert told("番茄炒蛋好吃", "番茄炒饭好吃") == [("gone", "蛋"), ("new", "饭")]
    assert told("番茄炒蛋好吃。" * 40, "番茄炒饭好吃。" * 40) == [("gone", "蛋"), ("new", "饭")] * 40
    assert told("ok 😀", "ok 🥹") == [("gone", "😀"), ("new", "🥹")]


def test_of_long_texts_lines_are_compared() -> None:
    first = "".join(f"the line {i} of it\n" for i in range(LONGEST // 5 + 1))
    assert told(first, f"{first}another line\n") == [("new", "another line\n")]


def test_a_model_that_repeats_itself_is_compared_in_a_moment() -> None:
    begun = time.process_time()
    differences("a " * LONGEST, "b a " * (LONGEST // 2))
    assert time.process_time() - begun < 5  # and not minutes


@given(TEXTS, TEXTS)
def test_the_pieces_are_both_texts(first: str, second: str) -> None:
    found = differences(first, second)
    assert "".join(text for kind, text in found if kind != "gone") == visible(second)
    rest = "".join(text for kind, text in found if kind != "new")
    assert "".join(rest.split()) == "".join(visible(first).split())
