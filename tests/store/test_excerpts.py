"""Excerpts around what was found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mien.store.excerpts import Excerpt, beginning, excerpts
from mien.store.words import phrase


def one(text: str, words: str, longest: int = 40) -> Excerpt:
    return excerpts([("", text)], phrase(words), (10, longest))[0][1]


def test_what_was_found_is_marked_as_it_stands() -> None:
    assert one("A Café, a cafe.", "cafe") == Excerpt(
        (("A ", False), ("Café", True), (", a ", False), ("cafe", True), (".", False)), begins=True, ends=True
    )
    assert [piece for piece, hit in one("我说中文，他说中文。", "中文").pieces if hit] == ["中文", "中文"]
    assert [piece for piece, hit in one("so 👍🏽 it", "👍").pieces if hit] == ["👍"]
    assert [piece for piece, hit in one("the red fox", '"red fox"').pieces if hit] == ["red fox"]


def test_a_long_text_is_shown_around_its_first_hit() -> None:
    text = "before " * 30 + "here it is" + " after" * 30
    found = one(text, "here")
    assert (found.begins, found.ends) == (False, False)
    shown = "".join(piece for piece, _ in found.pieces)
    assert shown in text
    assert len(shown) <= 40
    assert shown.startswith("before ")
    assert ("here", True) in found.pieces
    assert one("x" * 60 + " end", "end").ends
    assert one("กี่กี่", "กี่", 4).pieces == (("กี่", True),)  # a vowel or a tone stays with its letter


def test_a_text_without_a_hit_is_shown_from_its_beginning() -> None:
    assert excerpts([("where", "there")], phrase("there"), (3, 10)) == [
        (beginning("where", 3), Excerpt((("there", True),), begins=True, ends=True))
    ]
    assert excerpts([("where", "there")], "", (3, 10))[0][1] == beginning("there", 10)


def test_signs_of_the_marks_themselves_act_on_nothing() -> None:
    found = one("\x02a\x03 here \x1f\x02", "here")
    assert [piece for piece, hit in found.pieces if hit] == ["here"]
    assert "".join(piece for piece, _ in found.pieces) == "\x02a\x03 here \x1f\x02"


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80),
    st.sampled_from(["中文", "👍", "ข้าว", "cafe"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80),
    st.integers(8, 40),
)
def test_an_excerpt_is_a_part_of_its_text(before: str, word: str, after: str, longest: int) -> None:
    text = f"{before} {word} {after}"
    found = one(text, word, longest)
    shown = "".join(piece for piece, _ in found.pieces)
    assert shown in text
    assert len(shown) <= longest
    assert any(hit for _, hit in found.pieces)
    assert found.begins <= text.startswith(shown)
    assert found.ends <= text.endswith(shown)
