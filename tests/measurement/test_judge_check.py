"""Judges that must tell a few instructed answers apart before they read any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from scipy.stats import binomtest

from mien.errors import Notice, UsageError
from mien.measurement.judge_check import LEVEL, USUAL, usual_readings
from mien.measurement.rejudge import second_opinion
from mien.measurement.told_answers import Readings
from tests.measurement.planted import measure

if TYPE_CHECKING:
    from mien.testing import ScriptedServer


def passed(right: int, wrong: int, *, undecided: int = 0) -> bool:
    return Readings(options=2, right=right, wrong=wrong, undecided=undecided).p <= LEVEL


def test_its_errors_are_as_the_documentation_says() -> None:
    """Each number of right readings of 24 pairs, with its chance under judges that guess, or are good."""
    passing = [right for right in range(USUAL + 1) if passed(right, USUAL - right)]
    assert passing == list(range(min(passing), USUAL + 1))

    def passes(accuracy: float) -> float:
        return binomtest(min(passing), USUAL, accuracy, alternative="greater").pvalue

    assert passes(0.5) <= LEVEL
    assert passes(0.8) > 0.9
    assert passes(0.9) > 0.99
    assert not passed(4, 0, undecided=20)  # too few that name anything
    assert passed(5, 0, undecided=19)


def test_judges_in_this_process_are_checked_by_themselves() -> None:
    assert usual_readings("hf/./m") == usual_readings("organism/base") == USUAL
    assert usual_readings("organism/judge") == usual_readings("openai/gpt-5.1") == 0


def test_a_judge_that_can_tell_goes_on_to_read(server: ScriptedServer) -> None:
    with pytest.warns(
        Notice, match="it named that one in 24, another in 0, none in 0: it can tell them apart"
    ):
        run = measure(server, rounds=4, check_judge=24)
    assert len([*run.rows()]) == 20
    server.reset_log()
    with pytest.warns(Notice):
        measure(server, rounds=4, check_judge=24)
    assert server.counts().requests == 0


def test_a_judge_that_guesses_is_stopped_before_anything_is_measured(server: ScriptedServer) -> None:
    server.configure(judge_accuracy=0.5)
    with pytest.raises(
        UsageError, match=r"cannot tell the answers of .* apart: of 24 answers.*--check-judge 0"
    ):
        measure(server, rounds=40, check_judge=24)
    assert server.counts().by_role == {"model": 24, "judge": 24}


def test_a_second_judge_is_checked_on_what_the_store_holds(server: ScriptedServer) -> None:
    run = measure(server, rounds=4)
    with pytest.raises(UsageError, match="--check-judge: the store holds no instructed answers of"):
        second_opinion(run, f"{server.url}#judge-2", check_judge=20)
    measure(server, rounds=8, instrument="instructed")
    server.configure(judge_accuracy=0.5)
    server.reset_log()
    with pytest.raises(UsageError, match=f"judge {server.url}#judge-2 cannot tell the answers of"):
        second_opinion(run, f"{server.url}#judge-2", check_judge=40)
    assert server.counts().by_role == {"judge": 40}
    assert len(run.judges) == 1
    with pytest.warns(Notice, match="named that one in 40"):
        second_opinion(run, server.judge, check_judge=40)
