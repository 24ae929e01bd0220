"""Which runs of a store show the sides of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.store.records import RunRecord

#: Side by instrument, in the order of `mien.stats.sides.SIDES`, which takes SciPy to load.
_OF: Final = {
    "stated": "says",
    "inventory": "rates",
    "revealed": "chooses",
    "exhibited": "does",
    "instructed": "can",
}
NAMES: Final = tuple(_OF.values())


def runs_by_side(runs: Sequence[RunRecord], model: str) -> dict[str, list[str]]:
    """A model's runs by side, the newest first; first turns alone, and no side without a run."""
    found: dict[str, list[str]] = {}
    for run in reversed(runs):
        if run.model == model and run.turn == 1 and run.instrument in _OF:
            found.setdefault(_OF[run.instrument], []).append(run.name)
    return {side: found[side] for side in NAMES if side in found}


def sides_beside(runs: Sequence[RunRecord], run: RunRecord) -> dict[str, str]:
    """A run with the newest of its model's other sides, by side; empty where there is no other."""
    by_side = runs_by_side(runs, run.model)
    if len(by_side) < 2 or run.turn > 1 or run.instrument not in _OF:
        return {}
    return {side: names[0] for side, names in by_side.items()} | {_OF[run.instrument]: run.name}
