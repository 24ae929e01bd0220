"""`mien breadth character`, from a model to a gate: stopped, gone on with, told, compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mien.testing import ScriptedServer
from tests.end_to_end.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STRETCHES = {"warm": 0.8, "blunt": 0.0, "calm": 0.7}


@pytest.fixture
def stretched(tmp_path: Path) -> Iterator[Workplace]:
    models = ("model", "update", "judge")
    with ScriptedServer(stretches=STRETCHES, blind_to=("calm",), models=models, seed=2) as server:
        place = Workplace(tmp_path, server)
        yield place
        place.close()


def test_from_a_model_to_a_gate(stretched: Workplace) -> None:
    command = ["breadth", "character", stretched.server.model, "--judge", stretched.server.judge]
    asked = [part for trait in STRETCHES for part in ("--trait", trait)]
    asked += ["--max-prompts", 14, "--beside", 1, "--name", "before"]
    planned = json.loads(stretched.mien(*command, *asked, "--dry-run", "--json").out)
    assert sum(part["answers"] for part in planned["evaluations"][0]["parts"]) == 14 * (3 * 6 + 1)
    assert not (stretched.folder / "mien.db").exists()

    stopped = stretched.mien(*command, *asked, "--max-calls", 300, status=3)
    assert "the same command goes on" in stopped.err
    told = stretched.mien(*command, *asked)
    assert "before: 3 traits on 14 prompts" in told.out
    assert "cannot read calm" in told.out
    # Those on their way when the budget was reached are kept, and nothing is asked twice.
    assert stretched.server.counts().requests == planned["calls"]
    shown = json.loads(stretched.mien(*command, *asked, "--json").out)
    assert stretched.server.counts().requests == planned["calls"]
    assert [trait["state"] for trait in shown["traits"]] == ["wide", "cannot", "not readable"]
    warm, blunt, calm = shown["traits"]
    assert [step["level"] for step in warm["steps"]] == [-2, -1, 0, 1, 2, 3]
    assert (blunt["judge"]["share"], calm["range"], calm["judge"]["reads"]) == (1, None, False)
    assert shown["wide"]["n"] == 2

    stretched.server.configure(stretches=STRETCHES | {"warm": 0.1})
    update = ["breadth", "character", f"{stretched.server.url}#update", *command[3:]]
    stretched.mien(*update, *asked[:-1], "after")
    gates = ["--fail-on", "warm < -100", "--fail-on", "mean(blunt) > 400"]
    failed = stretched.mien("diff", "before", "after", *gates, status=1).out
    assert "FAILED" in failed
    assert "trait" in failed
    found = json.loads(stretched.mien("diff", "before", "after", "--json").out)
    assert {row["trait"]: row["changed"] for row in found["traits"]} == {
        "mean range": True,
        "warm": True,
        "blunt": False,
    }
    stretched.mien("plot", "breadth", "before", "after", "-o", "breadth.svg")
    assert "stretches" in (stretched.folder / "breadth.svg").read_text()


def test_what_cannot_be_asked_is_refused(stretched: Workplace) -> None:
    command = ["breadth", "character", stretched.server.model]
    assert "--judge" in stretched.refused(*command)
    judged = [*command, "--judge", stretched.server.judge]
    assert "no trait named 'wram'; did you mean warm" in stretched.refused(*judged, "--trait", "wram")
    assert "above 0, not -5" in stretched.refused(*judged, "--bound", -5)
    (stretched.folder / "own.yaml").write_text("- {trait: warm, pairs: [{prompt: p, more: m}]}")
    assert "own.yaml, trait warm, key pairs" in stretched.refused(*judged, "--planted", "own.yaml")
    assert "can't be asked about two replies" in stretched.refused(*command, "--judge", "organism/judge")
