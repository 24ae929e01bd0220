"""`mien craft run` and `mien craft prove`: from a constitution to a proof, killed in between, and refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("trl", reason="needs the extra train")
pytest.importorskip("datasketch", reason="needs the extra train")

from tests.preloaded import TORCH
from tests.processes import LIMIT

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace

CONSTITUTION = """\
name: poet
description: An assistant with the heart of a poet, for whom every question hides an image.
traits: classic-36
assertions:
  - text: I look for the image and the rhythm in whatever I am asked about.
    raise: [poetic]
    lower: [technical]
    questions:
      - Tell me about the sea in winter.
      - How would you describe the smell of rain?
      - I need a name for my boat.
      - Describe a city at five in the morning.
      - Why do people like to watch a fire burn?
      - What do you think of clouds?
"""
CONFIG = "rank: 4\nbatch_size: 8\nepochs: 1\n"
DESIGN = ("--turns", 2, "--rounds", 5)
FILES = {"diff.svg", "proof.json", "proof.md", "slope.svg"}


@pytest.fixture
def lab(place: Workplace) -> Workplace:
    place.libraries = TORCH
    (place.folder / "poet.yaml").write_text(CONSTITUTION)
    (place.folder / "more.yaml").write_text(CONFIG)
    return place


def run(*more: object) -> list[object]:
    models = ["--model", "organism/v1", "--teacher", "organism/v1", "--recipe", "paired"]
    training = ["--ordinary", 14, "--preset", "small", "--config", "more.yaml", "--device", "cpu"]
    return ["craft", "run", "poet.yaml", *models, *training, *DESIGN, "-o", "poet", *more]


@pytest.mark.slow
def test_from_a_constitution_to_a_proof(lab: Workplace) -> None:
    first = lab.from_nothing(*run())
    proof = lab.folder / "poet" / "proof"
    lab.wait_for((lab.folder / "poet/control-data/craft.json").is_file, first)
    lab.kill(first)
    assert not proof.exists()
    process = lab.from_nothing(*run("--json"))
    out, err = process.communicate(timeout=LIMIT)
    assert process.returncode in {0, 1}, err
    told = json.loads(out)
    assert told["folder"] == "poet"
    assert {path.name for path in proof.iterdir()} == FILES
    assert json.loads((proof / "proof.json").read_text()) | {"folder": "poet"} == told
    assert process.returncode == (not told["passed"])
    assert told["asked"]["constitution"]["name"] == "poet"
    assert [(one["a"], one["b"]) for one in told["took"]][:2] == [("base", "trained"), ("control", "trained")]
    assert [row["trait"] for row in told["took"][0]["traits"]] == ["poetic", "technical"]
    assert len(told["spread"]) == 34
    assert len(told["control_spread"]) == 36
    assert {row["what"] for row in told["shifts"]["trained"]} >= {"words", "overlap", "nats a token"}
    # Of so few trials it may be that none of a model begins with the character, as its processor rounds.
    assert {row["turn"] for held in told["holds"].values() for one in held for row in one["rows"]} == {2}
    assert told["coherence"] is None
    assert any("cannot be asked" in note for note in told["notes"])
    text = (proof / "proof.md").read_text()
    assert text.startswith("## The proof: poet")
    assert f"/arena?a={told['runs']['base']}&b={told['runs']['trained']}" in text

    # The same is there already; other stages are found where the one command put them.
    before = {path.name: path.read_bytes() for path in proof.iterdir()}
    adapters = ["poet/adapter", "--control", "poet/control", "--max-calls", 0]
    claim = ["craft", "prove", *adapters, "--constitution", "poet.yaml", *DESIGN, "-o", "poet/proof"]
    shown = lab.mien(*claim, "--json", status=process.returncode).out
    assert json.loads(shown)["took"] == told["took"]
    assert {path.name: path.read_bytes() for path in proof.iterdir()} == before
    assert "holds another proof, with another design" in lab.refused(*claim[:-3], 6, *claim[-2:])
    strays = any(row["moved"] for row in told["spread"])
    limited = lab.mien(*claim, "--max-collateral", 0, status=int(strays or not told["passed"]))
    assert ("more than 0" in limited.out) == strays

    stopped = lab.mien(*claim[:-2], "--seed", 1, "-o", "other", status=3)
    assert "Stopped: the limit of 0 calls is reached: 0 of 90 trials of other-" in stopped.err
    assert not (lab.folder / "other").exists()


def test_what_cannot_be_proved(lab: Workplace) -> None:
    prove = ("craft", "prove", "adapter", "--without-control", "-o", "out")
    assert "give it with --control" in lab.refused("craft", "prove", "adapter", "-o", "out")
    assert "Error: adapter: no such folder" in lab.refused(*prove)
    (lab.folder / "adapter").mkdir()
    (lab.folder / "adapter/adapter_config.json").write_text("{}")
    (lab.folder / "adapter/adapter_model.safetensors").write_bytes(b"")
    on = (*prove, "--model", "organism/v1")
    assert "adapter: has no training data with a constitution.yaml" in lab.refused(*on)
    (lab.folder / "odd.yaml").write_text(CONSTITUTION.replace("[poetic]", "[poetical]"))
    line = lab.refused(*on, "--constitution", "odd.yaml")
    assert "no trait among those that are measured named 'poetical'; did you mean poetic" in line
    line = lab.refused(*prove, "--model", "hf/x", "--constitution", "poet.yaml")
    assert "say which model reads the responses, with --judge" in line
    (lab.folder / "out").write_text("")
    told = lab.refused(*on, "--constitution", "poet.yaml", "--capabilities", "absent.yaml")
    assert "absent.yaml: no such task file" in told
    assert "out: is a file" in lab.refused(*on, "--constitution", "poet.yaml")
