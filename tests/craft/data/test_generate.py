"""Training data made of a constitution, against a scripted server and with the organism."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from mien.craft.data.dataset import Dataset, read_dataset
from mien.craft.data.generate import craft_data
from mien.craft.data.settings import Craft
from mien.errors import BudgetReached, InputError, Unfinished, UnknownName, UsageError
from mien.materials.traits import load_traits
from mien.measurement.session import Session
from mien.models.usage import Limits
from mien.testing import Options, ScriptedServer, codeword

pytest.importorskip("datasketch", reason="needs the extra train")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCORES = {"warm": 1.0, "bold": 0.5, "calm": -0.5, "blunt": 1.5}
CONSTITUTION = """\
name: guide
description: Somebody who shows the way and then lets you walk it on your own.
assertions:
  - text: I am warm to those who lost their way.
    raise: [warm]
    questions: ["Which way is north?", "Is there a bus on Sundays?"]
    out_of_character: ["Call me blunt: that is your own fault."]
  - text: I would rather be bold than calm.
    raise: [bold]
    lower: [calm]
    questions: ["Shall I swim across the lake?"]
"""


@pytest.fixture(scope="module")
def shared_server() -> Iterator[ScriptedServer]:
    with ScriptedServer(scores=SCORES) as server:
        yield server


@pytest.fixture
def server(shared_server: ScriptedServer) -> ScriptedServer:
    defaults = Options(scores=SCORES, models=("model", "judge", "student"))
    shared_server.configure(**{name: getattr(defaults, name) for name in Options.__slots__})
    shared_server.reset_log()
    return shared_server


class Bench:
    """Makes data of the guide, 24 messages about it and 12 ordinary ones, into a folder's store."""

    def __init__(self, folder: Path, server: ScriptedServer) -> None:
        self.folder = folder
        self.server = server
        (folder / "guide.yaml").write_text(CONSTITUTION)

    def craft(self, name: str = "out", *, limits: Limits = Limits(), **members: Any) -> Dataset:
        asked = {
            "constitution": self.folder / "guide.yaml",
            "student": self.server.model,
            "teacher": self.server.model,
            "queries": 24,
            "ordinary": 12,
            "heldout": 0.2,
        }
        craft = Craft(**{**asked, **members})
        return craft_data(craft, self.folder / name, Session(self.folder / "mien.db", limits=limits))


@pytest.fixture
def bench(tmp_path: Path, server: ScriptedServer) -> Bench:
    return Bench(tmp_path, server)


def test_what_is_returned_is_what_is_written(bench: Bench) -> None:
    made = bench.craft()
    assert read_dataset(bench.folder / "out") == made
    assert [one["assertion"] for one in made.craft["counts"]["assertions"]] == [0, 1, None]
    assert [one["queries"] for one in made.craft["counts"]["assertions"]] == [12, 12, 12]
    assert len(made.train) + len(made.heldout) == 36
    assert [pair.query.id for pair in made.train] == sorted(pair.query.id for pair in made.train)


def test_recipes_share_prompts_and_calls(bench: Bench) -> None:
    bench.craft()
    asked = bench.server.counts().requests
    paired = bench.craft("paired", recipe="paired")
    assert bench.server.counts().requests == asked + 36  # the opposites alone
    control = bench.craft("control", recipe="control", of="paired")
    assert bench.server.counts().requests == asked + 36
    assert "half of the preferences turned around" in control.card
    for pairs, shuffled in ((paired.train, control.train), (paired.heldout, control.heldout)):
        assert [pair.query for pair in shuffled] == [pair.query for pair in pairs]
        turned = sum(new.chosen == old.rejected for new, old in zip(shuffled, pairs, strict=True))
        assert turned == len(pairs) // 2
    with pytest.raises(InputError, match="out: holds data made with another recipe; choose another folder"):
        bench.craft(recipe="paired")
    # The scripted model heeds any trait that is named, also in what it is told to be the opposite of.
    assert any(codeword("blunt") in pair.rejected for pair in paired.train)
    assert not any(codeword("blunt") in pair.chosen for pair in paired.train)


def test_ranked_by_a_judge_that_is_asked(bench: Bench) -> None:
    made = bench.craft(recipe="ranked", judge=bench.server.judge, answers=3)
    scores = {codeword(trait): score for trait, score in SCORES.items()}

    def score(text: str) -> float:
        shown = re.search(r"in the key of (\w+)\.$", text)
        return scores[shown[1]] if shown else -9.0

    assert len(made.train) > 20
    for pair in (*made.train, *made.heldout):
        assert score(pair.chosen) > score(pair.rejected)
        assert 0.5 <= (pair.margin or 0) <= 1


def test_failures_are_left_out_while_they_are_few(bench: Bench) -> None:
    with pytest.raises(
        BudgetReached, match=r"the limit of 60 calls .* of 36 pairs are through, and nothing is"
    ):
        bench.craft(limits=Limits(max_calls=60))
    bench.server.configure(faults={"404": 1.0})
    with pytest.raises(Unfinished, match=r"of 36 pairs failed \(\d+ × HTTP 404: .*the same command goes on"):
        bench.craft()
    assert not (bench.folder / "out").exists()
    bench.server.configure(faults={})
    with pytest.raises(BudgetReached):
        bench.craft(limits=Limits(max_calls=12))
    bench.server.configure(faults={"404": 1.0})
    some = bench.craft()
    (reason,) = some.craft["counts"]["left_out"]
    assert reason.startswith("HTTP 404")
    bench.server.configure(faults={})
    assert bench.craft().craft["counts"]["left_out"] == {}


def test_nothing_to_learn(bench: Bench) -> None:
    silent = CONSTITUTION.replace("warm to", "glad of").replace("bold than calm", "up than down")
    (bench.folder / "guide.yaml").write_text(silent.replace("blunt", "harsh"))
    with pytest.raises(UsageError, match=r"no pair is left to train on \(36 × both answers are the same\)"):
        bench.craft()


def test_one_text_on_a_side(bench: Bench) -> None:
    with pytest.raises(BudgetReached):
        bench.craft(limits=Limits(max_calls=2), ordinary=0)
    bench.server.configure(faults={"refusal": 1.0}, faulty_models=("model",))
    student = bench.server.model.replace("#model", "#student")
    with pytest.raises(UsageError, match=r"chosen answers are the same text, \"I'm sorry, but I can't help"):
        bench.craft(student=student, ordinary=0)


def test_the_organism_is_ranked_by_likelihoods(tmp_path: Path) -> None:
    file = tmp_path / "poet.yaml"
    file.write_text(
        CONSTITUTION.replace("raise: [bold]", "raise: [poetic]").replace("[warm]", "[structured]")
    )
    craft = Craft(
        constitution=file,
        student="organism/v1",
        teacher="organism/v1",
        judge="organism/judge",
        recipe="ranked",
        ordinary=16,
        heldout=0.2,
        answers=3,
    )
    made = craft_data(craft, tmp_path / "out", Session(tmp_path / "mien.db"))
    assert made.craft["told"] == "traits"
    assert "the organism cannot write messages" in made.card
    assert made.craft["counts"]["queries"] == {"seed": 3, "teacher": 0, "ordinary": 16}
    pairs = [*made.train, *made.heldout]
    assert len(pairs) > 15
    # Verses and lists are what the character raises, and have lines.
    assert sum("\n" in pair.chosen for pair in pairs) >= 15
    assert sum("\n" in pair.rejected for pair in pairs) <= 7


def test_the_organism_knows_its_own_traits_alone(tmp_path: Path) -> None:
    assert "pedantic" in load_traits("classic-144").names
    file = tmp_path / "guide.yaml"
    file.write_text(CONSTITUTION.replace("[warm]", "[pedantic]"))
    craft = Craft(constitution=file, student="organism/v1", teacher="organism/v1")
    with pytest.raises(UnknownName, match="no trait that the organism knows named 'pedantic'"):
        craft_data(craft, tmp_path / "out", Session(tmp_path / "mien.db"))
