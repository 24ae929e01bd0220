"""A study in shards on a Ray cluster of this machine, whose workers are killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mien.store.writer import BATCH_ROWS

if TYPE_CHECKING:
    import subprocess

    from tests.end_to_end.workplace import Workplace

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray: pip install 'mien[scale]'")
CONCURRENCY, TRIALS = 8, 300


def study(place: Workplace, more: str = "") -> None:
    server = place.server
    server.configure(models=("a", "b", "judge"))
    models = ", ".join(f"'{server.url}#{name}'" for name in "ab")
    (place.folder / "two.yaml").write_text(
        f"models: [{models}]\njudge: '{server.judge}'\ntraits: traits.txt\ntrials: {TRIALS}\n{more}"
    )


def rows(store: Path, table: str) -> list[Any]:
    columns = {"trial": "run, id, options, prompt, call", "verdict": "run, judge, trial, chosen, shown, call"}
    with closing(sqlite3.connect(store)) as db:
        return db.execute(f"SELECT {columns[table]} FROM {table} ORDER BY run, 2, 3").fetchall()


def workers(driver: subprocess.Popen[str]) -> list[int]:
    """The processes below a driver that make shards."""
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"ray::make_shard" in (folder / "cmdline").read_bytes() and _is_below(folder.name, driver.pid):
                found.append(int(folder.name))
        except OSError:  # it has ended
            continue
    return found


def _is_below(number: str, ancestor: int) -> bool:
    while number not in {"0", str(ancestor)}:
        status = Path("/proc", number, "stat").read_text()
        number = status.rpartition(")")[2].split()[1]
    return number != "0"


@needs_ray
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds workers in /proc")
def test_killed_workers_are_started_again_and_the_shards_make_the_study(place: Workplace) -> None:
    study(place)
    place.mien("study", "run", "two.yaml", "--store", "whole.db")
    asked = place.server.counts().requests
    place.server.reset_log()
    place.server.configure(latency=0.1)
    on_ray = ("study", "run", "two.yaml", "--on", "ray", "--shards", 2, "--copy-to", "shared")
    driver = place.from_nothing(*on_ray, "--copy-every", 0.2, "--max-concurrency", CONCURRENCY)
    place.wait_for(lambda: place.server.counts().requests > asked // 3, driver)
    killed = workers(driver)
    assert killed
    for worker in killed:
        os.kill(worker, signal.SIGKILL)
    place.server.configure(latency=0.0)
    done = place.finish(driver)
    assert "2 of 2 shards through, 600 verdicts in the copies" in done.err
    # At each worker what was on its way to two models and their judge, and what waited to be written.
    assert place.server.counts().requests - asked <= len(killed) * (3 * CONCURRENCY + BATCH_ROWS)
    for table in ("trial", "verdict"):
        assert rows(place.folder / "mien.db", table) == rows(place.folder / "whole.db", table)
    status = json.loads(place.mien("study", "status", "two.yaml", "--json").out)
    assert status["complete"]


def test_a_shard_of_a_study_is_made_by_itself(place: Workplace) -> None:
    study(place)
    for k in (1, 2):
        told = place.mien("study", "run", "two.yaml", "--shard", f"{k}/2", "--store", f"{k}.db").out
        assert told.startswith(f"Shard {k}/2 of two is through: {TRIALS} trials.\n")
    asked = place.server.counts().requests
    place.mien("merge", "all.db", "1.db", "2.db")
    place.mien("study", "run", "two.yaml", "--store", "all.db", "-o", "report")
    assert place.server.counts().requests == asked
    stopped = place.mien(
        "study", "run", "two.yaml", "--shard", "1/4", "--store", "3.db", "--max-calls", 40, status=3
    )
    assert "Incomplete: shard 1/4 of two; the same command goes on." in stopped.err


def test_models_of_a_study_may_be_named_and_served_anywhere(place: Workplace) -> None:
    server = place.server
    server.configure(models=("a", "b", "judge"))
    (place.folder / "two.yaml").write_text("models: [a, b]\njudge: judge\ntraits: traits.txt\ntrials: 50\n")
    line = place.refused("study", "run", "two.yaml", "--served-by", f"c={server.url}")
    assert "says where 'c' is, and no model here has that name" in line
    served = ("--served-by", server.url)
    run = ("study", "run", "two.yaml", *served)
    assert json.loads(place.mien(*run, "--dry-run", "--json").out)["calls"] == 200
    assert place.mien(*run, "--max-cost", 1, status=2).err.startswith("Error: two.yaml, line 1: ")
    for k in (1, 2):
        place.mien(*run, "--shard", f"{k}/2", "--store", f"{k}.db")
    place.mien("merge", "all.db", "1.db", "2.db")  # whichever address of their own they were asked at
    place.mien("study", "report", "two.yaml", "--store", "all.db")


def test_what_cannot_be_dealt_out_is_refused(place: Workplace) -> None:
    study(place)
    run = ("study", "run", "two.yaml")
    assert "--on takes ray or ray:ADDRESS" in place.refused(*run, "--on", "slurm", "--shards", 2)
    assert "give their number by --shards" in place.refused(*run, "--on", "ray")
    assert "one part of several is --shard K/N" in place.refused(*run, "--shards", 2)
    far = place.refused(*run, "--on", "ray:10.0.0.1:6379", "--shards", 2)
    assert "which is another server on each machine" in far
    assert "make no 999 shards" in place.refused(*run, "--on", "ray", "--shards", 999)
    folder = place.folder / "mien.db.shards"
    folder.mkdir()
    (folder / "1-of-4.db").touch()
    assert "1-of-4.db is a shard of another number" in place.refused(*run, "--on", "ray", "--shards", 2)
    study(place, "until_reliability: 0.9\n")
    text = (place.folder / "two.yaml").read_text().replace(f"trials: {TRIALS}\n", "")
    (place.folder / "two.yaml").write_text(text)
    assert "stops at a target, and no shard sees" in place.refused(*run, "--shard", "1/2")
