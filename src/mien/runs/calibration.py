"""Which run may tell how a judge of another run errs: the same judge, asked alike, about the same traits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.store.records import JudgeRecord, RunRecord


def calibrating_judge(
    run: RunRecord, judge: JudgeRecord, calibration: RunRecord, judges: Sequence[JudgeRecord]
) -> str:
    """The name under which a judge of ``run`` read the calibration run.

    Args:
        run: the run to correct.
        judge: its judge.
        calibration: a run in which the right reading is known.
        judges: the judges of that run.

    Raises:
        UsageError: the calibration run is not ``instructed``, or not of the same traits and protocol, or was
            read by other judges, or by this one asked otherwise.
    """
    if calibration.instrument != "instructed":
        raise UsageError(
            f"run {calibration.name!r} is {calibration.instrument}: only an instructed run tells how a judge "
            "errs; measure one with --instrument instructed"
        )
    if {trait.name for trait in calibration.traits} != {trait.name for trait in run.traits}:
        raise UsageError(
            f"run {calibration.name!r} has other traits than run {run.name!r}; measure an instructed run of "
            "the same traits"
        )
    described = [record.protocol_settings.get("descriptions") for record in (run, calibration)]
    if described[0] != described[1]:
        raise UsageError(
            f"runs {run.name!r} and {calibration.name!r} do not both show descriptions; measure an "
            "instructed run with the same protocol"
        )
    same = [other for other in judges if other.model == judge.model]
    if not same:
        known = ", ".join(other.model for other in judges) or "nobody"
        raise UsageError(
            f"run {run.name!r} was read by {judge.model}, run {calibration.name!r} by {known}; read it with "
            f"the same judge: mien judge {calibration.name} --judge {judge.model}"
        )
    for other in same:
        if other.identity == judge.identity:
            return other.name
    raise UsageError(
        f"{judge.model} was asked otherwise in run {calibration.name!r} than in run {run.name!r}; measure an "
        "instructed run with the same protocol"
    )
