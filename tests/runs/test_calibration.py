from __future__ import annotations

import pytest

from mien.errors import UsageError
from mien.runs.calibration import calibrating_judge
from mien.store.records import JudgeRecord, RunRecord
from mien.types import Trait

JUDGE = JudgeRecord(name="first", model="judge", settings='{"forced":false}')


def run(name, *, instrument="revealed", protocol='{"descriptions":false}', traits=("airy", "bold")):
    return RunRecord(
        id=1,
        name=name,
        model="model",
        instrument=instrument,
        protocol=protocol,
        design="",
        seed=0,
        traits=tuple(map(Trait, traits)),
        created=0.0,
    )


def test_the_same_judge_is_found_by_model_and_settings():
    others = [
        JudgeRecord(name="a", model="other", settings=JUDGE.settings),
        JudgeRecord(name="b", model="judge", settings="{}"),
        JudgeRecord(name="c", model="judge", settings=JUDGE.settings),
    ]
    assert calibrating_judge(run("own"), JUDGE, run("control", instrument="instructed"), others) == "c"


def test_a_repeat_errs_as_its_judge_does():
    repeat = JudgeRecord(name="first#1", model="judge", settings='{"forced":false,"repeat":1}')
    control = run("control", instrument="instructed")
    assert calibrating_judge(run("own"), repeat, control, [JUDGE]) == "first"


@pytest.mark.parametrize(
    ("control", "judges", "reason"),
    [
        ({"instrument": "revealed"}, [JUDGE], "only an instructed run"),
        ({"traits": ("airy", "calm")}, [JUDGE], "other traits"),
        ({"protocol": '{"descriptions":true}'}, [JUDGE], "descriptions"),
        ({}, [JudgeRecord(name="a", model="other", settings="")], "control' by other; read it with"),
        ({}, [], "by nobody"),
        ({}, [JudgeRecord(name="a", model="judge", settings="{}")], "asked otherwise"),
    ],
)
def test_what_tells_nothing_of_the_judge_is_refused(control, judges, reason):
    calibration = run("control", **{"instrument": "instructed"} | control)
    with pytest.raises(UsageError, match=reason):
        calibrating_judge(run("own"), JUDGE, calibration, judges)
