"""Verdicts that could not be read since the judge's own answer was cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mien.formatting import counted

if TYPE_CHECKING:
    from mien.store.records import RunRecord
    from mien.store.store import Store


@dataclass(frozen=True, slots=True)
class CutReadings:
    """What a judge did not come to say.

    Attributes:
        judge: its name.
        cut: unreadable verdicts that rest on an answer which was cut off.
        verdicts: all that it gave.
    """

    judge: str
    cut: int
    verdicts: int

    def __str__(self) -> str:
        return (
            f"{self.cut:,} of {counted(self.verdicts, 'verdict')} of {self.judge} could not be read: its "
            "answer was cut off at its longest. judge.sampling.max_tokens in the protocol, or --max-tokens "
            "of mien judge, sets a higher limit"
        )


def cut_readings(store: Store, run: RunRecord, judge: str) -> list[CutReadings]:
    """What there is to tell of a judge's verdicts on a run; nothing where none was cut off."""
    cut = store.count_cut_verdicts(run.id, judge)
    return [CutReadings(judge, cut, store.count_verdicts(run.id, judge))] if cut else []
