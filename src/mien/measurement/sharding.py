"""What a process is told of its shard: by its command line, or by the scheduler that started it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mien.errors import UsageError
from mien.stats.design.shards import WHOLE, Shard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.models.usage import Limits

#: Stands for the number that a scheduler gave: ``auto/N``.
AUTO = "auto"

_SLURM = "SLURM_ARRAY_TASK"
_SKYPILOT, _SKYPILOT_OF = "SKYPILOT_JOB_RANK", "SKYPILOT_NUM_JOBS"


def read_shard(text: str | None, environment: Mapping[str, str]) -> Shard:
    """The shard that is written as ``K/N``, K from 1; or as ``auto/N`` where a scheduler has given K.

    Slurm numbers the tasks of an array as its user says, so that a number means something only beside the
    array's ends: it has to be 0 to N − 1, or 1 to N. SkyPilot counts from 0.

    Args:
        text: what the user wrote; None for the whole design.
        environment: of the process.

    Raises:
        UsageError: it is neither, or what the scheduler gave does not tell which of N it is.
    """
    if text is None:
        return WHOLE
    if not text.startswith(f"{AUTO}/"):
        return Shard.read(text)
    of = Shard.read(f"1{text.removeprefix(AUTO)}").of
    given = {
        name: environment[name] for name in (f"{_SLURM}_ID", _SKYPILOT) if environment.get(name, "") != ""
    }
    if not given:
        raise UsageError(
            f"--shard {text} takes its number from {_SLURM}_ID or {_SKYPILOT}, and neither is set; "
            f"give it as K/{of}, K from 1"
        )
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} are both set; give the number as K/{of}, K from 1")
    return Shard(_slurm(of, environment) if f"{_SLURM}_ID" in given else _skypilot(of, environment), of)


def _slurm(of: int, environment: Mapping[str, str]) -> int:
    names = [f"{_SLURM}_{what}" for what in ("ID", "MIN", "MAX", "COUNT")]
    number, first, last, count = (_whole(name, environment) for name in names)
    if (first, last, count) not in ((0, of - 1, of), (1, of, of)):
        raise UsageError(
            f"the array counts {count} tasks from {first} to {last}, which does not tell which of {of} "
            f"shards task {number} is: submit it as --array=1-{of}, or give the number as K/{of}, K from 1"
        )
    return number - first + 1


def _skypilot(of: int, environment: Mapping[str, str]) -> int:
    rank = _whole(_SKYPILOT, environment)
    jobs = _whole(_SKYPILOT_OF, environment) if environment.get(_SKYPILOT_OF) else of
    if jobs != of or not 0 <= rank < of:
        raise UsageError(
            f"{_SKYPILOT} is {rank} of {jobs} jobs, which does not tell which of {of} shards it is; "
            f"launch --num-jobs {of}, or give the number as K/{of}, K from 1"
        )
    return rank + 1


def _whole(name: str, environment: Mapping[str, str]) -> int:
    text = environment.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UsageError(f"the environment variable {name} holds no whole number: {text!r}")
    return int(text)


def share(limits: Limits, shard: Shard) -> Limits:
    """A shard's part of the limits that hold for all shards together: of the rates and of the budget.

    Requests in flight are each process's own: an endpoint that has too many says so.
    """
    n = shard.of
    return replace(
        limits,
        rpm=limits.rpm and limits.rpm / n,
        tpm=limits.tpm and limits.tpm / n,
        max_calls=None if limits.max_calls is None else shard.share(limits.max_calls),
        max_cost=None if limits.max_cost is None else limits.max_cost / n,
        speeds={
            url: speed._replace(rpm=speed.rpm and speed.rpm / n, tpm=speed.tpm and speed.tpm / n)
            for url, speed in limits.speeds.items()
        },
    )
