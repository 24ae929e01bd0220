"""What people say of responses: one row a choice, and none without its trials."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from mien.errors import StoreError
from mien.store.people import noted
from mien.store.records import RunInfo, RunRecord
from mien.store.store import Store
from mien.types import Preference, Prompt, Trait, Trial
from tests.processes import LIMIT

if TYPE_CHECKING:
    from pathlib import Path

TRAITS = (Trait("warm"), Trait("blunt"), Trait("direct"))
HELLO, WHY = Prompt("hello", "Hello!"), Prompt("why", "Why?")
TRIALS = (
    Trial("t0", 0, ("warm", "blunt"), HELLO),
    Trial("t1", 0, ("direct", "warm"), WHY),
    Trial("t2", 1, ("blunt", "direct"), HELLO),
)


def add_run(store: Store, name: str, *, trials: tuple[Trial, ...] = TRIALS) -> RunRecord:
    info = RunInfo(
        name=name, model="m", instrument="revealed", protocol="{}", design="d", seed=7, traits=TRAITS
    )
    return store.add_run(info, trials)


def preference(person: str = "Ana", trial: str = "t0", chosen: str = "b", **changed: str) -> Preference:
    members = {"question": "preferred", "trial_a": trial, "trial_b": trial, "shown_left": "a"} | changed
    return Preference(person=person, chosen=chosen, **members)


def test_a_choice_is_one_row_however_its_runs_are_named(store: Store) -> None:
    a, b = (add_run(store, name).id for name in ("before", "after"))
    store.people.put_preferences(
        a, b, [preference(), preference("Bo", "t1", "tie"), preference(question="warm")]
    )
    hello, why = store.prompt_ids(a)
    assert [*store.people.preferences(a, b)] == [
        (preference(), hello),
        (preference(question="warm"), hello),
        (preference("Bo", "t1", "tie"), why),
    ]
    turned = preference(chosen="a", shown_left="b")
    assert next(store.people.preferences(b, a)) == (turned, hello)
    store.people.put_preferences(b, a, [preference(chosen="b", shown_left="b")])
    assert next(store.people.preferences(a, b)) == (preference(chosen="a", shown_left="a"), hello)
    store.people.delete_preference(b, a, ("t0", "t0"), "preferred", "Ana")
    store.people.delete_preference(b, a, ("t0", "t0"), "preferred", "nobody")
    assert [p.question for p, _ in store.people.preferences(a, b)] == ["warm", "preferred"]


def test_trials_of_a_preference_belong_to_their_runs(store: Store) -> None:
    a = add_run(store, "a").id
    b = add_run(store, "b", trials=(Trial("other", 0, ("warm", "blunt"), HELLO),)).id
    found = preference(trial_a="t0", trial_b="other")
    store.people.put_preferences(b, a, [preference(trial_a="other", trial_b="t2", chosen="a")])
    store.people.put_preferences(a, b, [found])
    assert [(p.trial_a, p.trial_b, p.chosen) for p, _ in store.people.preferences(a, b)] == [
        ("t0", "other", "b"),
        ("t2", "other", "b"),
    ]
    store.people.delete_preference(b, a, ("other", "t0"), "preferred", "Ana")
    assert [p.trial_a for p, _ in store.people.preferences(a, b)] == ["t2"]
    with pytest.raises(StoreError, match="belongs to a run that has been deleted"):
        store.people.put_preferences(a, b, [found, preference(trial_a="t0", trial_b="none")])
    assert len([*store.people.preferences(a, b)]) == 1  # all or none


@pytest.mark.parametrize("deleted", ["a", "b"])
def test_preferences_go_with_either_run(store: Store, deleted: str) -> None:
    a, b = (add_run(store, name).id for name in ("a", "b"))
    store.people.put_preferences(a, b, [preference()])
    store.delete_run(deleted)
    assert [*store.people.preferences(a, b)] == []
    kept = store.run("b" if deleted == "a" else "a").id
    again = add_run(store, deleted).id
    assert [*store.people.preferences(kept, again)] == []


def test_a_star_and_a_note_are_a_persons_own_each_by_itself(store: Store) -> None:
    run = add_run(store, "r").id
    people = store.people
    people.note(run, "t1", "Ana", "odd")
    people.star(run, "t1", "Ana", starred=True)
    people.star(run, "t0", "Ben", starred=True)
    people.note(run, "t1", "Ben", "not so odd")
    found = list(people.notes(run))
    assert [note[:4] for note in found] == [
        ("t0", "Ben", True, ""),
        ("t1", "Ana", True, "odd"),
        ("t1", "Ben", False, "not so odd"),
    ]
    assert all(0 <= time.time() - note.created < LIMIT for note in found)
    assert noted(found) == {
        "t0": {"starred_by": "Ben", "notes": ""},
        "t1": {"starred_by": "Ana", "notes": "Ana: odd\nBen: not so odd"},
    }
    people.star(run, "t1", "Ana", starred=False)
    people.note(run, "t1", "Ben", "")
    people.star(run, "t0", "Ben", starred=False)
    assert [note[:4] for note in people.notes(run)] == [("t1", "Ana", False, "odd")]
    store.delete_run("r")
    assert list(people.notes(run)) == []


def test_a_note_belongs_to_a_trial_of_its_run(store: Store) -> None:
    run = add_run(store, "r").id
    with pytest.raises(StoreError, match="belongs to a run that has been deleted"):
        store.people.note(run, "none", "Ana", "odd")


def test_preferences_are_not_written_through_a_store_opened_to_read(store: Store, path: Path) -> None:
    a, b = (add_run(store, name).id for name in ("a", "b"))
    with Store(path, read_only=True) as reader, pytest.raises(StoreError, match="it cannot be written"):
        reader.people.put_preferences(a, b, [preference()])
