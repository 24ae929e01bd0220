"""A small run in a store, as others would have left it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.runs.run import Run
from mien.store.records import JudgeRecord, RunInfo
from mien.store.store import Store
from mien.types import Call, Prompt, Trait, Trial, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def made(store: Path, n: int = 6, judges: Sequence[str] = ("j",), name: str = "r") -> Run:
    """A run with n trials, all responses, and verdicts of each judge on all but the last trial."""
    trials = [
        Trial(f"t{i}", 0, ("warm", "blunt") if i % 2 else ("blunt", "warm"), Prompt(f"p{i}", "Hello"))
        for i in range(n)
    ]
    with Store(store) as opened:
        run = opened.add_run(
            RunInfo(
                name=name,
                model="provider/m<1>",
                instrument="revealed",
                protocol='{"name": "mine", "elo": {"k": 16, "start": 1500}}',
                design="abc-1",
                seed=3,
                traits=(Trait("warm"), Trait("blunt")),
            ),
            trials,
        )
        for judge in judges:
            opened.add_judge(run.id, JudgeRecord(name=judge, model=judge, settings="{}"))
        for trial in trials:
            opened.put_call(Call(key=trial.id, endpoint="e", model="m", text=f"Answer to {trial.id}"))
            opened.put_response(run.id, trial.id, trial.id)
        for trial in trials[:-1]:
            for j, judge in enumerate(judges):
                # Judges differ where the first's choice is the first option of an odd trial.
                index = int(trial.id[1:])
                chosen = trial.options[(index // 2 + j * (index % 2)) % 2]
                opened.put_verdict(run.id, Verdict(trial=trial.id, judge=judge, chosen=chosen))
    return Run(name, store)
