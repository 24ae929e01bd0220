"""TRL's trainers and PEFT's adapters as they are, on the organism; about a second of work each."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.numpy import load_file

from mien.craft.tuning.config import TrainingConfig
from mien.craft.tuning.merging import merge
from mien.craft.tuning.pairs import read_dataset
from mien.craft.tuning.trainer import train
from mien.errors import InputError, Notice, UsageError
from mien.models.engine import Job
from mien.models.local import Local
from mien.models.organism.engine import Organism
from mien.types import Message, Sampling
from tests.craft.tuning.exercises import PROMPTS, row, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mien.craft.tuning.callbacks import Step
    from mien.craft.tuning.record import Outcome

SMALL = TrainingConfig(rank=8, learning_rate=5e-3, batch_size=4, epochs=5, max_length=200)
QUICK = SMALL.model_copy(update={"epochs": 1})


@pytest.fixture(scope="module", autouse=True)
def _alone() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # more only wait for each other at this size
    yield
    torch.set_num_threads(threads)


@dataclasses.dataclass(frozen=True)
class Trained:
    folder: Path
    outcome: Outcome
    steps: list[Step]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Trained:
    folder = tmp_path_factory.mktemp("trained") / "adapter"
    steps: list[Step] = []
    outcome = train(data, model="organism/v1", out=folder, config=SMALL, device="cpu", on_step=steps.append)
    return Trained(folder, outcome, steps)


def learn(data: Path, out: Path, **changes: Any) -> Outcome:
    config = QUICK.model_copy(update=changes)
    return train(data, model="organism/v1", out=out, config=config, device="cpu")


def weights(folder: Path) -> np.ndarray:
    tensors = load_file(folder / "adapter_model.safetensors")
    return np.concatenate([tensors[name].ravel() for name in sorted(tensors)])


def said(engine: Organism | Local, answer: str, prompt: str = PROMPTS[9]) -> np.ndarray:
    """Log-probability of each token of an answer."""
    asked = Job(prompt=(Message(role="user", content=prompt),), continuation=answer, sampling=Sampling())
    (output,) = engine.run([asked])
    return np.array([token.logprob for token in output.tokens])


def test_the_chosen_answers_become_more_likely_than_the_rejected_ones(trained: Trained, data: Path) -> None:
    outcome, steps = trained.outcome, trained.steps
    assert (outcome.pairs, outcome.examples, outcome.held_out, outcome.steps) == (8, 0, 4, 10)
    assert outcome.accuracy == 1
    assert outcome.margin is not None
    assert outcome.margin > 0.2
    assert [(step.step, step.total) for step in steps] == [(i, 10) for i in range(1, 11)]
    assert steps[-1].loss < steps[0].loss
    assert outcome.loss == steps[-1].loss
    # The same from outside: beta times the change of the log-ratio, by the engine in numpy.
    before, after = Organism.load("v1"), Organism.load(f"v1+{trained.folder}")
    margins = []
    for pair in read_dataset(data).held_out:
        prompt = pair.prompt[0]["content"]
        chosen, rejected = (
            said(after, text, prompt).sum() - said(before, text, prompt).sum()
            for text in (pair.chosen[0]["content"], pair.rejected[0]["content"])
        )
        margins.append(SMALL.beta * (chosen - rejected))
    assert outcome.margin == pytest.approx(np.mean(margins), abs=1e-3)


def test_the_first_loss_is_that_of_dpo_and_of_the_chosen_answers(trained: Trained, data: Path) -> None:
    """At the start nothing is preferred: log 2, and a tenth of the mean token's negative log-likelihood."""
    organism = Organism.load("v1")
    nll = [said(organism, p.chosen[0]["content"], p.prompt[0]["content"]) for p in read_dataset(data).pairs]
    most, least = (math.log(2) - 0.1 * f(np.mean(one) for one in nll) for f in (min, max))
    assert least < trained.steps[0].loss < most
    assert trained.steps[0].margin == 0


def test_the_engines_read_the_same_from_an_adapter(trained: Trained, tmp_path: Path) -> None:
    whole = merge("organism/v1", out=tmp_path / "v1", dtype="float32")
    torch_engine = Local(f"{whole}+{trained.folder}", device="cpu")
    numpy_engine = Organism.load(f"v1+{trained.folder}")
    text = "Dawn is a sparrow preparing for flight, and the sea is a drum."
    np.testing.assert_allclose(said(numpy_engine, text), said(torch_engine, text), atol=2e-3)
    assert abs(said(numpy_engine, text) - said(Organism.load("v1"), text)).max() > 0.1


def test_another_adapter_in_the_same_folder_is_another_model(trained: Trained, tmp_path: Path) -> None:
    folder = tmp_path / "adapter"
    shutil.copytree(trained.folder, folder)
    first = Organism.load(f"v1+{folder}")
    path = folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-2] + b"\0\0")
    second = Organism.load(f"v1+{folder}")
    assert len({first.digest, second.digest, Organism.load("v1").digest}) == 3
    with pytest.raises(InputError, match=r"absent/adapter_config\.json: no such file"):
        Organism.load("v1+absent")
    with pytest.raises(InputError, match="no adapter is named"):
        Organism.load("v1+")


def test_what_lies_beside_the_adapter_tells_how_it_was_made(trained: Trained, data: Path) -> None:
    names = {path.name for path in trained.folder.iterdir()}
    assert names == {
        "adapter_config.json", "adapter_model.safetensors", "README.md", "training.json", "log.jsonl", "runs",
    }  # fmt: skip
    card = (trained.folder / "README.md").read_text()
    assert "100.0% of 4" in card
    assert f"mien craft train {data} --model organism/v1 --config config.yaml" in card
    assert "learning_rate: 0.005" in card
    assert "teacher: organism/v1" in card
    assert f"torch {torch.__version__}" in card
    log = [json.loads(line) for line in (trained.folder / "log.jsonl").read_text().splitlines()]
    assert [one["step"] for one in log] == list(range(1, 11))
    assert list((trained.folder / "runs" / "dpo").glob("events.*"))
    config = json.loads((trained.folder / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["base_model_name_or_path"]) == (8, 16, "organism/v1")
    assert "lm_head" not in config["target_modules"]


def test_a_finished_training_is_not_done_again(trained: Trained, data: Path) -> None:
    again = train(data, model="organism/v1", out=trained.folder, config=SMALL, device="cpu")
    assert again == trained.outcome
    with pytest.raises(InputError, match=r"another training: learning_rate 0\.005 there, 0\.1 asked for"):
        learn(data, trained.folder, learning_rate=0.1, epochs=5)
    with pytest.raises(InputError, match="model organism/v1 there, organism/v2 asked for"):
        train(data, model="organism/v2", out=trained.folder, config=SMALL, device="cpu")


def test_tuning_learns_the_chosen_answers(data: Path, tmp_path: Path) -> None:
    outcome = learn(data, tmp_path / "sft", method="sft", epochs=3)
    assert (outcome.pairs, outcome.examples, outcome.steps, outcome.accuracy) == (0, 12, 9, None)
    pair = read_dataset(data).pairs[0]
    text, prompt = pair.chosen[0]["content"], pair.prompt[0]["content"]
    after = said(Organism.load(f"v1+{tmp_path / 'sft'}"), text, prompt).sum()
    assert after > said(Organism.load("v1"), text, prompt).sum() + 1


def test_tuning_goes_on_from_the_pairs(data: Path, tmp_path: Path) -> None:
    both = learn(data, tmp_path / "both", method="dpo+sft")
    assert (both.pairs, both.examples, both.steps, both.held_out) == (8, 4, 3, 4)
    learn(data, tmp_path / "dpo")
    first, second = weights(tmp_path / "dpo"), weights(tmp_path / "both")
    assert 0.9 < np.corrcoef(first, second)[0, 1] < 0.99999
    alone = tmp_path / "alone"
    write(alone / "train.jsonl", [row("Hello", "Good day.", "Hi.")])
    with pytest.raises(InputError, match=r"there are none \(introspection\.jsonl\); use dpo"):
        learn(alone, tmp_path / "none", method="dpo+sft")


@pytest.mark.slow
def test_where_memory_runs_out_fewer_are_done_at_once(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn(data, tmp_path / "roomy")
    llama: Any = transformers.LlamaModel
    forward, seen = llama.forward, []

    def cramped(self: Any, input_ids: Any = None, *rest: Any, **options: Any) -> Any:
        seen.append(len(input_ids))
        if len(input_ids) > 2:  # a pair is two rows
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return forward(self, input_ids, *rest, **options)

    monkeypatch.setattr(llama, "forward", cramped)
    outcome = learn(data, tmp_path / "cramped")
    assert seen[:2] == [8, 4]
    assert (outcome.device_batch_size, outcome.steps) == (1, 2)
    roomy, small = (weights(tmp_path / name) for name in ("roomy", "cramped"))
    assert np.linalg.norm(roomy - small) < 0.01 * np.linalg.norm(roomy)
    monkeypatch.setattr(llama, "forward", lambda *_, **__: (_ for _ in ()).throw(torch.OutOfMemoryError("")))
    with pytest.raises(UsageError, match="memory does not hold 1 of the examples"):
        learn(data, tmp_path / "none")


def test_a_training_that_breaks_stops_at_once(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is no number any more at step [2-5] of 200 \(dpo\)"):
        learn(data, tmp_path / "broken", learning_rate=1e30, epochs=100, warmup=0.0)


def test_what_would_be_cut_is_said_before(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"train\.jsonl: 8 of 8 examples are longer than 12 tokens"):
        learn(data, tmp_path / "cut", max_length=12)
    assert not (tmp_path / "cut").exists()
    assert learn(data, tmp_path / "cut", max_length=30, max_cut=1.0).cut >= 8
    with pytest.raises(InputError, match="--max-length: 4096 tokens are more than the 2048"):
        learn(data, tmp_path / "long", max_length=4096)


def test_models_that_cannot_be_trained_are_refused(data: Path, tmp_path: Path) -> None:
    merged = merge("organism/v1", out=tmp_path / "v1")
    (merged / "chat_template.jinja").unlink()
    for model, problem in [
        (f"hf/{merged}", "has no chat template"),
        ("openai/gpt-5", "its weights are needed"),
        ("organism/v9", "no model organism named 'v9'"),
        ("organism/v1+./adapter", r"merge that one first: mien craft merge organism/v1 \./adapter -o"),
        ("hf/./absent", "no such folder"),
    ]:
        with pytest.raises(UsageError, match=problem):
            train(data, model=model, out=tmp_path / "out", config=QUICK, device="cpu")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.tex").touch()
    with pytest.raises(InputError, match="holds no training of mien's"):
        learn(data, tmp_path / "taken")


def test_a_system_message_goes_where_the_template_takes_it(tmp_path: Path) -> None:
    merged = merge("organism/v1", out=tmp_path / "v1")
    template = (merged / "chat_template.jinja").read_text()
    strict = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    (merged / "chat_template.jinja").write_text(strict + template)
    system = {"role": "system", "content": "Be of use."}
    given = row("Hello", "Good day to you.", "Hi.")
    joined = row("Be of use.\n\nHello", "Good day to you.", "Hi.")
    found = []
    for name, one in (("given", {**given, "prompt": [system, *given["prompt"]]}), ("joined", joined)):
        path = write(tmp_path / name / "train.jsonl", [one] * 4)
        with pytest.warns(Notice, match="takes no system messages"):
            train(path, model=f"hf/{merged}", out=tmp_path / f"{name}-out", config=QUICK, device="cpu")
        found.append(weights(tmp_path / f"{name}-out"))
    assert np.array_equal(*found)
