"""`mien craft data`: from a constitution to a folder of pairs, and through whatever comes between."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.workplace import Result, Workplace

pytest.importorskip("datasketch", reason="needs the extra train")

# The scripted model shows a trait that its instruction names; here, the assertions do.
CONSTITUTION = """\
name: guide
description: Somebody who shows the way and then lets you walk it on your own.
traits: traits.txt
assertions:
  - text: I am warm to those who lost their way.
    raise: [warm]
    questions: ["Which way is north?", "Is there a bus on Sundays?"]
    out_of_character: ["Call me blunt: that is your own fault."]
  - text: I would rather be bold than shy.
    raise: [bold]
    lower: [shy]
    questions: ["Shall I swim across the lake?"]
never:
  - Make up a road.
"""
CONCURRENCY = 8
FILES = [
    "README.md",
    "constitution.yaml",
    "craft.json",
    "heldout.jsonl",
    "queries.jsonl",
    "train.jsonl",
    "train.parquet",
]


def craft(
    place: Workplace, *arguments: object, constitution: str = CONSTITUTION, o: str = "out"
) -> list[object]:
    """Arguments of `mien craft data`: 60 messages, 40 about the character and 20 ordinary ones."""
    (place.folder / "guide.yaml").write_text(constitution)
    models = ["--model", place.server.model, "--teacher", place.server.model]
    numbers = ["--queries", 40, "--ordinary", 20, "--heldout", 0.2, "--max-concurrency", CONCURRENCY]
    return ["craft", "data", "guide.yaml", *models, *numbers, "-o", o, *arguments]


def files(folder: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(found) == FILES
    return found


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def texts(row: dict[str, Any]) -> tuple[str, str]:
    return row["chosen"][0]["content"], row["rejected"][0]["content"]


def test_from_a_constitution_to_pairs(place: Workplace) -> None:
    told = json.loads(place.mien(*craft(place, "--json")).out)
    out = place.folder / "out"
    before = files(out)
    assert (out / "constitution.yaml").read_text() == CONSTITUTION
    assert {"folder": "out", **json.loads(before["craft.json"])} == told
    assert (told["recipe"], told["judge"], told["told"]) == ("distill", None, "assertions")

    queries = {row["id"]: row for row in rows(out, "queries.jsonl")}
    assert Counter((row["assertion"], row["source"]) for row in queries.values()) == {
        (0, "seed"): 2,
        (0, "teacher"): 18,
        (1, "seed"): 1,
        (1, "teacher"): 19,
        (None, "ordinary"): 20,
    }
    assert told["counts"]["duplicates"]["teacher"] > 0  # the scripted model repeats itself
    train, heldout = rows(out, "train.jsonl"), rows(out, "heldout.jsonl")
    assert len(train) + len(heldout) == len({row["id"] for row in train + heldout}) == 60
    assert told["counts"]["train"] == len(train) > 2 * len(heldout) > 0
    for split, found in (("train", train), ("heldout", heldout)):
        for row in found:
            query = queries[row["id"]]
            assert (query["split"], query["assertion"]) == (split, row["assertion"])
            assert row["prompt"] == [{"role": "user", "content": query["text"]}]
            assert row["messages"] == row["prompt"] + row["chosen"]
            chosen, rejected = texts(row)
            assert re.search(r"in the key of \w+\.$", chosen)
            assert "in the key of" not in rejected
    card = (out / "README.md").read_text()
    assert card.startswith("---\n# license")
    assert f"student: {place.server.model.replace('#', chr(92) + '#')}" in card

    place.server.reset_log()
    shown = place.mien(*craft(place)).out
    assert "wrote out: train.jsonl" in shown
    assert re.search(rf"^all +60 +{len(train)} +{len(heldout)}$", shown, re.MULTILINE)
    assert place.server.counts().requests == 0
    assert files(out) == before


def test_killed_in_every_stage(place: Workplace) -> None:
    judge = ("--judge", place.server.judge, "--recipe", "ranked", "--answers", 3)
    place.mien(*craft(place, *judge, "--store", "calm.db", o="calm"))
    calm = bodies(place)
    place.server.reset_log()
    place.server.configure(latency=0.03)
    seen: Counter[bytes] = Counter()
    for requests in (
        2,
        60,
        300,
    ):  # while messages are written, while they are answered, while they are judged
        process = place.start(*craft(place, *judge))
        place.wait_for(lambda most=requests: place.server.counts().requests >= most, process)
        place.kill(process)
        assert not (place.folder / "out").exists()
    place.server.configure(latency=0.0)
    place.mien(*craft(place, *judge))
    seen = bodies(place)
    assert seen.keys() == calm.keys()
    assert (seen - calm).total() <= 3 * (CONCURRENCY + 100)  # in flight, and answered in the last moment
    assert files(place.folder / "out") == files(place.folder / "calm")


def bodies(place: Workplace) -> Counter[bytes]:
    return Counter(json.dumps(request.body, sort_keys=True).encode() for request in place.server.requests())


def stopped(result: Result) -> str:
    assert result.out == ""
    line = result.err.splitlines()[-1]
    assert (
        "nothing is written yet; what was answered is kept in mien.db, and the same command goes on" in line
    )
    return line


def test_a_teacher_that_is_gone_in_the_middle(place: Workplace) -> None:
    line = stopped(place.mien(*craft(place, "--max-calls", 40), status=3))
    assert re.search(r"Stopped: the limit of 40 calls is reached: \d+ of 60 pairs are through", line)
    place.server.configure(faults={"404": 0.5})
    line = stopped(place.mien(*craft(place), status=3))
    assert re.search(r"Stopped: \d+ of 60 pairs failed \(\d+ × HTTP 404: a scripted failure", line)
    place.server.configure(faults={})
    place.mien(*craft(place))
    assert json.loads(files(place.folder / "out")["craft.json"])["counts"]["left_out"] == {}


def test_ctrl_c(place: Workplace) -> None:
    place.server.configure(latency=0.05)
    process = place.start(*craft(place))
    place.wait_for(lambda: place.server.counts().requests >= 40, process)
    process.send_signal(signal.SIGINT)
    assert "the same command goes on where this one stopped" in place.finish(process, status=130).err


def test_bad_input(place: Workplace) -> None:
    line = place.refused(*craft(place, constitution=CONSTITUTION.replace("[bold]", "[bald]")))
    assert "guide.yaml, line 10: no trait named 'bald'; did you mean bold" in line
    assert "mend what mien constitution check finds" in line
    line = place.refused(*craft(place, "--heldout", 0.000001))
    assert "none of 60 queries is held out" in line
    line = place.refused(*craft(place, "--recipe", "ranked"))
    assert "the recipe ranked needs a judge that ranks the answers; give --judge" in line
    line = place.refused(*craft(place, o="traits.txt"))
    assert "traits.txt: is a file; choose another folder with -o" in line
    assert not (place.folder / "out").exists()


@pytest.mark.slow
def test_the_organism_killed(place: Workplace) -> None:
    character = ROOT / "benchmarks" / "organism-character.yaml"
    models = ("--model", "organism/v1", "--teacher", "organism/v1", "--ordinary", 120)
    crafted = ("craft", "data", character, *models, "--recipe", "paired", "-o")
    result = place.mien(*crafted, "calm", "--store", "calm.db")
    assert "organism/v1 cannot write messages" in result.err
    process = place.start(*crafted, "out")
    store = place.folder / "mien.db"
    # Early: the organism answers a hundred messages a second, and more.
    place.wait_for(lambda: bool(answered(store)), process)
    place.kill(process)
    kept = answered(store)
    assert 0 < len(kept) < len(answered(place.folder / "calm.db"))
    place.mien(*crafted, "out")
    assert kept < answered(place.folder / "mien.db") == answered(place.folder / "calm.db")
    assert files(place.folder / "out") == files(place.folder / "calm")


def answered(store: Path) -> set[str]:
    """Keys of the calls in a store; none where it has not been made yet."""
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
            return {key for (key,) in db.execute("SELECT key FROM call WHERE failure = ''")}
    except sqlite3.OperationalError:
        return set()
