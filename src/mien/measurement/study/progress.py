"""How far a study is, run by run, while it is carried out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.measurement.calls import Progress
    from mien.models.usage import Tally

State = Literal["waiting", "running", "done", "stopped", "failed"]


@dataclass(slots=True, kw_only=True, eq=False)
class RunProgress:
    """How far one run of a study is.

    Attributes:
        label: what the run is called in the study.
        trials: how many it has, as planned; of an evaluation, its items.
        tally: what was asked on its account.
        state: ``stopped`` by a limit, ``failed`` for the reason below.
        stage: the judge that reads the responses again; empty while they come.
        progress: how far it is in what it does now; None before it begins.
        failure: why it could not go on.
        ended: how far each of its stages came, where they have ended.
        unit: what it goes through.
    """

    label: str
    trials: int
    tally: Tally
    state: State = "waiting"
    stage: str = ""
    progress: Progress | None = None
    failure: str = ""
    ended: list[Progress]
    unit: str = "trial"

    @property
    def done(self) -> int:
        """Trials that are through."""
        if self.ended:
            return self.ended[0].done
        return self.progress.done if self.progress and self.progress.unit == self.unit else 0

    @property
    def total(self) -> int:
        """Trials to go through; under a stop rule, until its next check."""
        first = self.ended[0] if self.ended else self.progress
        return first.total if first and first.unit == self.unit else self.trials

    @property
    def failed(self) -> int:
        """Trials, or readings of another judge, that brought no verdict."""
        stages = {id(one): one for one in (*self.ended, *([self.progress] if self.progress else []))}
        return sum(one.failed for one in stages.values())


@dataclass(slots=True, kw_only=True, eq=False)
class StudyProgress:
    """How far a study is: its runs, in their order, and what they ask together."""

    runs: Sequence[RunProgress]
    tally: Tally

    def heed(self, progress: Progress) -> None:
        """Take note of what a run reports; it is told by whose account its requests are on."""
        for run in self.runs:
            if run.tally is progress.tally:
                run.progress = progress
                return

    @property
    def done(self) -> int:
        """Trials that are through."""
        return sum(run.done for run in self.runs)

    @property
    def total(self) -> int:
        """Trials to go through."""
        return sum(run.total for run in self.runs)

    @property
    def complete(self) -> bool:
        """Whether every run came to its end, and every trial to its verdict."""
        return all(run.state == "done" and not run.failed for run in self.runs)

    @property
    def failures(self) -> dict[str, list[str]]:
        """Why runs could not go on, and which."""
        found: dict[str, list[str]] = {}
        for run in self.runs:
            if run.failure:
                found.setdefault(run.failure, []).append(run.label)
        return found
