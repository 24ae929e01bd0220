"""A model writes items: of each kind, each once, a share held out, and the same ones when asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import Unfinished, UnknownName, UsageError
from mien.evals.spec.writer import Wanted, write_items
from mien.materials.specs import Clause, Spec, read_spec
from mien.measurement.session import Session
from mien.testing import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLAUSES = [
    {
        "id": "hint_first",
        "text": "Give a hint before you give the solution.",
        "items": [{"id": "own", "messages": "Solve 3x = 12."}],
    },
    {"id": "plain_words", "text": "Explain terms in plain words."},
]
SPEC = Spec.model_validate({"name": "tutor", "clauses": CLAUSES})


@pytest.fixture(scope="module")
def shared_server() -> Iterator[ScriptedServer]:
    with ScriptedServer(models=("writer",)) as server:
        yield server


@pytest.fixture
def server(shared_server: ScriptedServer) -> ScriptedServer:
    shared_server.configure(faults={})
    shared_server.reset_log()
    return shared_server


def test_items_of_each_kind_are_added_and_kept(server: ScriptedServer, tmp_path: Path) -> None:
    store, model = tmp_path / "mien.db", f"{server.url}#writer"
    written = write_items(SPEC, model, Session(store), Wanted(items=8, held_out=0.5))
    assert written.added == {"hint_first": 8, "plain_words": 8}
    assert (written.wanting, written.duplicates > 0) == ({}, True)
    first = written.spec.clauses[0]
    assert first.items[0].id == "own"
    new = first.items[1:]
    assert [item.kind for item in new] == ["typical"] * 3 + ["edge"] * 3 + ["adversarial"] * 2
    assert {item.origin for item in new} == {model}
    assert len({item.messages[0]["content"] for item in new}) == 8
    assert {item.held_out for _, item in written.spec.items} == {True, False}

    path = tmp_path / "written.yaml"
    path.write_text(written.spec.yaml(), encoding="utf-8")
    assert read_spec(path) == written.spec
    asked = len(server.requests())
    again = write_items(SPEC, model, Session(store), Wanted(items=8, held_out=0.5))
    assert (again.spec, len(server.requests())) == (written.spec, asked)


def test_one_clause_alone(server: ScriptedServer, tmp_path: Path) -> None:
    model = f"{server.url}#writer"
    wanted = Wanted(items=3, clauses=("plain_words",))
    written = write_items(SPEC, model, Session(tmp_path / "mien.db"), wanted)
    assert [len(clause.items) for clause in written.spec.clauses] == [1, 3]
    with pytest.raises(UnknownName, match="did you mean plain_words"):
        write_items(SPEC, model, Session(tmp_path / "mien.db"), Wanted(clauses=("plain_word",)))


def test_what_a_model_repeats_is_wanting(server: ScriptedServer, tmp_path: Path) -> None:
    """The server writes a message of a request always alike: what is there already cannot come again."""
    model, wanted = f"{server.url}#writer", Wanted(items=3, clauses=("plain_words",))
    first = write_items(SPEC, model, Session(tmp_path / "a.db"), wanted)
    messages = [item.messages[0]["content"] for item in first.spec.clauses[1].items]
    good = [{"messages": message, "answer": "Yes."} for message in messages]
    clause = Clause.model_validate({**CLAUSES[1], "good": good})
    told = SPEC.model_copy(update={"clauses": (SPEC.clauses[0], clause)})
    again = write_items(told, model, Session(tmp_path / "a.db"), wanted)
    assert not {item.messages[0]["content"] for _, item in again.spec.items} & set(messages)


def test_what_writes_no_list_is_refused(server: ScriptedServer, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="follows no request"):
        write_items(SPEC, "organism/v1", Session(tmp_path / "mien.db"))
    server.configure(faults={"400": 1.0})
    with pytest.raises(Unfinished, match="2 of 2 clauses failed"):
        write_items(SPEC, f"{server.url}#writer", Session(tmp_path / "mien.db"))


@pytest.mark.parametrize("wanted", [{"items": 0}, {"held_out": 1.0}])
def test_wants_that_are_none(wanted: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Wanted(**wanted)  # pyright: ignore[reportArgumentType]
