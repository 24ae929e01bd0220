"""Looking through a run's trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.store.browsing import (
    PAGE,
    answered_trials,
    beside,
    choices,
    count_asked,
    counts,
    numbers,
    trials,
    turned,
)
from mien.store.filter import Filter
from mien.store.records import JudgeRecord
from mien.store.schema import connect_read_only
from mien.store.search import SearchIndex
from mien.store.store import Store
from mien.types import Call, Prompt, Trial, Verdict
from tests.processes import LIMIT
from tests.store.test_store import HELLO, add_run, put

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Runs 1 and 2 with the same trials: t0 turned from warm to blunt, and t1 failed in run 1."""
    with Store(tmp_path / "mien.db") as store:
        one, two = add_run(store, "one"), add_run(store, "two")
        for judge in ("j", "k"):
            store.add_judge(one.id, JudgeRecord(name=judge, model=judge, settings="{}"))
        put(store, one, "t0", "hi", "warm")
        store.put_call(Call(key="failed", endpoint="e", model="m", failure="HTTP 500"))
        store.put_response(one.id, "t1", "failed")
        put(store, one, "t2", "ho", "blunt")
        store.put_verdict(one.id, Verdict(trial="t2", judge="k", chosen="neither"))
        put(store, two, "t0", "no", "blunt", judge="k")
        put(store, two, "t2", "ha", "blunt", judge="k")
    connection = connect_read_only(tmp_path / "mien.db", lock_timeout=5)
    yield connection
    connection.close()


def shown(db: sqlite3.Connection, **wanted: str) -> list[str]:
    page = trials(db, 1, Filter(judge="j", **wanted))
    assert not page.before
    assert not page.after
    return [row.trial for row in page.rows]


def test_a_filter_leaves_in_what_it_names(db: sqlite3.Connection) -> None:
    assert shown(db) == ["t0", "t1", "t2"]
    assert shown(db, trait="warm") == ["t0", "t1"]
    assert shown(db, trait="blunt", took="passed") == ["t0"]
    assert shown(db, verdict="none") == ["t1"]
    assert shown(db, verdict="chosen") == ["t0", "t2"]
    assert shown(db, finish="failed") == ["t1"]
    assert shown(db, disagreement="yes") == ["t2"]


def test_choices_are_counted_each_with_the_rest_of_the_filter(db: sqlite3.Connection) -> None:
    assert counts(db, 1, Filter(judge="j"))[0] == 3
    total, found = counts(db, 1, Filter(judge="j", finish="failed"))
    assert (total, found["finish"], found["verdict"]) == (1, {"": 2, "failed": 1}, {"none": 1})
    total, found = counts(db, 1, Filter(judge="k", trait="blunt", verdict="neither"))
    assert (total, found["verdict"]) == (1, {"neither": 1, "none": 1})


def test_a_failed_call_was_asked_and_is_no_response(db: sqlite3.Connection) -> None:
    assert count_asked(db, 1) == 3
    assert [(trial, options) for trial, options, _ in answered_trials(db, 1)] == [
        ("t0", '["warm","blunt"]'),
        ("t2", '["blunt","direct"]'),
    ]


def test_what_a_judge_chose(db: sqlite3.Connection) -> None:
    assert choices(db, 1, "j") == {"t0": "warm", "t2": "blunt"}
    assert choices(db, 1, "nobody") == {}


def test_trials_that_turned(db: sqlite3.Connection) -> None:
    judges = ("j", "k")
    assert turned(db, (1, 2), judges, "warm", lost=True, most=6) == ["t0"]
    assert turned(db, (1, 2), judges, "blunt", lost=False, most=6) == ["t0"]
    assert turned(db, (1, 2), judges, "blunt", lost=True, most=6) == []
    assert turned(db, (1, 2), judges, "warm", lost=True, most=0) == []


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A run of 60 trials, of which it has answered 55 at various lengths; all of that can be searched."""
    path = tmp_path_factory.mktemp("browsing") / "mien.db"
    asked = [Trial(f"t{i}", 0, ("warm", "blunt"), Prompt(f"p{i}", "你好吗")) for i in range(60)]
    with Store(path) as store:
        add_run(store, "other", trials=(Trial("t0", 0, ("warm", "blunt"), HELLO),))
        run = add_run(store, "r", trials=tuple(asked))
        for i in range(55):
            put(store, run, f"t{i}", f"很好 {'so ' * (i % 3 * 9)}" if i % 2 else f"fine{'!' * i}")
    index = SearchIndex(path)
    index.start()
    assert index.complete.wait(LIMIT)
    connection = connect_read_only(path, lock_timeout=LIMIT)
    index.attach(connection)
    yield connection
    connection.close()
    index.close()


def test_pages_follow_each_other_both_ways(searched: sqlite3.Connection) -> None:
    for sort in ("", "longest", "shortest"):
        for words in ("", "好", "fine"):
            wanted = Filter(words=words, sort=sort)
            everything = numbers(searched, 2, wanted)
            seen: list[int] = []
            page = trials(searched, 2, wanted)
            assert not page.before
            while True:
                seen += [row.number for row in page.rows]
                if not page.after:
                    break
                assert len(page.rows) == PAGE
                last = page
                page = trials(searched, 2, Filter(words=words, sort=sort, after=page.rows[-1].number))
                assert page.before
                back = trials(searched, 2, Filter(words=words, sort=sort, before=page.rows[0].number))
                assert [row.number for row in back.rows] == [row.number for row in last.rows]
                assert back.after
            assert seen == everything
            assert len(seen) == (60 if not (words or sort) else 28 if words == "fine" else 55)


def test_trials_are_sorted_by_the_length_of_what_was_answered(searched: sqlite3.Connection) -> None:
    lengths = dict(searched.execute("SELECT number, length FROM search.extent WHERE run = 2"))
    for sort, falls in (("longest", True), ("shortest", False)):
        found = [lengths[number] for number in numbers(searched, 2, Filter(sort=sort))]
        assert found == sorted(lengths.values(), reverse=falls)


def test_a_trial_lies_between_its_neighbours_in_the_filter(searched: sqlite3.Connection) -> None:
    wanted = Filter(words="fine")
    assert beside(searched, 2, wanted, 0) == (None, 2)
    assert beside(searched, 2, wanted, 20) == (18, 22)
    assert beside(searched, 2, wanted, 54) == (52, None)
    assert beside(searched, 2, Filter(), 54) == (53, 55)
    order = numbers(searched, 2, Filter(sort="longest"))
    assert beside(searched, 2, Filter(sort="longest"), order[7]) == (order[6], order[8])
    assert counts(searched, 2, wanted)[0] == 28


def test_what_was_found_is_marked_in_prompt_and_response(searched: sqlite3.Connection) -> None:
    row = trials(searched, 2, Filter(words="好")).rows[1]
    assert row.prompt.pieces == (("你", False), ("好", True), ("吗", False))
    assert row.response.pieces[:2] == (("很", False), ("好", True))
