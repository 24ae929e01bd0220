"""Forms of judge side by side, by a run whose right readings are known.

A form is a model and the manner in which it reads: asked, scored, by log-probabilities. Which one to take is
to be chosen here, never on the run under test: there nobody knows which of them is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mien.errors import UsageError
from mien.instruments.judges import reads

if TYPE_CHECKING:
    from mien.runs.run import Run
    from mien.stats.choice.calibration import Calibration
    from mien.stats.profiles.accuracy import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeForm:
    """One judge of an ``instructed`` run.

    Attributes:
        judge: what its verdicts go by.
        reads: the manner in which it reads.
        right: the share of its verdicts that name what the model was told; ``neither`` is wrong.
        soft: how good its probabilities are, where it tells any and they can be calibrated.
        reason: why ``soft`` is None.
    """

    judge: str
    reads: str
    right: Share
    soft: Calibration | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """What ``mien reliability --json`` holds of it: plain Python values."""
        return {
            "judge": self.judge,
            "reads": self.reads,
            **{name: self.right[name] for name in ("accuracy", "low", "high", "n")},
            "soft": None
            if self.soft is None
            else {
                "n": self.soft.n,
                "temperature": self.soft.temperature,
                "before": self.soft.before._asdict(),
                "after": self.soft.after._asdict(),
            },
            "reason": self.reason,
        }


def judge_forms(run: Run, *, confidence_level: float = 0.95) -> list[JudgeForm]:
    """Every judge that has read a run, none of them asked otherwise than its settings say; the best first.

    Args:
        run: an ``instructed`` run; of any other there is none.
        confidence_level: of the intervals.

    Raises:
        UnknownName: there is no such run.
    """
    from mien.runs.calibration import Control
    from mien.stats.profiles.accuracy import accuracy

    if run.record.instrument != "instructed":
        return []
    found: list[JudgeForm] = []
    for judge in run.judges:
        if judge.perturbed:
            continue
        try:
            told = run.comparisons(judge.name, soft=True)
        except UsageError:  # it has read nothing yet
            continue
        soft, reason = None, "it tells no probabilities"
        if told.logs is not None:
            try:
                soft, reason = Control(run.name, told).calibrated(), ""
            except UsageError as error:
                reason = str(error)
        right = accuracy(told, confidence_level)
        manner = "" if judge.imported else reads(judge.model)
        found.append(JudgeForm(judge=judge.name, reads=manner, right=right, soft=soft, reason=reason))
    return sorted(found, key=lambda form: -form.right["accuracy"])
