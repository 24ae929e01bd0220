"""Words of every script, as FTS5 finds them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.store.words import PART, TOKENIZE, parted, phrase

UNSPACED = st.text("中文测试日本語テストข้าวที่บ้าน한국어ភាសា", min_size=1, max_size=12)


def finds(query: str, text: str) -> bool:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f'CREATE VIRTUAL TABLE document USING fts5(text, tokenize="{TOKENIZE}")')
        db.execute("INSERT INTO document VALUES (?)", (parted(text),))
        return bool(db.execute("SELECT 1 FROM document WHERE document MATCH ?", (phrase(query),)).fetchone())


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("中文", "我们说中文。", True),
        ("文", "我们说中文。", True),
        ("文中", "我们说中文。", False),
        ("日本", "今日は日本語で", True),
        ("でと", "今日は日本語で", False),
        ("ข้าว", "กินข้าวที่บ้าน", True),
        ("กน", "กินข้าวที่บ้าน", False),  # vowels and tones count
        ("한국", "한국은 크다", True),
        ("हिन्दी", "हिन्दी भाषा", True),
        ("हद", "हिन्दी भाषा", False),
        ("gpt模型", "用GPT模型写", True),
        ("中文 好", "好，中文", True),
        ('"中文好"', "好，中文", False),
        ("😀", "well😀done", True),
        ("done", "well😀done", True),
        ("🥹", "😀", False),
        ("👍", "👍🏽 ok", True),
        ("❤️", "I ❤ it", True),
        ("👩‍💻", "👩🏽‍💻", True),
        ("🇩🇪", "🇩🇪🇫🇷", True),
        ("🇩🇪", "🇪🇩", False),
        ("tieng viet", "Tiếng Việt", True),
        ("20", "20°C", True),
        ("word", "words", False),
    ],
)
def test_what_is_found(query: str, text: str, found: bool) -> None:
    assert finds(query, text) is found


@given(UNSPACED, UNSPACED, UNSPACED)
def test_any_part_of_a_text_without_spaces_is_found(before: str, part: str, after: str) -> None:
    assert finds(part, before + part + after)


@given(st.text())
def test_a_text_is_parted_and_nothing_of_it_moves(text: str) -> None:
    assert len(parted(text.replace(PART, " ")).replace(PART, "")) == len(text)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_whatever_is_typed_is_a_query(words: str) -> None:
    if phrase(words):
        finds(words, "anything")


def test_signs_alone_ask_for_nothing() -> None:
    assert phrase("… -- !? \ufe0f") == phrase("") == phrase('""') == ""
