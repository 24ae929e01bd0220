"""Evaluations in a store: what is kept, found again, taken further, deleted and merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import InputError, UnknownName
from mien.store.merging import merge
from mien.store.records import Answered, Asked, EvaluationInfo, EvaluationRecord, ItemRecord
from mien.store.store import Store
from mien.types import Call

if TYPE_CHECKING:
    from pathlib import Path

INFO = EvaluationInfo(name="e", kind="sycophancy", model="m", judge="j", settings='{"turns":4}')
ITEMS = tuple(ItemRecord(f"k{i}", "feedback", f"f-{i}", f"f-{i}", "{}") for i in range(3))


def put(store: Store, answers: dict[tuple[int, str], str], **changed: Any) -> EvaluationRecord:
    """Answers by the item's number and the reader; an empty one is a failure."""
    info = EvaluationInfo(**{name: getattr(INFO, name) for name in INFO.__slots__} | changed)
    evaluation = store.evaluations.add(info, ITEMS)
    for (number, reader), text in answers.items():
        key = f"{number}-{reader}"
        call = Call(key=key, endpoint="x", model="m", text=text, failure="" if text else "HTTP 500")
        store.put_call(call)
        asked = Asked(evaluation.id, ITEMS[number].key, "plain", 1, 0, reader, key, text if reader else "")
        store.evaluations.put_asked(asked)
        if reader and text:
            store.evaluations.put_done(evaluation.id, ITEMS[number].key)
    store.flush()
    return evaluation


def texts(store: Store, name: str = "e") -> list[tuple[str, str, str]]:
    found = store.evaluations.answers(store.evaluations.named(name).id)
    return [(one.place.item, one.place.reader, one.text or one.failure) for one in found]


def test_what_is_put_is_read_back_item_by_item(store: Store) -> None:
    evaluation = put(store, {(1, ""): "fine", (1, "j"): "first", (0, ""): ""})
    assert store.evaluations.items(evaluation.id) == [*ITEMS]
    assert [*store.evaluations.answers(evaluation.id)] == [
        Answered(Asked(evaluation.id, "k0", "plain", 1, 0, "", "0-"), "", "", "HTTP 500"),
        Answered(Asked(evaluation.id, "k1", "plain", 1, 0, "", "1-"), "fine", "", ""),
        Answered(Asked(evaluation.id, "k1", "plain", 1, 0, "j", "1-j", "first"), "first", "", ""),
    ]
    found = store.evaluations.named("e")
    assert (found.items, found.done, store.evaluations.done(found.id)) == (3, 1, {"k1"})
    assert store.evaluations.all("diversity") == []
    assert store.evaluations.all() == store.evaluations.all("sycophancy") == [found]
    with pytest.raises(UnknownName, match="no evaluation named 'f'; known: e"):
        store.evaluations.named("f")


def test_an_evaluation_goes_on_and_other_settings_undo_what_was_done(store: Store) -> None:
    put(store, {(1, ""): "fine", (1, "j"): "first"})
    more = ItemRecord("k9", "feedback", "f-9", "f-9", "{}")
    assert store.evaluations.add(INFO, [*ITEMS, more]).done == 1
    assert store.evaluations.named("e").items == 4
    assert put(store, {}, settings='{"turns":5}').done == 0
    assert texts(store) == [("k1", "", "fine"), ("k1", "j", "first")]


def test_a_deleted_evaluation_leaves_its_calls(store: Store) -> None:
    put(store, {(1, ""): "fine"})
    store.evaluations.delete("e")
    assert store.evaluations.all() == []
    assert store.call("1-") is not None
    assert texts_of_none(store) == []


def texts_of_none(store: Store) -> list[tuple[str, str, str]]:
    store.evaluations.add(INFO, ITEMS)
    return texts(store)


def test_stores_are_merged_and_no_reading_stands_with_another_answer(tmp_path: Path) -> None:
    for name, answers in {
        "a": {(0, ""): "mine", (1, ""): ""},
        "b": {(0, ""): "theirs", (0, "j"): "of theirs", (1, ""): "late", (1, "j"): "of late", (2, ""): "new"},
    }.items():
        with Store(tmp_path / f"{name}.db") as store:
            put(store, answers)
    out = tmp_path / "out.db"
    for _ in range(2):  # again adds nothing
        merged = merge(out, [tmp_path / "a.db", tmp_path / "b.db"])
        assert [one.evaluations for one in merged] == [("e",), ("e",)]
        with Store(out) as store:
            assert store.evaluations.named("e").done == 1
            assert texts(store) == [
                ("k0", "", "mine"),
                ("k1", "", "late"),
                ("k1", "j", "of late"),
                ("k2", "", "new"),
            ]


def test_another_evaluation_of_the_name_is_refused(tmp_path: Path) -> None:
    for name, settings in {"a": '{"turns":4}', "b": '{"turns":5}'}.items():
        with Store(tmp_path / f"{name}.db") as store:
            put(store, {}, settings=settings)
    with pytest.raises(InputError, match=r"b\.db, evaluation 'e', settings: .*turns: 4 and 5"):
        merge(tmp_path / "out.db", [tmp_path / "a.db", tmp_path / "b.db"])
