"""Which shard a process is, as its scheduler says; and its part of the limits."""

from __future__ import annotations

import pytest

from mien.errors import UsageError
from mien.measurement.sharding import read_shard, share
from mien.models.usage import Limits
from mien.stats.design.shards import WHOLE, Shard


def slurm(number: object, first: object, last: object, count: object) -> dict[str, str]:
    names = ("ID", "MIN", "MAX", "COUNT")
    values = (number, first, last, count)
    return {f"SLURM_ARRAY_TASK_{n}": str(v) for n, v in zip(names, values, strict=True)}


def skypilot(rank: int, jobs: int) -> dict[str, str]:
    return {"SKYPILOT_JOB_RANK": str(rank), "SKYPILOT_NUM_JOBS": str(jobs)}


@pytest.mark.parametrize(
    ("text", "environment", "shard"),
    [
        (None, slurm(2, 1, 4, 4), WHOLE),
        ("3/4", slurm(1, 1, 4, 4), Shard(3, 4)),
        ("auto/4", slurm(0, 0, 3, 4), Shard(1, 4)),
        ("auto/4", slurm(3, 0, 3, 4), Shard(4, 4)),
        ("auto/4", slurm(1, 1, 4, 4), Shard(1, 4)),
        ("auto/4", slurm(4, 1, 4, 4), Shard(4, 4)),
        ("auto/4", skypilot(0, 4), Shard(1, 4)),
        ("auto/4", skypilot(3, 4), Shard(4, 4)),
        ("auto/4", {"SKYPILOT_JOB_RANK": "3"}, Shard(4, 4)),
    ],
)
def test_the_number_comes_from_the_command_line_or_the_scheduler(
    text: str | None, environment: dict[str, str], shard: Shard
) -> None:
    assert read_shard(text, environment) == shard


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({}, "neither is set; give it as K/4"),
        (slurm(2, 1, 4, 4) | skypilot(1, 4), "are both set"),
        (
            slurm(2, 2, 3, 2),
            "the array counts 2 tasks from 2 to 3, which does not tell which of 4 shards task 2",
        ),
        (slurm(3, 3, 3, 1), "submit it as --array=1-4"),  # one task of an array, sent off again
        (slurm(5, 1, 7, 4), "does not tell"),  # --array=1-7:2
        (slurm("x", 1, 4, 4), "SLURM_ARRAY_TASK_ID holds no whole number: 'x'"),
        ({"SLURM_ARRAY_TASK_ID": "1"}, "SLURM_ARRAY_TASK_MIN holds no whole number: ''"),
        (skypilot(4, 5), "is 4 of 5 jobs"),
        ({"SKYPILOT_JOB_RANK": "4"}, "is 4 of 4 jobs"),
    ],
)
def test_what_does_not_tell_which_it_is_is_refused(environment: dict[str, str], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        read_shard("auto/4", environment)


def test_limits_are_dealt_out() -> None:
    limits = Limits(max_concurrency=64, rpm=600, tpm=1000, max_calls=10, max_cost=2.0, timeout=5)
    shares = [share(limits, Shard(number, 4)) for number in (1, 2, 3, 4)]
    assert [one.max_calls for one in shares] == [3, 3, 2, 2]
    assert {(one.rpm, one.tpm, one.max_cost) for one in shares} == {(150, 250, 0.5)}
    assert {(one.max_concurrency, one.timeout) for one in shares} == {(64, 5)}
    assert share(Limits(), Shard(1, 4)) == Limits()
