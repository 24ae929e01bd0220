"""`mien spec run` of a file that says what a release has to keep, from nothing to a status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mien.testing import ScriptedServer
from tests.end_to_end.workplace import SCORES, TRAITS, Workplace
from tests.evals.spec.planted import clause

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEEPS = {"About kind": 0.95, "About brief": 0.95}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    served = ("last", "next", "worse", "judge")
    with ScriptedServer(keeps=KEEPS, scores=SCORES, models=served, seed=5) as server:
        place = Workplace(tmp_path, server)
        yield place
        place.close()


def write(place: Workplace, *gates: tuple[str, list[str]], **study: Any) -> None:
    spec = {
        "name": "release",
        "version": "3",
        "clauses": [clause("kind", 40), clause("brief", 40)],
        "gates": [{"of": of, "fail_on": fail_on} for of, fail_on in gates],
        "study": {"traits": list(TRAITS), "rounds": 30, **study},
    }
    (place.folder / "release.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))


def test_one_file_says_what_a_release_keeps(place: Workplace) -> None:
    top = max(SCORES, key=SCORES.__getitem__)
    of_values = ("clauses", ["clause(kind) < .7"]), ("traits", [f"rating({top}) < 950", f"rank({top}) > 6"])
    write(place, *of_values, ("clauses", ["brief < -.3"]), ("traits", [f"{top} < -400"]))
    judged = ["--judge", place.server.judge]
    command = ["spec", "run", "release.yaml", f"{place.server.url}#next", *judged]
    last = ["--against", f"{place.server.url}#last"]
    planned = json.loads(place.mien(*command, *last, "--dry-run", "--json").out)
    assert [row["label"] for row in planned["runs"]] == ["next", "last"]
    assert [row["name"].partition(":")[2] for row in planned["evaluations"]] == ["next:spec", "last:spec"]
    assert "brief < -.3" in (alone := place.refused(*command))
    assert "nothing to compare with" in alone
    assert (asked := place.server.counts().requests) == 0

    told = place.mien(*command, *last)
    assert "The gates of next against last" in told.out
    assert told.out.count("passed") == 5
    # What the model alone was asked was asked once.
    assert place.server.counts().requests - asked <= planned["calls"]
    asked = place.server.counts().requests
    found = json.loads(place.mien(*command, *last, "--json").out)
    assert (found["holds"], place.server.counts().requests) == (True, asked)
    assert found["evaluations"] == ["release-3:next:spec", "release-3:last:spec"]
    assert [one["evaluation"] for one in found["clauses"]] == ["release-3:next:spec"]

    place.server.configure(keeps=KEEPS | {"About brief": 0.2})
    worse = ["spec", "run", "release.yaml", f"{place.server.url}#worse", *judged, *last]
    failed = place.mien(*worse, "--junit", "gates.xml", status=1)
    assert failed.out.count("FAILED") == 1
    assert 'failures="1"' in (place.folder / "gates.xml").read_text().splitlines()[1]


def test_what_is_not_measured_whole_lets_no_release_pass(place: Workplace) -> None:
    write(place, ("clauses", ["clause(kind) < .1"]))
    command = ["spec", "run", "release.yaml", f"{place.server.url}#next", "--judge", place.server.judge]
    stopped = place.mien(*command, "--max-calls", 50, status=3)
    assert "UNDECIDED" in stopped.out
    assert "the same command goes on" in stopped.err
    assert "passed" in place.mien(*command).out


def test_what_cannot_be_held_is_refused(place: Workplace) -> None:
    command = ["spec", "run", "release.yaml", f"{place.server.url}#next", "--judge", place.server.judge]
    write(place, ("luck", ["rate(x) > .1"]))
    assert "there are no gates of luck; they are of clauses, traits" in place.refused(*command)
    write(place, ("traits", ["rating(warmth) < 900"]))
    assert "no trait named 'warmth'; did you mean warm" in place.refused(*command)
    write(place, ("clauses", ["clause(kind) < .1"]), models=["other"])
    assert "models is the command's to say" in place.refused(*command)
    write(place, ("clauses", ["clause(kind) < .1"]), rouns=3)
    assert "study: key rouns: no such key" in place.refused(*command)
    write(place, ("clauses", ["clause(kind) < .1"]))
    assert "a model has to read the answers: give --judge" in place.refused(*command[:-2])
    assert "--name goes with a spec without gates" in place.refused(*command, "--name", "x")
    twice = place.refused(*command, f"{place.server.url}/#next")
    assert "two of the models are called next" in twice
    assert place.server.counts().requests == 0
