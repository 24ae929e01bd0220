"""Runs that stop at a target: how many calls they make, what more they pay for later, what they say."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from mien.stats.design.stopping import FLOOR

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace

LEAST = 5 * FLOOR  # trials


def until(place: Workplace, *arguments: object, name: str = "run") -> list[object]:
    """Arguments of `mien measure` without a number of rounds."""
    study = place.study(*arguments, name=name)
    at = study.index("--rounds")
    return study[:at] + study[at + 2 :]


def read(place: Workplace, *arguments: object) -> Any:
    result = place.mien(*arguments, "--json")
    assert result.err == ""
    return json.loads(result.out)


def calls(place: Workplace) -> dict[str, int]:
    """What was asked since the log was last read."""
    by_role = dict(place.server.counts().by_role)
    place.server.reset_log()
    return by_role


@pytest.mark.slow
def test_a_run_stops_at_its_target_and_pays_for_new_rounds_alone(place: Workplace) -> None:
    study = until(place, "--until-reliability", 0.9)
    profile = read(place, *study)
    found = profile["until"]
    trials = 5 * found["rounds"]
    assert (found["reliability"], found["stderr"], found["reached"]) == (0.9, None, True)
    assert FLOOR < found["rounds"] < found["ceiling"] == 400
    assert found["found_reliability"] == profile["reliability"]["model_based"] >= 0.9
    assert profile["n_trials"] == trials
    assert profile["design"].endswith(f"-{found['rounds']}")
    assert calls(place) == {"model": trials, "judge": trials}
    rows = place.exported()

    # The same again is the same, and makes no call.
    assert read(place, *study) == profile
    assert calls(place) == {}
    # A target that was reached on the way makes none either: a run never shrinks.
    lax = read(place, *until(place, "--until-stderr", 500))
    assert (lax["until"]["rounds"], lax["until"]["reached"]) == (found["rounds"], True)
    assert calls(place) == {}
    # A stricter one goes on from there.
    least = 0.8 * found["found_stderr"]
    strict = read(place, *until(place, "--until-reliability", 0.9, "--until-stderr", least))
    more = 5 * strict["until"]["rounds"] - trials
    assert more > 0
    assert strict["until"]["found_stderr"] <= least
    assert calls(place) == {"model": more, "judge": more}
    # And so does a number of rounds.
    rounds = strict["until"]["rounds"] + 6
    assert read(place, *place.study(rounds=rounds))["until"] is None
    assert calls(place) == {"model": 30, "judge": 30}
    assert place.exported()[:trials] == rows


def test_a_run_is_the_first_rounds_of_a_long_one(place: Workplace) -> None:
    found = read(place, *until(place, "--until-stderr", 100, "--max-concurrency", 3))["until"]
    place.mien(*place.study(name="by design", rounds=found["rounds"]))
    assert place.exported("run") == place.exported("by design")


@pytest.mark.slow
def test_a_run_that_was_killed_ends_like_one_that_was_not(place: Workplace) -> None:
    study = until(place, "--until-reliability", 0.9, "--max-concurrency", 8)
    calm = read(place, *study)
    rows = place.exported()
    trials = calls(place)["model"]
    place.server.configure(latency=0.03)
    elsewhere = until(place, "--until-reliability", 0.9, "--max-concurrency", 8, "--store", "killed.db")
    for wanted in (LEAST, trials + LEAST // 2):  # within the floor, and beyond it
        process = place.start(*elsewhere)
        place.wait_for(lambda wanted=wanted: place.server.counts().requests >= wanted, process)
        place.kill(process)
    place.server.configure(latency=0.0)
    assert read(place, *elsewhere) == calm
    assert [*place.exported("run", "--store", "killed.db")] == rows
    made = calls(place)
    assert trials <= made["model"] < trials + 100  # those in flight, and not yet written, were made again
    with closing(sqlite3.connect(place.folder / "killed.db")) as db:
        assert db.execute("SELECT count(*) FROM call").fetchone() == (2 * trials,)


def test_a_ceiling_is_told_and_can_be_raised(place: Workplace) -> None:
    study = until(place, "--until-reliability", 0.95)
    result = place.mien(*study, "--max-trials", LEAST + 12)
    assert "Target NOT reached in 16 rounds, the most that were allowed: reliability 0." in result.out
    assert "(≥ 0.95). With more --max-trials the same command goes on." in result.out
    assert calls(place) == {"model": 80, "judge": 80}  # 12 more trials are two whole rounds
    found = read(place, *study, "--max-trials", LEAST + 20)["until"]
    assert (found["rounds"], found["ceiling"], found["reached"]) == (18, 18, False)
    assert calls(place) == {"model": 10, "judge": 10}
    result = place.mien(*study)
    assert "Target reached in " in result.out


def test_trials_that_fail_are_through_and_tried_again(place: Workplace) -> None:
    place.server.configure(faults={"400": 0.3}, faulty_models=("model",))
    study = until(place, "--until-stderr", 120)
    result = place.mien(*study, status=3)
    assert "ended without a verdict; the same command tries again" in result.err
    assert "Target reached in " in result.out
    made = calls(place)
    assert made["judge"] < made["model"]
    place.server.configure(faults={})
    after = read(place, *study)
    assert (after["verdicts"]["missing"], after["until"]["reached"]) == (0, True)
    assert calls(place) == {"model": made["model"] - made["judge"], "judge": made["model"] - made["judge"]}


def test_a_budget_ends_a_run_without_a_check(place: Workplace) -> None:
    study = until(place, "--until-reliability", 0.9)
    stopped = place.mien(*study, "--max-calls", 100, status=3)
    assert "Stopped: the limit of 100 calls is reached" in stopped.err
    assert f"of {LEAST} trials are through" in stopped.err
    assert "Target" not in stopped.out
    assert "Target reached in " in place.mien(*study).out


def test_a_judge_that_decides_nothing_ends_it_at_the_floor(place: Workplace) -> None:
    place.server.configure(faults={"refusal": 1.0}, faulty_models=("model",))
    line = place.refused(*until(place, "--until-reliability", 0.9))
    assert f"no verdict chose an option, so there is nothing to rate: {LEAST} refused" in line
    assert calls(place)["model"] == LEAST


def test_dry_run(place: Workplace) -> None:
    study = until(place, "--until-reliability", 0.9, "--until-stderr", 40, "--dry-run")
    shown = place.mien(*study).out
    assert "run: at most 2,000 trials in 400 rounds of 10 traits" in shown
    earliest = f"after {LEAST} trials at the earliest"
    assert f"  stops at a reliability of 0.9 and a standard error of 40, {earliest}\n" in shown
    listed = read(place, *study)
    assert listed["calls"] == 4000
    assert listed["until"] == {"reliability": 0.9, "stderr": 40.0, "floor": FLOOR, "ceiling": 400}
    assert calls(place) == {}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--until-reliability", 1.5), "--until-reliability is a number between 0 and 1, not 1.5"),
        (("--until-stderr", -4), "--until-stderr is a positive number of points, not -4"),
        (("--until-stderr", 40, "--rounds", 8), "leave out rounds, trials and full, or give its most trials"),
        (("--until-stderr", 40, "--max-trials", LEAST - 1), f"--max-trials is at least {LEAST} here, not"),
        (("--until-stderr", 40, "--max-trials", 0), "'--max-trials'"),
        (("--max-trials", 500), "--max-trials is for a run that stops at a target (--until-reliability,"),
    ],
)
def test_what_cannot_be_used(place: Workplace, arguments: tuple[object, ...], problem: str) -> None:
    assert problem in place.refused(*until(place, *arguments))
    assert calls(place) == {}
    assert not (place.folder / "mien.db").exists()
