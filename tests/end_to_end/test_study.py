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
PART = 100  # calls that are let through before each end
LEAST = 500  # calls of three models on 150 trials: those that answer alike are read once


def study(place: Workplace, more: str = "", *, trials: int = 100) -> None:
    server = place.server
    server.configure(models=("a", "b", "c", "judge"))
    models = ", ".join(f"'{server.url}#{name}'" for name in "abc")
    (place.folder / "three.yaml").write_text(
        f"models: [{models}]\njudge: '{server.judge}'\ntraits: traits.txt\ntrials: {trials}\n"
        f"figures: ranking\n{more}"
    )


def calls(place: Workplace) -> int:
    try:
        with closing(sqlite3.connect(f"file:{place.folder / 'mien.db'}?mode=ro", uri=True)) as db:
            return db.execute("SELECT count(*) FROM call").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def asked(place: Workplace) -> Counter[bytes]:
    """How often each body was asked for."""
    return Counter(msgspec.json.encode(one.body, order="sorted") for one in place.server.requests())


def test_from_a_file_to_the_report_in_one_command(place: Workplace) -> None:
    study(place, "ablations: [{name: hot, judge: {sampling: {temperature: 0.7}}}]\n")
    assert place.mien("study", "check", "three.yaml").out == (
        "three.yaml: 3 models, 3 runs, 300 trials; nothing to mend\n"
    )
    dry = json.loads(place.mien("study", "run", "three.yaml", "--dry-run", "--json").out)
    assert (dry["calls"], len(dry["runs"]), dry["cost"]) == (900, 6, None)
    assert calls(place) == 0
    stopped = place.mien("study", "run", "three.yaml", "--max-calls", 90, status=3).err
    assert "the limit of 90 calls is below the 900 calls it would take: it stops at about 10%" in stopped
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
    first, second = (place.folder / name / "index.html" for name in ("three", "again"))
    assert first.read_bytes() == second.read_bytes()


def test_killed_it_goes_on_and_asks_nothing_twice(place: Workplace) -> None:
    study(place, trials=150)
    command = ("study", "run", "three.yaml", "--max-concurrency", CONCURRENCY)
    for end in ("kill", "stop"):
        place.server.configure(latency=0.01)
        before = calls(place)
        process = place.start(*command)
        place.wait_for(lambda before=before: calls(place) >= before + PART, process)
        place.server.configure(latency=3600)  # it waits
        found = json.loads(place.mien("study", "status", "three.yaml", "--json").out)
        assert sum(run["answered"] for run in found["runs"]) > 0
        if end == "kill":
            place.kill(process)
        else:
            process.send_signal(signal.SIGINT)
            stopped = place.finish(process, status=130)
            assert "the same command goes on" in stopped.err
    place.server.configure(latency=0)
    status = place.mien("study", "status", "three.yaml").out
    assert "0 of 3 complete" in status
    place.mien(*command)
    times = asked(place)
    assert len(times) == calls(place) >= LEAST
    # What was in flight when it was killed, and what waited for the next commit.
    assert times.total() - len(times) <= 3 * CONCURRENCY + BATCH_CALLS


def test_an_endpoint_that_gives_up_is_told_and_the_study_is_incomplete(place: Workplace) -> None:
    study(place)
    place.server.configure(faults={"402": 1.0}, faulty_models=("b",))
    done = place.mien("study", "run", "three.yaml", status=3)
    assert "Gave up b: " in done.err
    assert "Incomplete: three:b is not begun" in done.err
    assert "b" in json.loads((place.folder / "three" / "study.json").read_text())["left_out"]
    again = place.mien("study", "report", "three.yaml", "-o", "again", status=3)
    assert "Incomplete: three:b is not begun" in again.err


def test_a_gate_that_fails_ends_with_1(place: Workplace) -> None:
    study(place, "gates: [{before: a, after: b, fail_on: warm < +5000}]\n")
    done = place.mien("study", "run", "three.yaml", status=1)
    assert "a → b" in done.out
    assert "failed" in done.out


def test_a_judge_under_test_is_told(place: Workplace) -> None:
    study(place)
    text = (place.folder / "three.yaml").read_text()
    (place.folder / "self.yaml").write_text(
        text.replace(f"'{place.server.judge}'", f"'{place.server.url}#a'")
    )
    assert "Note: a is read by itself" in place.mien("study", "run", "self.yaml", "--dry-run").err
    assert "Warning: a is read by itself" in place.mien("study", "check", "self.yaml").out


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "models: [openai/a, openai/a]\njudge: x/j\n",
            "bad.yaml, line 1: key models.1: a model is called 'a'",
        ),
        ("models: openai/a\njudge: x/j\nfigures: pie\n", "bad.yaml, line 3: no figure named 'pie'"),
        ("models: openai/a\n", "bad.yaml, line 1: key judge: is missing"),
        (
            "models: openai/a\njudge: openai/j\nmax_cost: 3\n",
            "bad.yaml, line 1: the limit on cost ($3) cannot be",
        ),
    ],
)
def test_bad_files_get_one_line(place: Workplace, text: str, line: str) -> None:
    (place.folder / "bad.yaml").write_text(text)
    assert f"Error: {line}" in place.refused("study", "run", "bad.yaml")
    assert not (place.folder / "mien.db").exists()


def test_check_lists_every_mistake(place: Workplace) -> None:
    (place.folder / "bad.yaml").write_text("models: [5]\njudge: j\ntrials: x\n")
    found = json.loads(place.mien("study", "check", "bad.yaml", "--json", status=1).out)
    assert [one["line"] for one in found["findings"]] == [1, 3]
    (place.folder / "bad.yaml").write_text("models: openai/a\njudge: j\nfigures: pie\n")
    out = place.mien("study", "check", "bad.yaml", status=1).out
    assert out.startswith("bad.yaml, line 3: no figure named 'pie'")


def test_new_writes_what_can_be_checked(place: Workplace) -> None:
    assert place.mien("study", "new").out == "wrote study.yaml\n"
    assert "exists already" in place.refused("study", "new", "study.yaml")
    assert "holds no folder" in place.refused("study", "new", "studies/a")
    place.mien("study", "new", "mine", "--like", "update")
    assert "2 models" in place.mien("study", "check", "mine.yaml").out
    assert "did you mean update" in place.refused("study", "new", "x", "--like", "updat")
    names = [one["name"] for one in json.loads(place.mien("study", "list", "--json").out)]
    assert {"krishna2026", "krishna2026-quick", "laptop", "maiya2025", "organism", "update"} == set(names)
    (place.folder / "taken").write_text("")
    assert "taken is a file" in place.refused("study", "report", "update", "-o", "taken")


def test_what_was_registered_is_told_beside_what_was_found(place: Workplace) -> None:
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
