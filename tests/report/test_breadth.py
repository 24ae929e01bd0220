"""What is said and drawn of breadth: one evaluation, and what changed from one to another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mien.evals.breadth.evaluate import Asked, carry_out, plan
from mien.evals.breadth.scores import breadth
from mien.evals.evaluation import Evaluation
from mien.materials.prompts import load_prompts
from mien.materials.traits import load_traits
from mien.measurement.session import Session
from mien.report.breadth import STATES, legend, warnings
from mien.report.evaluated import told
from mien.report.registry import draw_evaluated
from mien.testing import ScriptedServer
from mien.types import Trait

if TYPE_CHECKING:
    from pathlib import Path

PLANTED = {"warm": 0.9, "blunt": 0.0, "calm": 0.8, "of mine": 0.3}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("breadth") / "mien.db"
    traits = [one for one in load_traits("classic-36").traits if one.name in PLANTED]
    asked = Asked(traits=[*traits, Trait("of mine")], prompts=load_prompts(max_prompts=10), beside=1)
    with ScriptedServer(
        stretches=PLANTED, blind_to=("calm",), strays=0.9, models=("a", "b", "judge")
    ) as server:
        for name in ("a", "b"):
            carry_out(plan(f"{server.url}#{name}", server.judge, asked, name=name), Session(path))
            server.configure(strays=0.0)
    return path


def test_one_evaluation_is_told_with_what_it_rests_on(path: Path) -> None:
    found = told([Evaluation("b", path)])
    assert found.heads[:3] == ("trait", "range", "95% interval")
    rows = {row[0]: row for row in found.rows}
    assert [*rows][:2] == ["mean range", "warm"]
    assert rows["warm"][-1] == "wide"
    assert rows["warm"][6] == "1.00"
    assert (rows["calm"][1], rows["calm"][-1]) == ("", "not readable")
    said = "\n".join(found.said)
    assert "Traits with a range above 400 points: .50 (" in said
    assert "The judge: it reads 2 of 3 traits in planted replies; tells whether a reply deals" in said
    assert "takes the first of two equal replies in " in said
    assert "the judge of b cannot read calm (" in said
    assert "whether the judge of b can read of mine was not tried" in said
    assert all(state in STATES for state in (row[-1] for row in found.rows[1:]))


def test_replies_that_stray_are_named_and_a_judge_that_reads_itself(path: Path) -> None:
    (found,) = breadth([Evaluation("a", path)])
    said = "\n".join(warnings([replace(found, reads_itself=True)]))
    assert "replies of a at an end deal with what was asked less often than without a word: warm up ." in said
    assert "the judge of a is the model under test" in said
    assert any("the judge cannot read the trait" in line for line in legend(found))


def test_what_changed_is_told_of_ranges(path: Path) -> None:
    found = told([Evaluation("a", path), Evaluation("b", path)])
    assert {row[0] for row in found.rows} == {"mean range", "warm", "blunt", "of mine"}


def test_every_level_of_what_can_be_read_is_drawn(path: Path) -> None:
    spec = draw_evaluated("breadth", [Evaluation("a", path), Evaluation("b", path)]).to_dict()
    assert spec["title"]["text"] == "How far the character of a and b stretches"
    assert "could not read them: calm." in " ".join(spec["title"]["subtitle"])
    rows = [row for data in spec["datasets"].values() for row in data if row.get("level") in (1, -2)]
    assert {(row["model"], row["trait"]) for row in rows} == {
        (model, trait) for model in "ab" for trait in ("warm", "blunt", "of mine")
    }
