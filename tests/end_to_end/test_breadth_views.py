"""`mien breadth views`, from a model to a gate, the report and the web app."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mien.testing import ScriptedServer
from tests.end_to_end.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVEN = {"covers": 0.7}


@pytest.fixture
def partisan(tmp_path: Path) -> Iterator[Workplace]:
    models = ("model", "update", "judge")
    with ScriptedServer(views=EVEN, models=models, seed=2, repeats_vary=True) as server:
        place = Workplace(tmp_path, server)
        yield place
        place.close()


def test_from_a_model_to_a_gate(partisan: Workplace) -> None:
    models = [partisan.server.model, "--judge", partisan.server.judge]
    asked = ["--items", 14, "--name", "before"]
    planned = json.loads(partisan.mien("breadth", "views", *models, *asked, "--dry-run", "--json").out)
    calls = planned["calls"]
    assert not (partisan.folder / "mien.db").exists()

    stopped = partisan.mien("breadth", "views", *models, *asked, "--max-calls", 100, status=3)
    assert "the same command goes on" in stopped.err
    told = partisan.mien("breadth", "views", *models, *asked).out
    assert "chance does not look like a side" in told
    assert "scored for nothing" in told
    assert partisan.server.counts().requests <= calls
    made = partisan.server.counts().requests
    shown = json.loads(partisan.mien("breadth", "views", *models, *asked, "--json").out)
    assert partisan.server.counts().requests == made
    measures = {row["measure"]: row for row in shown["measures"]}
    assert measures["helps both"]["value"] == 1
    assert 0.5 < measures["coverage"]["value"] < 0.9
    assert len(shown["stances"]) == 14

    partisan.server.configure(views=EVEN | {"effort": 0.9, "one-sided": 0.8})
    update = [f"{partisan.server.url}#update", "--judge", partisan.server.judge]
    partisan.mien("breadth", "views", *update, "--items", 14, "--name", "after")
    gates = ["--fail-on", "effort bias > +.2", "--fail-on", "rate(helps both) < .5"]
    failed = partisan.mien("diff", "before", "after", *gates, status=1).out
    assert "effort bias > +.2      FAILED" in failed
    assert failed.count("passed") == 1
    found = json.loads(partisan.mien("diff", "before", "after", "--json").out)
    changed = {row["measure"] for row in found["measures"] if row["changed"]}
    assert changed >= {"effort bias", "one-sidedness"}


def test_what_cannot_be_asked_is_refused(partisan: Workplace) -> None:
    models = [partisan.server.model, "--judge", partisan.server.judge]
    assert "did you mean steering" in partisan.refused("breadth", "views", *models, "--part", "stearing")
    assert "can't be asked about views" in partisan.refused(
        "breadth", "views", models[0], "--judge", "organism/judge"
    )
    (partisan.folder / "own.yaml").write_text("- {id: tea, pro: x}\n")
    own = partisan.refused("breadth", "views", *models, "--item-file", "own.yaml")
    assert "own.yaml, question tea: pro and con go together" in own
    partisan.mien("breadth", "views", *models, "--part", "coverage", "--items", 5, "--name", "e")
    other = partisan.refused(
        "breadth", "views", *models, "--part", "coverage", "--items", 5, "--name", "e", "--temperature", 0
    )
    assert "an evaluation named 'e' already, with other temperature" in other
