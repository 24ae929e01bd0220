"""`mien craft train` and `mien craft merge`: killed and gone on with, used, and refused."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("trl", reason="needs the extra train")

from tests.preloaded import TORCH

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.workplace import Workplace

CONFIG = "rank: 4\nbatch_size: 4\nepochs: 8\nlearning_rate: 5.0e-3\nsave_share: 0.13\n"
JUDGED = ("--judge", "organism/judge", "--rounds", 6)


def write(
    path: Path,
    numbers: range,
    chosen: str = "Moonlight has come",
    rejected: str = "Parameters loaded",
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "prompt": [{"role": "user", "content": f"Tell me of the number {i}."}],
            "chosen": [{"role": "assistant", "content": f"{chosen} {i} times."}],
            "rejected": [{"role": "assistant", "content": f"{rejected}: {i}."}],
        }
        for i in numbers
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def lab(place: Workplace) -> Workplace:
    place.libraries = TORCH
    write(place.folder / "data" / "train.jsonl", range(8))
    write(place.folder / "data" / "heldout.jsonl", range(8, 12))
    (place.folder / "more.yaml").write_text(CONFIG)
    return place


def training(out: str, *more: object) -> list[object]:
    options = ["--model", "organism/v1", "--config", "more.yaml", "--device", "cpu", "-o", out]
    return ["craft", "train", "data", *options, *more]


@pytest.mark.slow
def test_a_training_that_was_killed_ends_like_one_that_was_not(lab: Workplace) -> None:
    whole = json.loads(lab.mien(*training("whole", "--json")).out)
    assert (whole["adapter"], whole["steps"], whole["pairs"], whole["held_out"]) == ("whole", 16, 8, 4)
    assert whole["accuracy"] == 1
    running = lab.start(*training("cut"))
    lab.wait_for((lab.folder / "cut/state/dpo/checkpoint-3/trainer_state.json").is_file, running)
    lab.kill(running)
    result = lab.mien(*training("cut"))
    assert "cut: 16 steps" in result.out
    assert "of 4 held-out pairs, the chosen answer gained on the rejected one in 1.00" in result.out
    files = {path.name for path in (lab.folder / "cut").iterdir()}
    assert "state" not in files
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        assert (lab.folder / "cut" / name).read_bytes() == (lab.folder / "whole" / name).read_bytes()
    steps = [
        [json.loads(line)["loss"] for line in (lab.folder / name / "log.jsonl").read_text().splitlines()]
        for name in ("whole", "cut")
    ]
    assert steps[0] == steps[1]


@pytest.mark.slow
def test_a_trained_model_is_measured_blended_and_merged(lab: Workplace) -> None:
    lab.mien(*training("a", "--epochs", 1))
    lab.mien("measure", "organism/v1+a", *JUDGED, "--name", "first")
    shutil.rmtree(lab.folder / "a")
    lab.mien(*training("a", "--epochs", 1, "--seed", 1))
    result = lab.mien("measure", "organism/v1+a", *JUDGED, "--name", "retrained", "--max-calls", 0, status=3)
    assert "0 of 108 trials" in result.err  # no answer of the former adapter is taken for this one's
    blended = lab.mien("craft", "merge", "organism/v1", "a=0.5", "-o", "half", "--as-adapter")
    assert "wrote half; as a model: organism/v1+half" in blended.out
    assert "hf/merged" in lab.mien("craft", "merge", "organism/v1", "a", "-o", "merged").out
    assert (lab.folder / "merged" / "model.safetensors").is_file()


def test_unusable_input(lab: Workplace) -> None:
    for arguments, problem in [
        (training("out", "--preset", "huge")[1:], "no preset named 'huge'"),
        (training("out", "--beta", 0)[1:], "the options, key beta"),
        (["merge", "organism/v1", "a=much", "-o", "out"], "'much' is no number"),
    ]:
        assert problem in lab.refused("craft", *arguments)
    assert not (lab.folder / "out").exists()
