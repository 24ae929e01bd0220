"""What the store's rows are outside of it."""

from __future__ import annotations

from mien.store.records import RUN_COLUMNS, JudgeRecord, RunRecord
from mien.types import Trait

TRAITS = '[{"name": "warm", "description": "kind"}, {"name": "dry"}]'
ROW = (3, "r", "m", "revealed", '{"name": "mine"}', "d-1", 7, TRAITS, 2.0, "stay", 2)


def test_a_run_is_read_from_its_row() -> None:
    record = RunRecord.read(ROW)
    assert record.traits == (Trait("warm", "kind"), Trait("dry"))
    assert tuple(getattr(record, name) for name in RUN_COLUMNS if name != "traits") == (*ROW[:7], *ROW[8:])
    assert record.protocol_settings == {"name": "mine"}


def test_a_repeat_is_the_same_judge() -> None:
    first = JudgeRecord(name="j", model="m", settings='{"forced":false,"seed":1}')
    again = JudgeRecord(name="j#1", model="m", settings='{"forced":false,"repeat":1,"seed":1}')
    assert first.identity == again.identity
    for other in (
        JudgeRecord(name="j", model="n", settings=first.settings),
        JudgeRecord(name="j", model="m", settings='{"forced":true,"seed":1}'),
    ):
        assert other.identity != first.identity
