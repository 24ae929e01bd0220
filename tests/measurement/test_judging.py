"""A judge is added to a run once, and found again; what would mix two of them is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import RunConflict, UsageError
from mien.instruments.judges import AskingJudge, ScoringJudge
from mien.materials.protocols import load_protocol
from mien.measurement.judging import add_judge
from tests.measurement.scripted import Scripted

if TYPE_CHECKING:
    from mien.instruments.judges import Judge
    from mien.store.store import Store

PROTOCOL = load_protocol()
WARMER = PROTOCOL.override(
    judge=PROTOCOL.judge.model_dump()
    | {"sampling": PROTOCOL.judge.sampling.model_dump() | {"temperature": 0.9}}
)


def added(store: Store, name: str, spec: str = "openai/j", **members: Any) -> Judge:
    reader: Any = Scripted(spec, lambda _: "")
    protocol = members.pop("protocol", PROTOCOL)
    return add_judge(store, store.run("r"), name, reader, protocol, **members)


def test_it_is_added_once_and_found_again(store: Store) -> None:
    judge = added(store, "j")
    assert isinstance(judge, AskingJudge)
    assert judge.name == "j"
    assert added(store, "j").settings == judge.settings
    (record,) = store.judges(store.run("r").id)
    assert (record.name, record.model) == ("j", "openai/j")


def test_it_is_of_the_kind_that_its_model_tells(store: Store) -> None:
    assert isinstance(added(store, "o", "hf/./m"), ScoringJudge)
    with pytest.raises(UsageError, match="a repeat tells nothing"):
        added(store, "o#1", "hf/./m", repeat=1)


def test_the_organisms_judge_reads_no_other_model(store: Store) -> None:
    with pytest.raises(UsageError, match="can read nobody but the organism and its adapters, not m"):
        added(store, "o", "organism/judge")
    assert not store.judges(store.run("r").id)


def test_another_one_of_its_name_is_refused(store: Store) -> None:
    added(store, "j")
    with pytest.raises(RunConflict, match="run 'r' has a judge named 'j' that was asked otherwise"):
        added(store, "j", protocol=WARMER)
    with pytest.raises(RunConflict, match="choose another name for this one with --as"):
        added(store, "j", "openai/other")
    assert len(store.judges(store.run("r").id)) == 1


def test_there_must_be_something_to_repeat(store: Store) -> None:
    with pytest.raises(UsageError, match=r"there is nothing to repeat \(read by nobody\)"):
        added(store, "j#1", repeat=1)
    added(store, "j")
    with pytest.raises(UsageError, match=r"openai/j has not read run 'r' with these settings.*\(read by j\)"):
        added(store, "warm#1", protocol=WARMER, repeat=1)
    added(store, "j#1", repeat=1)
    first, again = store.judges(store.run("r").id)
    assert again.settings != first.settings
    assert again.identity == first.identity
