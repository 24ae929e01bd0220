"""What the store's rows are outside of it."""

from __future__ import annotations

from mien.store.records import RUN_COLUMNS, JudgeRecord, RunRecord
from mien.types import Trait

TRAITS = '[{"name": "warm", "description": "kind"}, {"name": "dry"}]'
ROW = ("r", "m", "revealed", '{"name": "mine"}', "d-1", 7, TRAITS, "stay", 2, 3, 2.0)


def test_a_run_is_read_from_its_row() -> None:
    record = RunRecord.read(ROW)
    assert record.traits == (Trait("warm", "kind"), Trait("dry"))
    assert tuple(getattr(record, name) for name in RUN_COLUMNS if name != "traits") == (*ROW[:6], *ROW[7:])
    assert record.protocol_settings == {"name": "mine"}


def test_what_a_run_is_comes_back_from_its_row() -> None:
    record = RunRecord.read(ROW)
    traits = '[{"name":"warm","description":"kind"},{"name":"dry","description":""}]'
    assert record.row == (*ROW[:6], traits, *ROW[7:9])
    assert RunRecord.read((*record.row, 3, 2.0)) == record


def test_a_repeat_is_the_same_judge() -> None:
    first = JudgeRecord(name="j", model="m", settings='{"forced":false,"seed":1}')
    again = JudgeRecord(name="j#1", model="m", settings='{"forced":false,"repeat":1,"seed":1}')
    assert first.identity == again.identity
    for other in (
        JudgeRecord(name="j", model="n", settings=first.settings),
        JudgeRecord(name="j", model="m", settings='{"forced":true,"seed":1}'),
    ):
        assert other.identity != first.identity
