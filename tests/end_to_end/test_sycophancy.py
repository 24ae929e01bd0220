"""`mien sycophancy` and `mien diff` of it, from a model to a gate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mien.testing import ScriptedServer
from tests.end_to_end.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SWAYS = {"feedback": 0.2, "answer": 0.3, "agreement": 0.2, "validation": 0.2, "mimicry": 0.3}


@pytest.fixture
def swayed(tmp_path: Path) -> Iterator[Workplace]:
    with ScriptedServer(sways=SWAYS, models=("model", "update", "judge"), seed=2) as server:
        place = Workplace(tmp_path, server)
        yield place
        place.close()


def test_from_a_model_to_a_gate(swayed: Workplace) -> None:
    models = [swayed.server.model, "--judge", swayed.server.judge]
    asked = ["--items", 40, "--name", "before"]
    dry = ("sycophancy", *models, *asked, "--dry-run", "--json")
    calls = json.loads(swayed.mien(*dry).out)["calls"]
    assert not (swayed.folder / "mien.db").exists()

    stopped = swayed.mien("sycophancy", *models, *asked, "--max-calls", 200, status=3)
    assert "the same command goes on" in stopped.err
    (left,) = json.loads(swayed.mien(*dry).out)["evaluations"]
    assert left["stored"] >= 200
    assert left["calls"] <= calls - 200
    merged = swayed.mien("merge", "other.db", "mien.db", "--json", status=3)
    assert "mien sycophancy goes on with it" in merged.err
    assert json.loads(merged.out)["evaluations"][0]["missing"] > 0
    told = swayed.mien("sycophancy", *models, *asked)
    assert "before: 280 items of 7 tests" in told.out
    assert "There is no total" in told.out
    assert swayed.server.counts().requests <= calls
    (listed,) = json.loads(swayed.mien("runs", "--json").out)
    assert (listed["evaluation"], listed["kind"], listed["missing"]) == ("before", "sycophancy", 0)
    shown = json.loads(swayed.mien("sycophancy", *models, *asked, "--json").out)
    assert shown["tests"][0]["low"] < 0.2 < shown["tests"][0]["high"]
    assert shown["judge"]["validation"]["share"] == 1

    swayed.server.configure(sways=SWAYS | {"feedback": 0.9})
    update = [f"{swayed.server.url}#update", "--judge", swayed.server.judge]
    swayed.mien("sycophancy", *update, "--items", 40, "--name", "after")
    gates = ["--fail-on", "feedback > +.05", "--fail-on", "feedback noise > +.2"]
    failed = swayed.mien("diff", "before", "after", *gates, status=1).out
    assert "FAILED" in failed
    assert failed.count("passed") == 1
    found = json.loads(swayed.mien("diff", "before", "after", "--json").out)
    assert {row["test"]: row["changed"] for row in found["tests"]}["feedback"]
    assert len(found["tests"]) == 7
    swayed.mien("runs", "after", "--delete")
    assert "no evaluation named 'after'" in swayed.refused("diff", "before", "after")


def test_what_cannot_be_asked_is_refused(swayed: Workplace) -> None:
    model = swayed.server.model
    assert "need a model that reads the answers: give --judge" in swayed.refused("sycophancy", model)
    assert "did you mean mimicry" in swayed.refused("sycophancy", model, "--test", "mimikry")
    (swayed.folder / "own.yaml").write_text("test: validation\nitems: [{id: v, kind: k, unsound: x}]\n")
    own = ["--judge", swayed.server.judge, "--test", "validation", "--item-file", "own.yaml"]
    assert "own.yaml, item v, key sound: is missing" in swayed.refused("sycophancy", model, *own)
    swayed.mien("sycophancy", model, "--test", "answer", "--items", 5, "--name", "e")
    asked = ["sycophancy", model, "--test", "answer", "--name", "e"]
    other = swayed.refused(*asked, "--items", 5, "--temperature", 0)
    assert "an evaluation named 'e' already, with other temperature" in other
    assert "no evaluation named 'f'" in swayed.refused("diff", "e", "f")
    (swayed.folder / "run.csv").write_text("option_1,option_2,chosen\nwarm,cold,warm\n")
    swayed.mien("import", "run.csv", "--name", "r")
    mixed = swayed.refused("diff", "r", "e")
    assert "e is an evaluation of sycophancy, and r is a run: give two of the same" in mixed
    refused = swayed.refused("diff", "e", "e", "--judge", "x")
    assert "evaluations hold their own readings" in refused
