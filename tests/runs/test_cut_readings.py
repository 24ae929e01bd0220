"""Verdicts that a judge's limit cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.runs.run import Run
from mien.store.records import JudgeRecord
from mien.store.store import Store
from mien.types import Call, Verdict
from tests.store.test_store import add_run

if TYPE_CHECKING:
    from pathlib import Path


def test_only_what_could_not_be_read_since_it_was_cut_is_told(tmp_path: Path) -> None:
    with Store(tmp_path / "mien.db") as store:
        run = add_run(store)
        store.add_judge(run.id, JudgeRecord(name="j", model="m", settings="{}"))
        for trial, chosen, reason in (
            ("t0", "unreadable", "length"),
            ("t1", "unreadable", "stop"),
            ("t2", "neither", "length"),
        ):
            store.put_call(Call(key=trial, endpoint="e", model="m", text="Hm", finish_reason=reason))
            store.put_verdict(run.id, Verdict(trial=trial, judge="j", chosen=chosen, call=trial))
        store.flush()
        (told,) = map(str, Run(run.name, store.path).cut_readings("j"))
        assert told.startswith("1 of 3 verdicts of j could not be read: its answer was cut off")
        assert "--max-tokens of mien judge" in told
        assert Run(run.name, store.path).cut_readings("other") == []
