"""Answers that may not be what they seem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.runs.flaws import Flaws, flaws
from mien.runs.interop.imports import import_run
from mien.runs.run import Run
from mien.store.records import JudgeRecord
from mien.store.store import Store
from mien.types import Call, Verdict
from tests.store.test_store import add_run

if TYPE_CHECKING:
    from pathlib import Path

    from mien.store.records import RunRecord


def answer(
    store: Store, run: RunRecord, trial: str, text: str, finish_reason: str = "stop", chosen: str = ""
) -> None:
    store.put_call(Call(key=trial, endpoint="e", model="m", text=text, finish_reason=finish_reason))
    store.put_response(run.id, trial, trial)
    if chosen:
        store.put_verdict(run.id, Verdict(trial=trial, judge="j", chosen=chosen, order=()))
    store.flush()


def test_each_flaw_is_counted(tmp_path: Path) -> None:
    with Store(tmp_path / "mien.db") as store:
        run = add_run(store)
        store.add_judge(run.id, JudgeRecord(name="j", model="m", settings='{"neither": true}'))
        one, other = next(store.rows(run.id, "j")).trial.options
        assert Run(run.name, store.path).flaws() == Flaws(n=0, cut_off=0, filtered=0, markup=0, leaks=0)
        answer(store, run, "t0", f"I am {one.upper()} and", "length", one)
        answer(store, run, "t1", "So. <think>I am.</think> Fine", "content_filter", other)
        store.put_call(Call(key="failed", endpoint="e", model="m", failure="content filter"))
        store.put_response(run.id, "t2", "failed")
        store.flush()
        found = flaws(store, run, "j")
        assert found == Flaws(n=2, cut_off=1, filtered=1, markup=1, leaks=1, seen="<think>")
        assert flaws(store, run, "").leaks == 0  # nobody has chosen
        assert found.to_dict() == {"n": 2, "cut_off": 1, "filtered": 1, "markup": 1, "leaks": 1}
        assert [line.partition(" answers ")[2][:20] for line in found.told()] == [
            "were cut off at thei",
            "were broken off by a",
            "hold a mark of reaso",
            "(50.0%) name their o",
        ]
        rows = [*store.rows(run.id, "j")]
        third = " nor ".join(rows[2].trial.options)
        answer(store, run, "t2", f"Neither {third}.", chosen="neither")
        assert flaws(store, run, "j").leaks == 2


def test_a_table_without_texts_has_none(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("option_1,option_2,chosen\n" + "warm,blunt,warm\nblunt,warm,blunt\n" * 9)
    run = import_run(table, name="t", store=tmp_path / "mien.db")
    assert run.flaws().n == 0
    assert not [*run.flaws().told()]
