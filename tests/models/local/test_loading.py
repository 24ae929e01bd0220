"""Files to a model: adapters, formats, and what cannot be loaded."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from transformers.utils import logging

from mien.models.engine import Job
from mien.models.local import Local
from mien.types import Sampling
from tests.models.local.tiny import TEMPLATE, build_adapter, close, jobs, log_p, prompt_ids, refusal, say

if TYPE_CHECKING:
    from pathlib import Path


#: Raised inside peft, which still asks transformers by the old name.
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")


def test_an_adapter_answers_as_the_model_that_peft_merged(
    folder: Path, tmp_path: Path, tokenizer: Any
) -> None:
    merged = build_adapter(folder, tmp_path / "adapter").eval()
    engine = Local(f"{folder}+{tmp_path / 'adapter'}", device="cpu")
    output = engine.run([Job(prompt=say("hello"), continuation="how are you")])[0]
    ids = prompt_ids(tokenizer, say("hello"))
    table = log_p(merged, [*ids, *tokenizer("how are you")["input_ids"], 2])
    exact = [
        float(table[len(ids) - 1 + i, t]) for i, t in enumerate([*tokenizer("how are you")["input_ids"], 2])
    ]
    assert [token.logprob for token in output.tokens] == pytest.approx(exact, abs=1e-4)
    plain = Local(str(folder), device="cpu")
    assert plain.run([Job(prompt=say("hello"), continuation="how are you")])[0] != output
    assert plain.digest != engine.digest


def test_formats_are_as_asked(folder: Path) -> None:
    for name in ("float32", "bfloat16", "float16"):
        engine = Local(str(folder), device="cpu", dtype=name)
        assert str(engine._network._model.dtype) == f"torch.{name}"
        output = engine.run([Job(prompt=say("hello"), sampling=Sampling(max_tokens=3))])[0]
        assert not output.failure


def test_loading_and_answering_print_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    logging.enable_progress_bar()
    Local(str(folder), device="cpu").run(jobs(2))
    assert logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    assert capfd.readouterr() == ("", "")


def test_settings_that_cannot_be(folder: Path) -> None:
    assert refusal(folder, dtype="foo") == "dtype 'foo' is not one of auto, float32, float16, bfloat16"
    assert refusal(folder, device="foo") == "device 'foo' is not one of auto, cuda, mps, cpu, cuda:N"
    assert refusal(folder, device="cuda:x") == "device 'cuda:x' is not one of auto, cuda, mps, cpu, cuda:N"
    assert "is not seen by torch" in refusal(folder, device="cuda:99")
    assert refusal(folder, batch_size=0) == "a batch of 0 jobs is none; give at least 1"


def test_files_that_cannot_be_loaded(folder: Path, tmp_path: Path) -> None:
    def broken(name: str) -> Path:
        return shutil.copytree(folder, tmp_path / name)

    weightless = broken("weightless")
    (weightless / "model.safetensors").unlink()
    assert "cannot be loaded:" in refusal(weightless)
    damaged = broken("damaged")
    (damaged / "model.safetensors").write_bytes(b"nonsense")
    assert "model.safetensors: is cut short or damaged" in refusal(damaged)
    wordless = broken("wordless")
    (wordless / "tokenizer.json").unlink()
    (wordless / "tokenizer_config.json").unlink()
    assert "tokenizer cannot be loaded" in refusal(wordless)
    garbled = broken("garbled")
    (garbled / "config.json").write_text("{")
    assert "config.json: is cut short or no JSON" in refusal(garbled)
    larger = broken("larger")
    config = json.loads((larger / "config.json").read_text())
    (larger / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    assert "no causal language model, or not all of it: 9 tensors are missing" in refusal(larger)
    (larger / "config.json").write_text(json.dumps({**config, "hidden_size": 32}))
    assert "its weights are not of the shapes that its config.json says" in refusal(larger)
    own = {"AutoConfig": "configuration_x.X", "AutoModelForCausalLM": "modeling_x.X"}
    (larger / "config.json").write_text(json.dumps({**config, "model_type": "own", "auto_map": own}))
    assert "it comes with code of its own, which mien does not run" in refusal(larger)


def test_adapters_that_do_not_fit(folder: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    build_adapter(folder, adapter)
    config = json.loads((adapter / "adapter_config.json").read_text())
    for change in (
        {"target_modules": ["c_attn"]},
        {"r": 8},
        {"target_modules": ["q_proj", "down_proj", "v_proj"]},
    ):
        (adapter / "adapter_config.json").write_text(json.dumps({**config, **change}))
        assert f"{adapter}: the adapter does not fit {folder}: " in refusal(f"{folder}+{adapter}")
    (adapter / "adapter_config.json").write_text(json.dumps(config))
    shorter = shutil.copytree(folder, tmp_path / "shorter")
    shape = json.loads((shorter / "config.json").read_text())
    (shorter / "config.json").write_text(json.dumps({**shape, "num_hidden_layers": 1}))
    assert "the model has no place for base_model.model.model.layers.1" in refusal(f"{shorter}+{adapter}")
    (adapter / "adapter_model.safetensors").unlink()
    assert refusal(f"{folder}+{adapter}") == (
        f"{adapter}: no adapter_model.safetensors beside its adapter_config.json"
    )


def test_peft_is_named_where_it_is_missing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_adapter(folder, tmp_path / "adapter")
    monkeypatch.setitem(sys.modules, "peft", None)
    assert "is an adapter, which needs peft" in refusal(f"{folder}+{tmp_path / 'adapter'}")


def test_a_gguf_file_answers_as_the_folder_that_it_was_made_of(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gguf = pytest.importorskip("gguf", reason="needs the extra local")
    from tests.models.local.tiny_gguf import pack

    path = pack(folder, tmp_path / "Tiny.gguf")
    own, read = gguf.GGUFReader, Mock(wraps=gguf.GGUFReader)
    monkeypatch.setattr(gguf, "GGUFReader", read)
    engine = Local(str(path), device="cpu")
    assert read.call_count == 1
    assert gguf.GGUFReader is read
    monkeypatch.setattr(gguf, "GGUFReader", own)
    assert capfd.readouterr().err == ""
    asked = jobs(4, temperature=0.0)
    for one, other in zip(engine.run(asked), Local(str(folder), device="cpu").run(asked), strict=True):
        assert close(one, other)
    assert engine.digest == Local(str(path), device="cpu").digest
    (tmp_path / "other").mkdir()
    again = pack(folder, tmp_path / "other" / "Tiny.gguf", TEMPLATE + " ")
    assert Local(str(again), device="cpu").digest != engine.digest
    assert f"{path}: a GGUF file holds weights rounded to few bits" in refusal(f"{path}+{folder}")


def test_gguf_files_that_cannot_be_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gguf", reason="needs the extra local")
    from tests.models.local.tiny_gguf import pack

    path = pack(folder, tmp_path / "Tiny.gguf")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert f"{path}: is cut short or damaged (" in refusal(path)
    path.write_bytes(content.replace(b"llama", b"lllll"))
    assert "transformers cannot read this GGUF file" in refusal(path)
    path.write_bytes(b"no such thing")
    assert "is no GGUF file, whatever its name says" in refusal(path)
    assert "no such file; one of the hub is fetched by: hf download" in refusal(tmp_path / "nowhere.gguf")
    path.write_bytes(content)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert refusal(path) == f"{path} needs the package gguf; pip install 'mien[local]'"
