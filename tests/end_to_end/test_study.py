"""`mien study` from file to report: side by side, killed and gone on with, bad endpoints, gates."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
import pytest

from mien.store.writer import BATCH_ROWS

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace

CONCURRENCY = 8
BATCH_CALLS = BATCH_ROWS // 2  # an answer comes with the response or the verdict that it is
LEAST = 500  # calls of three models on 150 trials: those that answer alike are read once


def study(place: Workplace, more: str = "", *, trials: int = 100) -> None:
    server = place.server
    server.configure(models=("a", "b", "c", "judge"))
    models = ", ".join(f"'{server.url}#{name}'" for name in "abc")
    (place.folder / "three.yaml").write_text(
        f"models: [{models}]\njudge: '{server.judge}'\ntraits: traits.txt\ntrials: {trials}\n{more}"
    )


def calls(place: Workplace) -> int:
    try:
        with closing(sqlite3.connect(f"file:{place.folder / 'mien.db'}?mode=ro", uri=True)) as db:
            return db.execute("SELECT count(*) FROM call").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def test_from_a_file_to_the_report_in_one_command(place: Workplace) -> None:
    study(place, "ablations: [{name: hot, judge: {sampling: {temperature: 0.7}}}]\n")
    assert place.mien("study", "check", "three.yaml").out == (
        "three.yaml: 3 models, 3 runs, 300 trials; nothing to mend\n"
    )
    dry = json.loads(place.mien("study", "run", "three.yaml", "--dry-run", "--json").out)
    assert (dry["calls"], len(dry["runs"]), dry["cost"]) == (900, 6, None)
    assert calls(place) == 0
    done = place.mien("study", "run", "three.yaml")
    assert "three/index.html: 3 models, 3 runs, 300 trials" in done.out
    made = place.server.counts().requests
    assert made == calls(place) <= 900  # models that answer alike are read once
    again = place.mien("study", "run", "three.yaml", "--json", "-o", "again")
    assert place.server.counts().requests == made
    told = json.loads(again.out)
    assert (told["complete"], told["holds"], told["folder"]) == (True, True, "again")
    status = json.loads(place.mien("study", "status", "three.yaml", "--json").out)
    assert status["complete"]
    assert {run["read"] for run in status["runs"]} == {100}
    page = (place.folder / "again" / "index.html").read_bytes()
    place.mien("study", "report", "three.yaml", "-o", "third")
    assert (place.folder / "third" / "index.html").read_bytes() == page


def test_killed_it_goes_on_and_asks_nothing_twice(place: Workplace) -> None:
    study(place, trials=150)
    place.server.configure(latency=0.01)
    command = ("study", "run", "three.yaml", "--max-concurrency", CONCURRENCY)
    for part, end in ((0.2, "kill"), (0.5, "stop"), (0.8, "kill")):
        process = place.start(*command)
        place.wait_for(lambda part=part: calls(place) >= part * LEAST, process)
        if end == "kill":
            place.kill(process)
        else:
            process.send_signal(signal.SIGINT)
            stopped = place.finish(process, status=130)
            assert "the same command goes on" in stopped.err
    status = place.mien("study", "status", "three.yaml").out
    assert "0 of 3 complete" in status
    place.mien(*command)
    asked = "traits_of_interest: [warm]\nhypotheses:\n"
    asked += "  - {before: a, after: b, expect: [warm > +5000, warm < +5000]}\n"
    study(place, asked)
    first = json.loads(place.mien("study", "register", "three.yaml", "--json").out)
    assert first["new"]
    assert first["digest"] in place.mien("study", "register", "three.yaml").out
    place.mien("study", "run", "three.yaml")
    told = json.loads((place.folder / "three" / "study.json").read_text())
    assert told["registration"]["changed"] == []
    assert [(one["registered"], one["found"]) for one in told["expected"]] == [
        (True, "not borne out"),
        (True, "borne out"),
    ]
    (interest,) = told["of_interest"]
    assert [one["trait"] for one in interest["traits"]] == ["warm"]
    assert (interest["registered"], interest["other_traits"]) == (True, 9)

    study(place, asked.replace("warm > +5000", "blunt < -5000"))
    line = place.refused("study", "register", "three.yaml")
    assert "three has changed since it was registered on" in line
    assert line.endswith(": hypotheses; take the changes back, or give the study another name:")
    done = place.mien("study", "run", "three.yaml", "--json")
    assert "Note: three.yaml has changed since it was registered on" in done.err
    expected = json.loads(done.out)["expected"]
    assert [(one["expect"], one["registered"]) for one in expected] == [
        ("warm > +5000", True),
        ("warm < +5000", True),
        ("blunt < -5000", False),
        ("warm < +5000", False),
    ]
    page = (place.folder / "three" / "index.html").read_text()
    assert "The file has changed since it was registered on" in page
