"""What became of a run's trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mien.errors import UnknownName
from mien.runs.interop.imports import import_run
from mien.runs.run import Run
from mien.store.records import JudgeRecord
from mien.store.store import Store
from mien.types import Call, Verdict
from tests.store.test_store import add_run, put

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "option_1,option_2,chosen,response\nwarm,blunt,warm,hi\nblunt,warm,neither,no\n"


def judge(name: str, settings: str = '{"neither": true}') -> JudgeRecord:
    return JudgeRecord(name=name, model=name, settings=settings)


def test_every_trial_is_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    with Store(path) as store:
        record = add_run(store)
        run = Run(record.name, path)
        assert run.outcome().unasked == run.outcome().missing == 3
        store.add_judge(record.id, judge("j"))
        put(store, record, "t0", "hi", "warm")
        store.put_call(Call(key="failed", endpoint="e", model="m", failure="HTTP 500: no"))
        store.put_response(record.id, "t1", "failed")
        store.flush()
        found = run.outcome()
        assert (found.read, found.unread, found.unasked, found.failed) == (1, 0, 1, {"HTTP 500: no": 1})
        assert (found.designed, found.asked, found.answered, found.missing) == (3, 2, 1, 2)
        assert str(found) == "2 of 3 trials of r are missing (1 not asked, 1 failed)"
        assert run.comparisons().missing == 2
        put(store, record, "t1", "ho")
        put(store, record, "t2", "hm", "neither")
        assert str(run.outcome()) == "1 of 3 trials of r are missing (1 not read)"
        assert not run.outcome().complete
        put(store, record, "t1", "ho", "unreadable")
    assert run.outcome().complete
    assert str(run.outcome()) == "all 3 trials of r are there"
    assert run.outcome("j").to_dict() == {
        "complete": True,
        "designed": 3,
        "asked": 3,
        "answered": 3,
        "read": 3,
        "missing": 0,
        "elsewhere": 0,
        "failed": {},
    }
    with pytest.raises(UnknownName, match="no judge of run 'r' named 'k'"):
        run.outcome("k")


def test_a_table_has_no_design_beyond_its_rows(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(TABLE)
    run = import_run(table, name="table", store=tmp_path / "mien.db")
    assert run.outcome().complete
    assert run.outcome().designed == 2
    # Nobody told how many trials who came with the table was to read; a judge that is added reads them all.
    with Store(run.path) as store:
        store.add_judge(run.record.id, judge("came with it", "{}"))
        store.add_judge(run.record.id, judge("added"))
        for name in ("came with it", "added"):
            store.put_verdict(run.record.id, Verdict(trial="t0", judge=name, chosen="warm"))
    assert run.outcome("came with it").complete
    assert str(run.outcome("added")) == "1 of 2 trials of table are missing (1 not read)"
