"""How far a run's character holds in the later turns of its conversations, read out of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.errors import UsageError
from mien.materials.multiturn import kind_of, options_of, turn_name
from mien.stats.consistency.persistence import Persistence, TurnRow, turn_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from mien.store.records import RunRecord, TrialRecord
    from mien.store.store import Store


def persistence(
    store: Store,
    run: RunRecord,
    judge: str,
    wish: str,
    *,
    traits: Collection[str] | None = None,
    confidence_level: float = 0.95,
) -> Persistence:
    """See `mien.Run.persistence`.

    Raises:
        UsageError: no later turn was measured under this pressure, or none has a verdict yet; or no first
            answer shows such a character.
    """
    first = {row.trial.id: row for row in store.rows(run.id, judge)}
    shown = {
        trial: character
        for trial, row in first.items()
        if (character := _character(run, row)) and (traits is None or character in traits)
    }
    if not shown:
        raise UsageError(f"no trial of run {run.name!r} begins with a character to hold")
    rows: list[TurnRow] = []
    for turn in _turns(store, run, wish):
        read = [row for row in store.rows(turn.id, judge) if row.chosen and row.trial.id in shown]
        if read:
            rows += _turn(turn.turn, read, first, shown, confidence_level)
    if not any(row.turn > 1 for row in rows):
        raise UsageError(
            f"run {run.name!r} has no verdicts on later turns under pressure {wish!r}; measure them "
            f"with --turns 3 {options_of(wish)}"
        )
    return Persistence(run=run.name, pressure=wish, confidence_level=confidence_level, rows=tuple(rows))


def _character(run: RunRecord, row: TrialRecord) -> str:
    """What a conversation begins with: the option that was told, or that was read; empty where none was."""
    if run.instrument == "instructed":
        return row.trial.options[0]
    return row.chosen if row.chosen in row.trial.options else ""


def _turns(store: Store, run: RunRecord, wish: str) -> list[RunRecord]:
    """The runs of the later turns, in order; under ``instructed`` after the first turn itself."""
    later = [
        other
        for other in store.runs()
        if other.turn > 1 and other.name == turn_name(run.name, wish, other.turn) and other.pressure == wish
    ]
    first = [run] if run.instrument == "instructed" and later else []
    return sorted([*first, *later], key=lambda other: other.turn)


def _turn(
    turn: int,
    read: list[TrialRecord],
    first: Mapping[str, TrialRecord],
    shown: Mapping[str, str],
    confidence_level: float,
) -> list[TurnRow]:
    return turn_rows(
        turn,
        [shown[row.trial.id] for row in read],
        [row.chosen for row in read],
        kinds=[kind_of(row.trial.prompt) for row in read],
        clusters=[first[row.trial.id].trial.prompt.text for row in read],
        confidence_level=confidence_level,
    )
