"""Files that are not what their names say: each is named for what it is, with the way on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import peft
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from mien.errors import Notice
from mien.models.engine import Job
from mien.models.local import Local
from mien.types import Sampling
from tests.models.local.tiny import TEMPLATE, build, build_adapter, refusal, say

if TYPE_CHECKING:
    from collections.abc import Callable

#: Raised inside peft, which still asks transformers by the old name.
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")

CASES = Path(__file__).parents[4] / "shared" / "cases" / "files"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 538090408\n"


def half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def pointer(path: Path) -> None:
    path.write_text(POINTER)


def page(path: Path) -> None:
    path.write_text("<!DOCTYPE html><html><body>Please log in.</body></html>")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def many(path: Path) -> None:
    path.write_text("[]")


@pytest.mark.parametrize(
    ("file", "spoil", "told"),
    [
        (
            "model.safetensors",
            pointer,
            "is a pointer of Git LFS, not the file itself; fetch that: git lfs pull",
        ),
        ("model.safetensors", half, "is cut short or damaged"),
        ("model.safetensors", page, "is a web page"),
        ("model.safetensors", empty, "is empty; fetch it again"),
        ("tokenizer.json", pointer, "is a pointer of Git LFS"),
        ("tokenizer.json", half, "is cut short or no JSON"),
        ("config.json", pointer, "is a pointer of Git LFS"),
        ("config.json", many, "holds no JSON object"),
        ("generation_config.json", half, "is cut short or no JSON"),
        ("tokenizer_config.json", half, "is cut short or no JSON"),
    ],
)
def test_a_file_that_is_not_whole(
    folder: Path, tmp_path: Path, file: str, spoil: Callable[[Path], None], told: str
) -> None:
    shutil.copytree(folder, tmp_path / "m")
    spoil(tmp_path / "m" / file)
    assert f"{tmp_path / 'm' / file}: {told}" in refusal(tmp_path / "m")


def test_files_that_are_not_read_may_be_anything(folder: Path, tmp_path: Path) -> None:
    """As in clones without their large files, of which those that are needed were fetched."""
    shutil.copytree(folder, tmp_path / "m")
    for name in ("pytorch_model.bin", "consolidated.safetensors", "tokenizer.model", "training.json"):
        pointer(tmp_path / "m" / name)
    Local(str(tmp_path / "m"), device="cpu")


def test_weights_in_older_files(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "m")
    weights = tmp_path / "m" / "pytorch_model.bin"
    torch.save(load_file(folder / "model.safetensors"), weights)
    (tmp_path / "m" / "model.safetensors").unlink()
    Local(str(tmp_path / "m"), device="cpu")
    half(weights)
    assert "pytorch_model.bin: is cut short or damaged; fetch it again" in refusal(tmp_path / "m")
    weights.unlink()
    assert "there are no weights in this folder" in refusal(tmp_path / "m")


def test_a_part_of_the_weights_is_missing(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "m")
    names = load_file(folder / "model.safetensors")
    parts = {name: f"model-0000{1 + i % 2}-of-00002.safetensors" for i, name in enumerate(names)}
    (tmp_path / "m" / "model.safetensors").rename(tmp_path / "m" / "model-00001-of-00002.safetensors")
    (tmp_path / "m" / "model.safetensors.index.json").write_text(json.dumps({"weight_map": parts}))
    told = "model-00002-of-00002.safetensors is missing, one of 2 files with its weights"
    assert told in refusal(tmp_path / "m")


def test_weights_that_are_no_numbers(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "m")
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"][3] = float("nan")
    save_file(weights, tmp_path / "m" / "model.safetensors", metadata={"format": "pt"})
    assert "m: the tensor model.norm.weight holds NaN or infinity" in refusal(tmp_path / "m")
    weights["model.norm.weight"][3] = 1e30
    save_file(weights, tmp_path / "m" / "model.safetensors", metadata={"format": "pt"})
    told = refusal(tmp_path / "m", dtype="float16")
    assert "does not fit into float16; choose dtype bfloat16 or float32" in told


def test_a_tokenizer_without_words(folder: Path, tmp_path: Path) -> None:
    """Transformers makes up an empty one: every conversation would be nothing."""
    shutil.copytree(folder, tmp_path / "m")
    (tmp_path / "m" / "tokenizer.json").unlink()
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    qwen = transformers.Qwen2Config(
        **{key: config[key] for key in ("hidden_size", "num_attention_heads", "num_hidden_layers")},
        num_key_value_heads=2,
        intermediate_size=32,
        vocab_size=config["vocab_size"],
    )
    transformers.Qwen2ForCausalLM(qwen).save_pretrained(tmp_path / "m")
    assert "its tokenizer" in refusal(tmp_path / "m")


def test_a_tokenizer_that_is_larger_than_the_model(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "m")
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["<|x|>"], special_tokens=True)
    tokenizer.save_pretrained(tmp_path / "m")
    # Tokens that nobody uses do no harm; a text that uses one fails by itself, and a template that does, all.
    outputs = Local(str(tmp_path / "m"), device="cpu").run([Job(prompt=say("a <|x|>")), Job(prompt=say("a"))])
    assert "its tokenizer writes '<|x|>' as token " in outputs[0].failure
    assert not outputs[1].failure
    (tmp_path / "m" / "chat_template.jinja").write_text("<|x|>" + TEMPLATE)
    assert "they were not made for each other; take the tokenizer files of this model" in refusal(
        tmp_path / "m"
    )


def test_answers_that_nothing_ends(tmp_path: Path) -> None:
    template = "{% for m in messages %}[{{ m.role }}] {{ m.content }} {% endfor %}[assistant]"
    folder = build(tmp_path / "m", template=template)
    for file in ("config.json", "generation_config.json", "tokenizer_config.json"):
        members = json.loads((folder / file).read_text())
        members = {key: value for key, value in members.items() if "eos" not in key}
        (folder / file).write_text(json.dumps(members))
    with pytest.warns(Notice, match="m: nothing ends its answers but a limit"):
        engine = Local(str(folder), device="cpu")
    (output,) = engine.run([Job(prompt=say("a"), sampling=Sampling(max_tokens=3))])
    assert output.finish_reason == "length"


def test_adapters_that_change_no_weights(folder: Path, tmp_path: Path) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    kind = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4)
    peft.get_peft_model(model, kind).save_pretrained(tmp_path / "a")
    assert f"{tmp_path / 'a'}: is an adapter of the kind PROMPT_TUNING" in refusal(
        f"{folder}+{tmp_path / 'a'}"
    )


def test_adapters_that_are_not_whole(folder: Path, tmp_path: Path) -> None:
    build_adapter(folder, tmp_path / "a")
    pointer(tmp_path / "a" / "adapter_model.safetensors")
    assert "adapter_model.safetensors: is a pointer of Git LFS" in refusal(f"{folder}+{tmp_path / 'a'}")
    half(tmp_path / "a" / "adapter_config.json")
    assert "adapter_config.json: is cut short or no JSON" in refusal(f"{folder}+{tmp_path / 'a'}")


@pytest.mark.slow
def test_folders_that_were_met(tmp_path: Path) -> None:
    if not CASES.is_dir():
        pytest.skip("needs the recorded cases")
    command = [sys.executable, str(CASES / "make_models.py"), str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    assert "its tokenizer writes '<|x|>'" in refusal(tmp_path / "tokenizer_larger")
    assert "PROMPT_TUNING" in refusal(f"{tmp_path / 'drops_system'}+{tmp_path / 'prompt_tuning'}")
    assert Local(str(tmp_path / "no_pad_no_eos"), device="cpu").notes == ()
    shutil.copyfile(
        CASES / "07_lfs_pointer" / "model.safetensors", tmp_path / "no_pad_no_eos/model.safetensors"
    )
    assert "is a pointer of Git LFS" in refusal(tmp_path / "no_pad_no_eos")
