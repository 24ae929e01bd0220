"""With what settings runs were asked."""

from __future__ import annotations

from dataclasses import replace

from mien.materials.protocols import load_protocol
from mien.runs.settings import settings
from mien.store.records import JudgeRecord, RunRecord
from mien.types import Trait

JUDGE = JudgeRecord(
    name="j", model="j", settings='{"forced": false, "repeat": 1, "sampling": {"top_p": 0.9}}'
)


def record(**changes: object) -> RunRecord:
    return RunRecord(
        id=1,
        created=0.0,
        name="r",
        model="m",
        instrument="revealed",
        protocol=load_protocol().override(**changes).model_dump_json(),
        design="d-1",
        seed=0,
        traits=(Trait("warm"),),
    )


def test_what_was_told_by_its_name() -> None:
    plain = settings(record(), JUDGE)
    assert (plain["options"], plain["system prompt"], plain["judge.sampling.top_p"]) == ("2", "", "0.9")
    assert "judge.repeat" not in plain
    assert not {name for name in plain if name.split(".")[0] in {"name", "elo", "condition", "description"}}
    other = settings(record(preamble="Be terse.", sampling={"temperature": 0.5}), JUDGE)
    assert plain.keys() == other.keys()
    differing = {name: other[name] for name in plain if plain[name] != other[name]}
    assert differing == {"system prompt": "Be terse.", "sampling.temperature": "0.5"}
    assert settings(replace(record(), design=""), JUDGE) == {}
