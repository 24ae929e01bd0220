"""Folders and repositories of the hub, of which none is fetched."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import huggingface_hub
import pytest

from mien.models.local import Local
from tests.models.local.tiny import jobs, refusal

if TYPE_CHECKING:
    from pathlib import Path


def test_places_that_hold_no_model(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    assert (
        refusal(tmp_path) == f"{tmp_path}: no config.json in this folder, so it holds no model: it is empty"
    )
    assert "no such folder; give one that holds config.json, or a hub id" in refusal(tmp_path / "nowhere")
    assert "no such folder" in refusal("")
    assert "the Hugging Face hub cannot be reached" in refusal("someone/something")
    assert "hf download someone/something" in refusal("someone/something")
    assert refusal(f"{folder}+{tmp_path}") == (
        f"{tmp_path}: no adapter_config.json in this folder, so it holds no adapter: it is empty"
    )
    assert "give one that holds adapter_config.json" in refusal(f"{folder}+{tmp_path / 'nowhere'}")
    assert "the Hugging Face hub cannot be reached" in refusal(f"{folder}+someone/adapter")


def test_folders_that_hold_something_else_say_what(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "Small.GGUF").write_bytes(b"GGUF")
    assert f"holds no model but GGUF files; name one of them: hf/{tmp_path}/Small.GGUF" in refusal(tmp_path)
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    assert f"but an adapter, which goes on its model: hf/MODEL+{adapter}" in refusal(adapter)
    assert "holds no adapter but a model" in refusal(f"{folder}+{folder}")
    (tmp_path / "empty").mkdir()
    assert "holds no model: it is empty" in refusal(tmp_path / "empty")
    (tmp_path / "bare").mkdir()
    shutil.copy(folder / "model.safetensors", tmp_path / "bare")
    assert "put the config.json of the same model beside its weights" in refusal(tmp_path / "bare")
    assert "is a file; give the folder that holds config.json" in refusal(folder / "model.safetensors")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("GatedRepoError", "accept its terms on the hub, then log in: hf auth login"),
        ("RepositoryNotFoundError", "no folder of this name, and no model on the Hugging Face hub"),
        ("EntryNotFoundError", "no config.json in this repository of the hub"),
        ("OfflineModeIsEnabled", "cannot be reached"),
        ("OSError", "cannot be fetched from the Hugging Face hub: it broke"),
    ],
)
def test_refusals_of_the_hub(monkeypatch: pytest.MonkeyPatch, error: str, words: str) -> None:
    def fail(*_: Any, **__: Any) -> str:
        kind = OSError if error == "OSError" else getattr(huggingface_hub.errors, error)
        raised = kind.__new__(kind)
        raised.args = ("it broke\nin two lines",)
        raise raised

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fail)
    assert words in refusal("someone/something")


def test_a_model_from_the_hub_goes_by_its_commit(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the hub's cache, as it is laid out on disk; nothing is fetched."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    digests = set[str]()
    for commit in ("1" * 40, "2" * 40):
        kept = tmp_path / "models--someone--tiny"
        shutil.copytree(folder, kept / "snapshots" / commit)
        (kept / "refs").mkdir(exist_ok=True)
        (kept / "refs" / "main").write_text(commit)
        engine = Local("someone/tiny", device="cpu")
        assert engine.name == "someone/tiny"
        assert not engine.run(jobs(1))[0].failure
        digests.add(engine.digest)
    assert len(digests) == 2
