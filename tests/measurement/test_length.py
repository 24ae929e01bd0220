"""How long a run is to be is said in one way, and refused where it cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from mien.errors import UsageError
from mien.measurement.length import Length


def test_it_is_given_in_one_way() -> None:
    with pytest.raises(UsageError, match="one of rounds, trials and full"):
        Length(rounds=1, trials=5)
    with pytest.raises(UsageError, match="one of rounds, trials and full"):
        Length(trials=5, full=True)


@pytest.mark.parametrize("length", [{"rounds": 3}, {"trials": 3}, {"full": True}])
def test_a_target_finds_the_length_itself(length: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"leave out rounds, trials and full, .* --max-trials"):
        Length(until_reliability=0.9, **length)
    with pytest.raises(UsageError, match="--max-trials is for a run that stops at a target"):
        Length(max_trials=3, **length)


def test_a_target_that_cannot_be_reached_is_refused_where_it_is_given() -> None:
    with pytest.raises(UsageError, match="--until-reliability is a number between 0 and 1, not 1"):
        Length(until_reliability=1.0)
    with pytest.raises(UsageError, match="--until-stderr is a positive number of points, not 0"):
        Length(until_stderr=0.0)


@pytest.mark.parametrize(
    ("length", "rounds"),
    [
        (Length(), 400),  # about 2,000 trials of 10 traits
        (Length(rounds=3), 3),
        (Length(trials=11), 3),
        (Length(full=True), 9),
        (Length(until_stderr=40.0), 400),
        (Length(until_reliability=0.9, until_stderr=40.0, max_trials=100), 20),
    ],
)
def test_in_rounds(length: Length, rounds: int) -> None:
    assert length.most_rounds(10, 2) == rounds
    assert (length.until is None) == (length.until_reliability is None and length.until_stderr is None)
