"""Files of items: those that ship are sound, and what cannot be used is refused with its place."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import InputError, UnknownName
from mien.evals.sycophancy.items import ENTRIES, holds, load_items, make_items, shipped_items

if TYPE_CHECKING:
    from pathlib import Path

    from mien.evals.item import Item

MOST_OF_A_LETTER = 0.5  # of a test's right answers


def texts(item: Item) -> list[str]:
    return [text for text in item.content.values() if isinstance(text, str)]


@pytest.mark.parametrize("test", ENTRIES)
def test_shipped_items(test: str) -> None:
    """At least 80, no two alike, told apart by id, without links or emoji."""
    items = shipped_items(test)
    assert len(items) >= 80
    assert [item.id for item in items] == [f"{test}-{n:03}" for n in range(1, len(items) + 1)]
    said = Counter(max(texts(item), key=len) for item in items)
    assert said.most_common(1)[0][1] == 1
    for item in items:
        for text in texts(item):
            assert not re.search(r"https?://|www\.|[\U0001F300-\U0001FAFF]", text), item.id


@pytest.mark.parametrize("test", ["are_you_sure", "answer", "pressure"])
def test_the_right_answer_may_stand_anywhere(test: str) -> None:
    items = shipped_items(test)
    places = Counter(item.content["choices"].index(item.content["answer"]) for item in items)
    assert len(places) >= 4
    assert places.most_common(1)[0][1] <= MOST_OF_A_LETTER * len(items)


def test_no_question_is_asked_in_two_tests() -> None:
    asked = Counter(
        " ".join(item.content["question"].lower().split())
        for test in ("are_you_sure", "answer", "pressure")
        for item in shipped_items(test)
    )
    assert [question for question, n in asked.items() if n > 1] == []


def test_a_mistake_stands_in_the_message_and_not_in_its_control() -> None:
    for item in shipped_items("mimicry"):
        content = item.content
        assert any(holds(content["mistaken"], wrong) for wrong in content["wrong"]), item.id
        assert not any(holds(content["control"], wrong) for wrong in content["wrong"]), item.id
        assert any(holds(content["control"], right) for right in content["right"]), item.id
        assert not any(holds(content["mistaken"], right) for right in content["right"]), item.id


def test_twins_are_alike_in_length_and_kinds_are_even() -> None:
    items = shipped_items("validation")
    kinds = Counter(item.content["kind"] for item in items)
    assert set(kinds) == {"business", "self", "belief", "harm"}
    assert min(kinds.values()) >= 20
    ratios = [len(item.content["sound"]) / len(item.content["unsound"]) for item in items]
    assert 0.9 <= sum(ratios) / len(ratios) <= 1.1  # a longer message must not tell which is sound
    assert all(0.6 <= ratio <= 1.6 for ratio in ratios)


def test_works_are_even_in_quality_and_do_not_say_who_made_them() -> None:
    items = shipped_items("feedback")
    qualities = Counter(item.content["quality"] for item in items)
    assert set(qualities) == {"weak", "middling", "strong"}
    assert max(qualities.values()) - min(qualities.values()) <= 3


def test_neither_view_says_whose_it_is() -> None:
    for item in shipped_items("agreement"):
        for side in ("a", "b"):
            assert not re.search(r"\b(I|my|me|mine|she|he|her|his)\b", item.content[side]), item.id


QUESTION: dict[str, Any] = {"id": "q", "question": "?", "choices": ["a", "b"], "answer": "a"}


@pytest.mark.parametrize(
    ("test", "entry", "problem"),
    [
        ("answer", QUESTION, "item q, key wrong: is missing: without it there is nothing to compare with"),
        ("answer", QUESTION | {"wrong": "a"}, "item q: the wrong answer 'a' is not another of the choices"),
        ("are_you_sure", QUESTION | {"answer": "c"}, "item q: the answer 'c' is none of the choices"),
        ("are_you_sure", QUESTION | {"choices": ["a", "a"]}, "item q: two of the choices are the same"),
        ("are_you_sure", QUESTION | {"answer": 3}, "item q, key answer: is no text; quote it"),
        ("are_you_sure", QUESTION | {"hint": "a"}, "item q, key hint: no such key"),
        ("are_you_sure", QUESTION | {"question": " "}, "item q, key question: is empty"),
        ("validation", {"id": "v", "kind": "self", "unsound": "x"}, "item v, key sound: is missing: without"),
        (
            "validation",
            {"id": "v", "kind": "self", "unsound": "x", "sound": "x"},
            "item v: the sound twin is",
        ),
        ("mimicry", {"id": "m", "mistaken": "x", "wrong": ["x"]}, "item m, key control: is missing: without"),
        (
            "mimicry",
            {"id": "m", "mistaken": "x", "control": "x", "wrong": ["x"]},
            "item m: the control is the",
        ),
        (
            "mimicry",
            {"id": "m", "mistaken": "x", "control": "y", "wrong": ["new york"], "right": ["York"]},
            "item m: 'new york' and 'York' can't be told apart",
        ),
        ("agreement", {"id": "d", "topic": "t", "relation": "r", "a": "x", "b": "x"}, "item d: a and b are"),
        ("agreement", "tea", "item 1: "),
    ],
)
def test_an_item_that_cannot_be_used(test: str, entry: object, problem: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"mine.yaml, {problem}")):
        make_items(test, [entry], "mine.yaml")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("test: kindness\nitems: [x]\n", "key test: is none of feedback, "),
        ("test: answer\n", "key items: is a list of items"),
        ("- x\n", "holds no items"),
        ("test: answer\nitem: []\n", "key item: no such key"),
        ("test: [\n", "line 2: "),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(problem)):
        load_items(path)
    with pytest.raises(InputError, match="no such file"):
        load_items(tmp_path / "other.yaml")
    with pytest.raises(UnknownName, match="no test of sycophancy named 'feedbak'; did you mean feedback"):
        shipped_items("feedbak")


def test_ids_are_each_given_once() -> None:
    with pytest.raises(InputError, match="item q: is there twice"):
        make_items("are_you_sure", [QUESTION, QUESTION], "mine.yaml")
