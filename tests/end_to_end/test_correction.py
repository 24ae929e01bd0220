"""`mien profile --correct-judge`: a run read by an erring judge, and the run that tells how it errs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import mien
from mien.runs.run import Run

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace

CORRECT = ("--correct-judge", "control")


@pytest.mark.slow
def test_a_judge_is_corrected(place: Workplace) -> None:
    place.server.configure(judge_accuracy=0.7)
    place.mien(*place.study(rounds=60))
    place.mien(*place.study("--instrument", "instructed", name="control", rounds=60))
    plain, corrected = read(place, "profile", "run"), read(place, "profile", "run", *CORRECT)
    alone = {row["trait"]: row for row in plain["traits"]}
    assert plain["judge_correction"] is None
    told = corrected["judge_correction"]
    accuracy = told["accuracy"]
    assert (told["run"], told["n"], told["foils"]["n"]) == ("control", 300, 300)
    assert (told["n_illegible"], told["illegible"]) == (0, [])
    assert 0.6 < accuracy < 0.8
    for row in corrected["traits"]:
        assert row["uncorrected_rating"] == pytest.approx(alone[row["trait"]]["rating"])
        assert row["stderr"] > alone[row["trait"]]["stderr"]
    assert spread(corrected) > 1.5 * spread(plain)
    run = Run("run", place.folder / "mien.db")
    by_run = mien.profile(run, correct_judge=Run("control", run.path))
    assert by_run.to_dict() == corrected
    shown = place.mien("profile", "run", *CORRECT).out
    assert f"read {accuracy:.1%} of 300 traits right in control" in shown
    assert "uncorrected" in shown


def test_a_judge_without_error_corrects_nothing(place: Workplace) -> None:
    place.mien(*place.study())
    place.mien(*place.study("--instrument", "instructed", name="control"))
    plain, corrected = read(place, "profile", "run"), read(place, "profile", "run", *CORRECT)
    assert corrected["judge_correction"]["accuracy"] == 1
    assert [row["rating"] for row in corrected["traits"]] == pytest.approx(
        [row["rating"] for row in plain["traits"]]
    )


@pytest.mark.slow
def test_what_does_not_fit_is_refused(place: Workplace) -> None:
    place.mien(*place.study())
    place.mien(*place.study(name="again"))
    refused = place.refused
    assert "'again' is revealed" in refused("profile", "run", "--correct-judge", "again")
    assert "'nobody'" in refused("profile", "run", "--correct-judge", "nobody")
    control = ("--instrument", "instructed")
    place.mien(*place.study(*control, "--options", 3, name="threes"))
    assert "shows 3 options a trial" in refused("profile", "run", "--correct-judge", "threes")
    place.mien(*place.study(*control, "--protocol", "krishna2026", name="forced"))
    assert "was asked otherwise" in refused("profile", "run", "--correct-judge", "forced")
    place.mien(*place.study(*control, name="control"))
    assert "under the flat prior alone" in refused("profile", "run", *CORRECT, "--prior", "pooled")


def test_a_judge_worse_than_chance_is_refused(place: Workplace) -> None:
    place.server.configure(judge_accuracy=0.2)
    place.mien(*place.study())
    place.mien(*place.study("--instrument", "instructed", name="control"))
    assert "no better than chance in run 'control'" in place.refused("profile", "run", *CORRECT)


def read(place: Workplace, *arguments: object) -> Any:
    return json.loads(place.mien(*arguments, "--json").out)


def spread(profile: Any) -> float:
    return float(np.std([row["rating"] for row in profile["traits"]]))
