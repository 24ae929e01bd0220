"""A run in several parts, as a scheduler has them made: each by itself, none taken for the whole."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import pytest

from mien.testing import ScriptedServer
from tests import ROOT
from tests.end_to_end.workplace import SCORES
from tests.processes import ended

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace

GATE = ("--fail-on", "warm > 5000")
LACKING = "133 of 200 trials of run are missing (133 in other shards)"


def test_a_shard_ends_well_and_does_not_pass_for_the_run(place: Workplace) -> None:
    whole = place.study(rounds=40)
    place.mien(*whole, "--store", "whole.db")
    array = {"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_MIN": "0"}
    array |= {"SLURM_ARRAY_TASK_MAX": "2", "SLURM_ARRAY_TASK_COUNT": "3"}
    told = place.mien(*whole, "--shard", "auto/3", env=array).out
    assert told == "Shard 2/3 of run is through: 67 trials of 200.\nOnce all 3 are: mien merge OUT SHARD…\n"
    found = json.loads(place.mien(*whole, "--shard", "2/3", "--json").out)
    assert found == {
        "run": "run", "shard": "2/3", "complete": True, "trials": 67, "read": 67, "in_all": 200,
    }  # fmt: skip
    rows = place.exported()
    assert rows == place.exported("run", "--store", "whole.db")[1::3]
    assert [row["trial_id"] for row in rows[:3]] == ["t1", "t4", "t7"]
    assert LACKING.partition(" (")[0] in " ".join(place.mien("profile", "run").out.split())
    (judge,) = json.loads(place.mien("runs", "run", "--json").out)["judges"]
    assert (judge["complete"], judge["missing"]) == (False, 133)
    gated = place.mien("diff", "run", "run", *GATE, status=1)
    assert LACKING in gated.err
    second = place.mien("judge", "run", "--judge", place.server.judge, "--as", "second", status=3)
    assert f"Incomplete: {LACKING}; mien merge brings its shards together.\n" in second.err


def test_a_shard_that_stops_is_incomplete_and_goes_on(place: Workplace) -> None:
    place.server.reset_log()
    part = (*place.study(rounds=40), "--shard", "1/4")
    stopped = place.mien(*part, "--max-calls", 80, "--max-concurrency", 4, status=3)
    assert 0 < place.server.counts().requests <= 20  # its part of the limit
    assert "of 50 trials of shard 1/4 of run are there; the same command goes on.\n" in stopped.err
    assert stopped.out == ""
    place.mien(*part, "--max-calls", 100, "--own-limits")
    assert place.server.counts().requests == 100


def test_what_would_make_something_else_of_a_shard_is_refused(place: Workplace) -> None:
    part = (*place.study(rounds=8), "--shard", "2/4")
    place.mien(*part)
    for other in ((), ("--shard", "2/5")):
        line = place.refused(*place.study(rounds=8), *other)
        assert "holds of run 'run' the shard 2/4, and not the whole: go on with --shard K/4" in line
    models = (place.server.model, "--judge", place.server.judge, "--traits", "traits.txt")
    line = place.refused("measure", *models, "--until-reliability", 0.9, "--shard", "1/4")
    assert "a shard does not see what the others found" in line
    assert "K from 1" in place.refused(*place.study(), "--shard", "auto/4")


@pytest.mark.parametrize("instrument", ["revealed", "instructed"])
def test_shards_read_their_trials_from_a_design(place: Workplace, instrument: str) -> None:
    what = ("--traits", "traits.txt", "--max-prompts", 30, "--rounds", 8, "--instrument", instrument)
    laid_out = json.loads(place.mien("design", *what, "-o", "run.design", "--json").out)
    assert (laid_out["trials"], laid_out["rounds"]) == (40, 8)
    measured = ("measure", place.server.model, "--judge", place.server.judge, "--instrument", instrument)
    place.mien(*measured, "--design", "run.design", "--name", "run", "--shard", "3/4")
    place.mien(*place.study("--instrument", instrument, "--store", "whole.db"))
    assert place.exported() == place.exported("run", "--store", "whole.db")[2::4]
    design = json.loads(place.mien("runs", "run", "--json").out)["design"]
    assert design == laid_out["design"]
    dry = place.mien(*measured, "--design", "run.design", "--shard", "3/4", "--dry-run").out
    dry = " ".join(dry.split())
    assert f"10 trials in 8 rounds of 10 traits, 30 prompts, design {design}, shard 3/4 of 40 trials" in dry
    line = place.refused(*measured, "--design", "run.design", "--language", "en")
    assert "leave out the options by which some are chosen" in line


def test_shards_that_were_killed_make_the_run_of_one_process(place: Workplace) -> None:
    place.mien(*place.study(rounds=40), "--store", "whole.db")
    whole = place.exported("run", "--store", "whole.db")
    asked = place.server.counts().requests
    place.server.reset_log()
    place.server.configure(latency=0.02)
    part = (*place.study("--max-concurrency", 8, rounds=40), "--shard")
    parts = [place.start(*part, f"{k}/2", "--store", f"{k}.db") for k in (1, 2)]
    place.wait_for(lambda: place.server.counts().requests >= asked // 2, parts[0])
    for process in parts:
        place.kill(process)
    place.server.configure(latency=0.0)
    for k in (1, 2):
        place.mien(*part, f"{k}/2", "--store", f"{k}.db")
    # What was on its way, and what an answer waits to be written: 200 rows or .05 s, whichever comes first.
    assert place.server.counts().requests - asked <= 2 * (8 + 200)
    merged = place.mien("merge", "all.db", "1.db", "2.db")
    assert (
        merged.out == "1.db: 100 trials, 200 calls, 100 verdicts\n2.db: 100 trials, 200 calls, 100 verdicts\n"
    )
    assert place.exported("run", "--store", "all.db") == whole
    place.server.reset_log()
    assert place.mien(*place.study(rounds=40), "--store", "all.db").err == ""
    assert place.server.counts().requests == 0
    assert json.loads(place.mien("merge", "all.db", "1.db", "--json").out)["merged"][0]["calls"] == 0
    assert "1.db is the merged store itself" in place.refused("merge", "1.db", "1.db")


def test_a_partial_merge_is_incomplete_and_a_later_shard_completes_it(place: Workplace) -> None:
    for k in (1, 2):
        place.mien(*place.study(rounds=40), "--shard", f"{k}/2", "--store", f"{k}.db")
    line = place.refused("merge", "all.db", "2.db")
    assert "of run 'run' the shard 1/2 is missing" in line
    partial = place.mien("merge", "all.db", "2.db", "--partial", status=3)
    assert "Incomplete: 100 of 200 trials of run are missing (100 in other shards)" in partial.err
    place.mien("merge", "all.db", "1.db")
    assert len(place.exported("run", "--store", "all.db")) == 200


def test_a_model_is_known_by_its_name_wherever_it_is_served(place: Workplace) -> None:
    study = ("--traits", "traits.txt", "--max-prompts", 30, "--rounds", 8)
    models = ("measure", "model", "--judge", "judge", *study)
    with ScriptedServer(scores=SCORES) as other:
        place.mien(*models, "--served-by", f"{place.server.url},{other.url}")
        assert min(server.counts().requests for server in (place.server, other)) > 10
        assert place.server.counts().requests + other.counts().requests == 80
    # The other is gone, and nothing is asked again.
    place.mien(*models, "--served-by", place.server.url, "--max-calls", 0)
    record = json.loads(place.mien("runs", "model-revealed", "--json").out)
    assert (record["model"], record["judges"][0]["judge"]) == ("model", "judge")
    dry = place.mien(*models, "--rounds", 10, "--served-by", place.server.url, "--dry-run").out
    assert "unknown (give --price-in and --price-out)" in dry
    assert "no provider named 'model'" in place.refused(*models)
    assert "no model here has that name" in place.refused(*models, "--served-by", f"x={place.server.url}")
    place.mien("judge", "model-revealed", "--judge", "judge", "--as", "b", "--served-by", place.server.url)


@pytest.mark.skipif(which("bash") is None, reason="needs bash")
def test_the_example_of_an_array_runs(place: Workplace) -> None:
    what = ("--traits", "traits.txt", "--max-prompts", 30, "--rounds", 8)
    place.mien("design", *what, "-o", "run.design")
    command = place.folder / "bin" / "mien"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m mien.cli "$@"\n')
    command.chmod(0o755)
    told = {
        "MODEL": place.server.model,
        "JUDGE": place.server.judge,
        "SHARDS": "2",
        "TMPDIR": str(place.folder),
    }
    told |= {"PATH": f"{command.parent}:{place.environment['PATH']}"}
    for task in ("1", "2", "2"):  # one is sent off again
        environment = place.environment | told | {"SLURM_ARRAY_TASK_ID": task}
        done = ended([ROOT / "examples/slurm/array.sh"], cwd=place.folder, env=environment)
        assert done.returncode == 0, done.stderr
        assert f"Shard {task}/2 of run is through: 20 trials of 40." in done.stdout
    assert place.server.counts().requests == 80
    place.mien("merge", "run.db", *sorted((place.folder / "shards").iterdir()))
    assert len(place.exported("run", "--store", "run.db")) == 40


@pytest.mark.skipif(find_spec("datatrove") is None, reason="needs datatrove: pip install datatrove")
def test_the_example_of_a_datatrove_pipeline_runs_here_and_as_slurm_would_run_it(place: Workplace) -> None:
    what = ("--name", "run", "--traits", "traits.txt", "--max-prompts", "30", "--rounds", "8")
    example = [sys.executable, ROOT / "examples/datatrove/shards.py"]
    measure = [place.server.model, "--judge", place.server.judge, *what]
    cluster = place.folder / "bin"
    cluster.mkdir()
    for name, told in (("sbatch", "Submitted batch job 7"), ("scontrol", "node-1")):
        (cluster / name).write_text(f'#!/bin/sh\necho "{told}"\n')
        (cluster / name).chmod(0o755)
    environment = place.environment | {"PARTITION": "cpu"}
    environment["PATH"] = f"{cluster}:{Path(sys.executable).parent}:{place.environment['PATH']}"

    def made(*command: object, **more: str) -> None:
        done = ended([*command], cwd=place.folder, env=environment | more)
        assert done.returncode == 0, done.stderr

    made(*example, "slurm", "2", *measure)
    script = (place.folder / "logs" / "launch_script.slurm").read_text()
    assert "#SBATCH --array=0-1\n" in script
    assert "#SBATCH --requeue\n" in script
    task = script.partition("srun  -l -n 1 ")[2].split()
    told = {"SLURM_ARRAY_TASK_ID": "1", "SLURM_JOB_ID": "7", "SLURM_NODELIST": "node-1"}
    made(*task, **told)
    assert [path.name for path in (place.folder / "shards").iterdir()] == ["2.db"]
    made(*example, "local", "2", *measure)  # the other one
    assert place.server.counts().requests == 80
    place.mien("merge", "run.db", "shards/1.db", "shards/2.db")
    assert len(place.exported("run", "--store", "run.db")) == 40


def test_a_lost_machine_costs_what_was_not_copied(place: Workplace) -> None:
    (place.folder / "shared").mkdir()
    study = place.study("--copy-to", "shared/run.db", "--copy-every", 0.1, rounds=40)
    place.server.configure(latency=0.02)
    process = place.start(*study, "--max-concurrency", 8)
    copy = place.folder / "shared/run.db"

    def begun() -> bool:
        if not copy.exists():
            return False
        with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)) as db:
            return db.execute("SELECT count(*) FROM trial").fetchone() == (200,)

    place.wait_for(begun, process)
    place.kill(process)
    kept = int(json.loads(place.mien("runs", "run", "--store", "shared/run.db", "--json").out)["n_trials"])
    assert kept == 200
    for file in place.folder.glob("mien.db*"):
        file.unlink()
    place.server.configure(latency=0.0)
    place.mien(*study)
    whole = place.exported()
    assert len(whole) == 200
    assert place.exported("run", "--store", "shared/run.db") == whole


def test_what_two_stores_were_told_otherwise_is_judged_again(place: Workplace) -> None:
    place.server.configure(seed=1, faults={"content_filter": 0.5}, faulty_models=("judge",))
    place.mien(*place.study(rounds=40), "--store", "1.db", status=3)
    place.server.configure(seed=2, faults={})
    place.mien(*place.study(rounds=40), "--store", "2.db")
    merged = place.mien("merge", "all.db", "1.db", "2.db", status=3)
    assert "2.db has other answers to " in merged.err
    assert "to be judged again by mien measure or mien judge" in merged.err
    assert "not read); mien measure or mien judge goes on with it" in merged.err
    with closing(sqlite3.connect(place.folder / "all.db")) as db:
        lacking = 200 - db.execute("SELECT count(*) FROM verdict").fetchone()[0]
    place.server.reset_log()
    place.mien(*place.study(rounds=40), "--store", "all.db")
    asked = place.server.counts().by_role
    assert 0 < asked["judge"] <= lacking  # what reads alike is read once
    assert "model" not in asked  # its answers stand
    assert len(place.exported("run", "--store", "all.db")) == 200
