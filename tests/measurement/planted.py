"""A model with a planted character, measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mien

if TYPE_CHECKING:
    from mien.runs.run import Run
    from mien.testing import ScriptedServer

TRAITS = ["airy", "blunt", "candid", "dry", "earnest", "formal", "gentle", "humble", "in jest", "jest"]
# The same step from each to the next, so that ranks can be told; in no order of names.
RANKS = (3, 7, 0, 9, 4, 1, 8, 2, 6, 5)
SCORES = {trait: 0.5 * (rank - 4.5) for trait, rank in zip(TRAITS, RANKS, strict=True)}


def measure(server: ScriptedServer, **choices: Any) -> Run:
    model = choices.pop("model", server.model)
    return mien.measure(model, judge=server.judge, **{"traits": TRAITS, "rounds": 4} | choices)


def chosen(run: Run, judge: str | None = None) -> dict[str, str]:
    return {row["trial_id"]: row["chosen"] for row in run.rows(judge)}
