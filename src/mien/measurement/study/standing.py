"""How much of a study a store holds, by run and judge; also while another process works on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mien.materials.multiturn import turn_name
from mien.runs.outcome import outcome
from mien.store.schema import is_store
from mien.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mien.measurement.study.cells import Cell
    from mien.measurement.study.study import Study
    from mien.runs.outcome import Outcome
    from mien.store.records import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far one judge of one run has come.

    Attributes:
        cell: the run.
        judge: the name that the verdicts go by.
        own: whether it reads responses as they come; any other reads those that are there.
        designed: trials that the run is to have; under a stop rule the most that there may be, until it is
            complete.
        outcome: what became of them; None where the run is not begun.
        turn: of the conversations; the second and each later one is a run of its own.
    """

    cell: Cell
    judge: str
    own: bool
    designed: int
    outcome: Outcome | None
    turn: int = 1

    @property
    def run(self) -> str:
        """The run's name."""
        planned = self.cell.planned
        first = self.turn == 1
        return planned.name if first else turn_name(planned.name, planned.conversation.wish, self.turn)

    @property
    def label(self) -> str:
        """What the run is called in the study."""
        return self.cell.label if self.turn == 1 else f"{self.cell.label}, turn {self.turn}"

    @property
    def answered(self) -> int:
        """Trials with a response."""
        return self.outcome.answered if self.outcome else 0

    @property
    def read(self) -> int:
        """Trials with a verdict."""
        return self.outcome.read if self.outcome else 0

    @property
    def failed(self) -> int:
        """Trials that were asked and not answered."""
        return sum(self.outcome.failed.values()) if self.outcome else 0

    @property
    def complete(self) -> bool:
        """Whether every trial was answered, and read by this judge."""
        return self.outcome is not None and self.outcome.complete and self.read >= self.designed

    def __str__(self) -> str:
        """What is missing and why, in one line."""
        if self.outcome is None:
            return f"{self.run} is not begun"
        if self.outcome.complete and not self.complete:
            return f"{self.run} has {self.read:,} of {self.designed:,} trials"
        return str(self.outcome) if self.own else f"{self.outcome}, read by {self.judge}"

    def to_dict(self) -> dict[str, Any]:
        """What ``mien study status --json`` holds of it."""
        return {
            "run": self.run,
            "label": self.cell.label,
            "turn": self.turn,
            "judge": self.judge,
            "designed": self.designed,
            "answered": self.answered,
            "read": self.read,
            "failed": dict(self.outcome.failed) if self.outcome else {},
            "complete": self.complete,
        }


def standings(study: Study, path: Path) -> list[Standing]:
    """How far every run and every judge of a study has come.

    Args:
        study: the study.
        path: the store; where there is none, nothing is begun.

    Raises:
        StoreError: the store cannot be read.
    """
    if not is_store(path):
        return [one for cell in study.cells for one in _of_cell(cell, {}, None)]
    with Store(path, read_only=True) as store:
        known = {run.name: run for run in store.runs()}
        return [one for cell in study.cells for one in _of_cell(cell, known, store)]


def _of_cell(cell: Cell, known: Mapping[str, RunRecord], store: Store | None) -> list[Standing]:
    planned, talk = cell.planned, cell.planned.conversation
    run = known.get(planned.name)
    own = _standing(cell, planned.judge, run, store)
    read_again = [_standing(cell, one.label, run, store) for one in cell.opinions]
    later = [
        _standing(cell, planned.judge, known.get(turn_name(planned.name, talk.wish, turn)), store, turn=turn)
        for turn in range(2, talk.turns + 1)
    ]
    return [own, *later, *read_again]


def _standing(
    cell: Cell, judge: str, run: RunRecord | None, store: Store | None, *, turn: int = 1
) -> Standing:
    became = outcome(store, run, judge) if store and run else None
    ended = cell.planned.until is not None and became is not None and became.complete
    designed = became.designed if became and ended else len(cell.planned.design)
    return Standing(
        cell=cell,
        judge=judge,
        own=judge == cell.planned.judge,
        designed=max(designed, became.designed if became else 0),
        outcome=became,
        turn=turn,
    )
