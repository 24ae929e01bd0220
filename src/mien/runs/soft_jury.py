"""A run as a jury reads it whose judges tell probabilities: these are pooled, and rate as one judge's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mien.errors import UnknownName, UsageError
from mien.runs.calibration import calibrating_judge
from mien.runs.jury import require_jury
from mien.stats.choice.pooling import pool
from mien.stats.profiles import rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.runs.run import Run
    from mien.stats.choice.pooling import Pool
    from mien.stats.comparisons import Comparisons
    from mien.stats.profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SoftJury:
    """What judges who tell probabilities are worth together, and a run as they rate it.

    Attributes:
        judges: J of them.
        calibration: the run that told.
        pool: how much each counts, and how far the pool means what it says.
        profile: the run's, by the pool.
    """

    judges: tuple[str, ...]
    calibration: str
    pool: Pool
    profile: Profile

    def to_dict(self) -> dict[str, Any]:
        """What ``mien judges jury --soft --json`` prints."""
        alone = zip(self.judges, self.pool.judges, self.pool.weights.tolist(), strict=True)
        return {
            "judges": [
                {"judge": name, "accuracy": one.after.accuracy, "ece": one.after.ece, "weight": weight}
                for name, one, weight in alone
            ],
            "calibration": self.calibration,
            "jury": self.pool.whole.after._asdict(),
            "profile": self.profile.to_dict(),
        }


def soft_jury(
    run: Run, judges: Sequence[str], calibration: Run, *, confidence_level: float = 0.95
) -> SoftJury:
    """Read a run as a jury of judges does who tell probabilities; see `mien.stats.choice.pooling`.

    Args:
        run: all judges have read it.
        judges: names of two or more of them.
        calibration: an ``instructed`` run of the same traits and protocol, which they have read, too.
        confidence_level: of all intervals.

    Raises:
        UnknownName: there is no such run or judge.
        UsageError: there are fewer than two judges, the calibration run does not fit, or a judge has not read
            all that the others have, or tells no probabilities, or such as tell nothing.
        NotIdentified: the verdicts are too few to rate all traits.
    """
    require_jury(judges)
    known = {judge.name: judge for judge in run.judges}
    if missing := [name for name in judges if name not in known]:
        raise UnknownName(f"judge of run {run.name!r}", missing[0], known)
    record, told_by = run.record, calibration.record
    names = [calibrating_judge(record, known[name], told_by, calibration.judges) for name in judges]
    read, told = _readings(run, judges), _readings(calibration, names)
    if told[0].traits != read[0].traits:
        raise UsageError(f"run {calibration.name!r} has not been read on all traits of run {run.name!r} yet")
    found = pool(
        told[0].options,
        [_logs(one) for one in told],
        told[0].cluster,
        len(told[0].traits),
        run=calibration.name,
    )
    logs = found.logs([_logs(one) for one in read])
    named = np.any([one.chosen >= 0 for one in read], axis=0)
    pooled = replace(
        read[0],
        chosen=np.where(named, logs.argmax(axis=1), read[0].chosen),
        logs=np.where(named[:, None], logs, np.nan),
    )
    alone = run.profile(judges[0], in_full=False).provenance
    provenance = replace(alone, judge=", ".join(judges), reads="are read as one, by their probabilities")
    profile = rate(pooled, provenance, soft=found.whole, confidence_level=confidence_level)
    return SoftJury(judges=tuple(judges), calibration=calibration.name, pool=found, profile=profile)


def _readings(run: Run, judges: Sequence[str]) -> list[Comparisons]:
    """What each judge read, trial by trial."""
    found = [run.comparisons(judge, soft=True) for judge in judges]
    for judge, one in zip(judges, found, strict=True):
        if one.logs is None:
            raise UsageError(
                f"{judge} tells no probabilities in run {run.name!r}: leave out the judge, or --soft"
            )
        if one.options.shape != found[0].options.shape or (one.options != found[0].options).any():
            raise UsageError(
                f"{judge} has not read the same trials of run {run.name!r} as {judges[0]}: have it read the "
                f"rest, mien judge {run.name} --judge …"
            )
    return found


def _logs(read: Comparisons) -> np.ndarray:
    """(T, K) log-probabilities; NaN also where the judge named no option."""
    assert read.logs is not None
    return np.where(read.chosen[:, None] >= 0, read.logs, np.nan)
