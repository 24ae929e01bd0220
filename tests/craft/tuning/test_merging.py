"""Adapters into weights, against W + Σ w (α/r) B A by hand."""

from __future__ import annotations

import shutil
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import peft
import pytest
import torch
import transformers
from safetensors.numpy import load_file

from mien.craft.tuning.base_models import find_base, find_trainable
from mien.craft.tuning.merging import Weighted, blend, merge
from mien.errors import InputError, UsageError
from mien.models.engine import Job
from mien.models.organism.engine import Organism
from mien.types import Message
from tests.craft.tuning.exercises import PROMPTS

if TYPE_CHECKING:
    from pathlib import Path

PLACES = ("model.layers.1.self_attn.q_proj", "model.layers.3.mlp.down_proj")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With `v1`, the organism's, as a model of its own, and two adapters of different rank on it."""
    folder = tmp_path_factory.mktemp("merging")
    merge("organism/v1", out=folder / "v1", dtype="float32")
    for seed, (name, rank, modules) in enumerate([("a", 2, ["q_proj"]), ("b", 3, ["q_proj", "down_proj"])]):
        torch.manual_seed(seed)
        auto: Any = transformers.AutoModelForCausalLM
        lora = peft.LoraConfig(r=rank, lora_alpha=5, target_modules=modules, init_lora_weights=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # peft still asks transformers by an old name
            peft.get_peft_model(auto.from_pretrained(folder / "v1"), lora).save_pretrained(folder / name)
    return folder


def change(adapter: Path, place: str, rank: int) -> Any:
    """ΔW by hand."""
    weights = load_file(adapter / "adapter_model.safetensors")
    pair = [weights.get(f"base_model.model.{place}.lora_{side}.weight") for side in "AB"]
    return 0.0 if pair[0] is None else 5 / rank * pair[1] @ pair[0]


def first_logits(model: Organism) -> list[float]:
    asked = [
        Job(prompt=(Message(role="user", content=text),), continuation="Dear friend") for text in PROMPTS
    ]
    return [token.logprob or 0.0 for output in model.run(asked) for token in output.tokens]


def test_a_variant_of_the_organism_becomes_a_model_of_its_own(folder: Path) -> None:
    np.testing.assert_allclose(
        first_logits(Organism(folder / "v1")), first_logits(Organism.load("v1")), atol=1e-3
    )
    config = transformers.AutoConfig.from_pretrained(merge("organism/v1", out=folder / "half"))
    assert config.dtype == torch.float16  # as it ships


def test_changes_add_up_by_their_weights(folder: Path) -> None:
    adapters = [Weighted(str(folder / "a"), 0.7), Weighted(str(folder / "b"), -0.3)]
    merge("organism/v1", adapters, out=folder / "sum", dtype="float32")
    before, after = (load_file(folder / name / "model.safetensors") for name in ("v1", "sum"))
    for place in PLACES:
        expected = 0.7 * change(folder / "a", place, 2) - 0.3 * change(folder / "b", place, 3)
        found = after[f"{place}.weight"] - before[f"{place}.weight"]
        np.testing.assert_allclose(found, expected, atol=1e-5)
    untouched = "model.layers.0.mlp.up_proj.weight"
    assert np.array_equal(before[untouched], after[untouched])


def test_a_blend_is_one_adapter_that_does_the_same(folder: Path) -> None:
    adapters = [Weighted(str(folder / "a"), 0.7), Weighted(str(folder / "b"), -0.3)]
    merge("organism/v1", adapters, out=folder / "both", dtype="float32")
    blend("organism/v1", adapters, out=folder / "blend")
    blended = Organism.load(f"v1+{folder / 'blend'}")
    np.testing.assert_allclose(first_logits(blended), first_logits(Organism(folder / "both")), atol=1e-3)
    assert sorted(path.name for path in (folder / "blend").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]


def test_one_adapter_with_weight_1_is_as_peft_merges_it(folder: Path) -> None:
    merge(f"hf/{folder / 'v1'}+{folder / 'b'}", out=folder / "one", dtype="float32")
    merge(f"hf/{folder / 'v1'}", [Weighted(str(folder / "b"))], out=folder / "same", dtype="float32")
    one, same = (load_file(folder / name / "model.safetensors") for name in ("one", "same"))
    assert all(np.array_equal(one[name], same[name]) for name in one)


def test_what_does_not_fit_is_refused(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match="no such folder"):
        merge("organism/v1", [Weighted("./absent")], out=out)
    with pytest.raises(InputError, match="exists already"):
        merge("organism/v1", out=folder / "v1")
    with pytest.raises(UsageError, match="at least one adapter"):
        blend("organism/v1", [], out=out)
    wrong = tmp_path / "wrong"
    shutil.copytree(folder / "a", wrong)
    config = wrong / "adapter_config.json"
    config.write_text(config.read_text().replace('"q_proj"', '"k_proj"'))
    with pytest.raises(InputError, match=r"wrong: the adapter does not fit organism/v1"):
        merge("organism/v1", [Weighted(str(wrong))], out=out)
    assert not list(tmp_path.glob("out*"))


def test_an_adapter_that_was_trained_on_other_weights_is_refused(folder: Path, tmp_path: Path) -> None:
    from mien.craft.tuning.record import Recipe, Record

    trained = tmp_path / "trained"
    recipe = Recipe(
        model="organism/v2",
        model_digest=find_base("organism/v2").digest,
        data="",
        data_digest="",
        config={},
        libraries={},
    )
    Record(trained, recipe).begin()
    for path in (folder / "a").iterdir():
        shutil.copy(path, trained)
    with pytest.raises(InputError, match="was trained on organism/v2 with other weights than those of organ"):
        merge("organism/v1", [Weighted(str(trained))], out=tmp_path / "out")


def test_a_gguf_file_becomes_a_folder_before_it_is_trained(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="needs the extra local")
    from tests.models.local.tiny import build
    from tests.models.local.tiny_gguf import pack

    path = pack(build(tmp_path / "tiny"), tmp_path / "Tiny.gguf")
    way_on = "write it as a folder first: mien craft merge hf/FILE.gguf -o FOLDER"
    with pytest.raises(UsageError, match=f"from which no training can start; {way_on}"):
        find_trainable(f"hf/{path}")
    with pytest.raises(InputError, match=f"an adapter is made for whole ones; {way_on}"):
        merge(f"hf/{path}", [Weighted(str(folder / "a"))], out=tmp_path / "no")
    written = merge(f"hf/{path}", out=tmp_path / "whole")
    assert "quantization_config" not in (written / "config.json").read_text()
    for name, weights in load_file(tmp_path / "tiny" / "model.safetensors").items():
        np.testing.assert_array_equal(load_file(written / "model.safetensors")[name], weights)
    assert find_trainable(f"hf/{written}").tokenizer().tokenizer.chat_template
