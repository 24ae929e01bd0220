"""One trial in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import UsageError
from mien.store.records import JudgeRecord
from mien.store.schema import connect_read_only
from mien.store.store import Store
from mien.store.transcript import (
    options_of,
    prompt_key,
    raw,
    shares,
    told,
    transcript,
    trial_at,
    verdict_of,
)
from mien.types import Call, Trial
from tests.store.test_store import HELLO, TRIALS, add_run, put

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

REQUEST = b'{"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello!"}]}'


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Runs 1 and 2, whose trials t0 are the same and whose t1 are not."""
    with Store(tmp_path / "mien.db") as store:
        one = add_run(store, "one")
        add_run(store, "two", trials=(TRIALS[0], Trial("t1", 0, ("direct", "warm"), HELLO)))
        store.add_judge(one.id, JudgeRecord(name="j", model="j", settings="{}"))
        put(store, one, "t0", "hi", "warm")
        store.put_call(Call(key="asked", endpoint="e", model="m", request=REQUEST, body=b"\xff oops"))
        store.put_response(one.id, "t1", "asked")
        store.people.put_labels(one.id, [("t0", "Ann", "blunt"), ("t1", "Ben", "warm")])
    connection = connect_read_only(tmp_path / "mien.db", lock_timeout=5)
    yield connection
    connection.close()


def test_a_trial_with_all_that_is_known_of_it(db: sqlite3.Connection) -> None:
    found = transcript(db, 1, "t0")
    assert (found["name"], found["options"], found["prompt"]) == ("one", ("warm", "blunt"), HELLO.text)
    assert found["response"] == "hi"
    assert found["verdicts"] == [("j", "warm", "")]
    assert found["labels"] == [("Ann", "blunt")]
    unasked = transcript(db, 1, "t2")
    assert (unasked["call"], unasked["response"], unasked["latency"], unasked["verdicts"]) == (
        "",
        "",
        None,
        [],
    )
    with pytest.raises(UsageError, match="the run has no trial 't9'"):
        transcript(db, 1, "t9")


def test_single_facts_of_a_trial(db: sqlite3.Connection) -> None:
    assert options_of(db, 1, "t1") == ("direct", "warm")
    assert (verdict_of(db, 1, "j", "t0"), verdict_of(db, 1, "j", "t1")) == ("warm", "")
    assert prompt_key(db, 1, "t0") == prompt_key(db, 1, "t2") != prompt_key(db, 1, "t1")
    assert prompt_key(db, 1, "t9") is None


def test_what_stands_beside_a_trial(db: sqlite3.Connection) -> None:
    assert trial_at(db, 1, 1) == "t1"
    assert shares(db, 1, "t0", 2)
    assert not shares(db, 1, "t1", 2)  # another prompt
    assert not shares(db, 1, "t2", 2)


def test_what_was_sent_and_came_back(db: sqlite3.Connection) -> None:
    request, body = raw(db, "asked")
    assert '\n  "messages": [' in request
    assert told(request) == "Be kind."
    assert body == "\N{REPLACEMENT CHARACTER} oops"
    assert raw(db, "never") == ("", "")
    assert told("no JSON") == told("[]") == ""
