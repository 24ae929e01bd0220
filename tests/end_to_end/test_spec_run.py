"""`mien spec run` and `mien diff`, from a spec to a gate; and killed in between."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import pytest
import yaml

from mien.store.writer import BATCH_ROWS
from mien.testing import ScriptedServer
from tests.end_to_end.workplace import Workplace
from tests.evals.spec.planted import clause

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONCURRENCY = 16


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with ScriptedServer(keeps={"": 0.9}, models=("v1", "v2", "v3", "judge"), seed=2) as server:
        place = Workplace(tmp_path, server)
        yield place
        place.close()


def write(place: Workplace, *clauses: dict[str, object], version: str = "1") -> None:
    spec = {"name": "own", "version": version, "clauses": clauses}
    (place.folder / "spec.yaml").write_text(yaml.safe_dump(spec))


def model(place: Workplace, name: str) -> str:
    return f"{place.server.url}#{name}"


def test_from_a_spec_to_a_gate(place: Workplace) -> None:
    write(place, clause("kind", 40, examples=10, authority="root"), clause("brief", 40), clause("lone", 1))
    command = ["spec", "run", "spec.yaml", model(place, "v1"), "--judge", place.server.judge]
    (planned,) = json.loads(place.mien(*command, "--dry-run", "--json").out)["evaluations"]
    assert (planned["evaluation"], planned["items"], planned["calls"]) == ("v1-own-1", 101, 81 + 101)
    assert not (place.folder / "mien.db").exists()
    stopped = place.mien(*command, "--max-calls", 60, status=3)
    assert "the same command goes on" in stopped.err
    told = place.mien(*command)
    assert "v1-own-1: 81 items of 3 clauses of own 1" in told.out
    assert "100% of 10 good" in told.out
    assert "Not told, for want of two items that tell of it: lone" in told.out
    assert place.server.counts().requests <= 81 + 101
    (found,) = json.loads(place.mien(*command, "--json").out)
    rates = {row["name"]: row for row in found["rates"]}
    assert rates["kind"]["low"] < 0.9 < rates["kind"]["high"]
    assert rates["kind"]["corrected"]["low"] < rates["kind"]["low"]
    assert rates["kind"]["verdicts"]["meets"] / 40 == rates["kind"]["rate"]
    assert rates["authority root"]["rate"] == rates["kind"]["rate"]

    place.server.configure(keeps={"About kind": 0.4, "": 0.9})
    place.mien("spec", "run", "spec.yaml", model(place, "v2"), "--judge", place.server.judge)
    gates = ["--fail-on", "clause(kind) < .7", "--fail-on", "clause(lone) < .9"]
    failed = place.mien("diff", "v1-own-1", "v2-own-1", *gates, "--junit", "gates.xml", status=1)
    assert "1 clause changed of 2" in failed.out
    assert failed.out.count("FAILED") == 1
    assert failed.out.count("UNDECIDED") == 1
    assert 'type="incomplete"' in (place.folder / "gates.xml").read_text()
    marked = place.mien("diff", "v1-own-1", "v2-own-1", "--markdown", "--fail-on", "brief < -.5").out
    assert "| passed | `brief < -.5` |" in marked


def test_killed_it_goes_on_and_asks_nothing_twice(place: Workplace) -> None:
    """300 items of three versions."""
    write(place, *(clause(f"c{n}", 50, examples=1) for n in range(6)))
    models = [model(place, name) for name in ("v1", "v2", "v3")]
    command = ["spec", "run", "spec.yaml", *models, "--judge", place.server.judge]
    command += ["--max-concurrency", CONCURRENCY]
    place.server.configure(latency=0.02)
    process = place.start(*command)
    place.wait_for(lambda: place.server.counts().requests >= 500, process)
    place.kill(process)
    place.server.configure(latency=0)
    assert "v3-own-1: 300 items" in place.mien(*command).out
    asked = Counter(msgspec.json.encode(one.body, order="sorted") for one in place.server.requests())
    assert len(asked) == 3 * 600 + 12
    # What was in flight when it was killed, and what waited for the next commit.
    assert asked.total() - len(asked) <= CONCURRENCY + BATCH_ROWS
    made = place.server.counts().requests
    place.mien(*command)
    assert place.server.counts().requests == made


def test_what_cannot_be_run_is_refused(place: Workplace) -> None:
    run = ["spec", "run", "spec.yaml", model(place, "v1")]
    write(place, clause("kind", 0))
    assert "no clause of own has items to ask" in place.refused(*run, "--judge", place.server.judge)
    write(place, clause("kind", 2))
    assert "give --judge" in place.refused(*run)
    both = [*run, model(place, "v2"), "--judge", place.server.judge, "--name", "n"]
    assert "--name is for one model" in place.refused(*both)
    twice = place.refused(*run, model(place, "v1"), "--judge", place.server.judge)
    assert "two of the models would both be kept as v1-own-1" in twice
    write(place, clause("kind", 2, authority="boss"))
    assert "spec.yaml, line " in place.refused(*run, "--judge", place.server.judge)
