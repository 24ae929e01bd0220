"""What became of a run's trials: whether all that its design asks for was answered and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mien.formatting import counted
from mien.types import ALL_JUDGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.store.records import RunRecord
    from mien.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run's trials by what became of them, under one judge.

    Attributes:
        run: the run's name.
        judge: by whose verdicts a trial counts as read; empty where the run has no judge.
        designed: trials that the run is to have. An imported table has no design beyond its own rows.
        read: trials with a verdict, whatever it is.
        unread: trials that were answered, and have no verdict.
        unasked: trials that were not asked.
        failed: trials that were asked and not answered, by reason, the most frequent first.
        elsewhere: trials of the run's shards that are not in this store.
    """

    run: str
    judge: str
    designed: int
    read: int
    unread: int
    unasked: int
    failed: Mapping[str, int]
    elsewhere: int = 0

    @property
    def asked(self) -> int:
        """Trials that were put to the model, as far as this store tells."""
        return self.designed - self.unasked - self.elsewhere

    @property
    def answered(self) -> int:
        """Trials with a response; of an imported table also those of which it holds the verdict alone."""
        return self.read + self.unread

    @property
    def missing(self) -> int:
        """Trials without a verdict."""
        return self.designed - self.read

    @property
    def complete(self) -> bool:
        """Whether every trial of the design was answered and read."""
        return not self.missing

    def __str__(self) -> str:
        """What is missing and why, in one line; of a complete run, that nothing is."""
        if self.complete:
            return f"all {counted(self.designed, 'trial')} of {self.run} are there"
        parts = (
            (self.unasked, "not asked"),
            (sum(self.failed.values()), "failed"),
            (self.unread, "not read"),
            (self.elsewhere, "in other shards"),
        )
        why = ", ".join(f"{n:,} {what}" for n, what in parts if n)
        return f"{self.missing:,} of {counted(self.designed, 'trial')} of {self.run} are missing ({why})"

    def to_dict(self) -> dict[str, Any]:
        """What ``mien runs --json`` holds of it: plain Python values."""
        return {
            "complete": self.complete,
            "designed": self.designed,
            "asked": self.asked,
            "answered": self.answered,
            "read": self.read,
            "missing": self.missing,
            "elsewhere": self.elsewhere,
            "failed": dict(self.failed),
        }


def outcome(store: Store, run: RunRecord, judge: str) -> Outcome:
    """Count a run's trials under a judge's name; under an empty one none is read."""
    counts = store.trial_counts(run.id, judge)
    unread, unasked = counts.unread, counts.unasked
    if not run.design:  # a table: nobody asked, and who came with it was to read no more than was read
        unasked = 0
        if any(known.imported for known in store.judges(run.id) if judge in (known.name, ALL_JUDGES)):
            unread = 0
    return Outcome(
        run=run.name,
        judge=judge,
        designed=counts.read + unread + counts.failed + unasked + counts.elsewhere,
        read=counts.read,
        unread=unread,
        unasked=unasked,
        failed=store.failures(run.id) if counts.failed else {},
        elsewhere=counts.elsewhere,
    )
