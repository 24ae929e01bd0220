"""Files of a model that are not what their names say, told by what they are: libraries tell it by bytes."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any, Final

import safetensors

from mien.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from mien.models.local.places import Place

_POINTER: Final = b"version https://git-lfs.github.com/spec/"

# Pickles of torch before it wrote archives, and the archives since.
_ARCHIVE, _PICKLE = b"PK", b"\x80"

# In the order in which transformers and peft look for them; an index names the files that hold the weights.
_WEIGHTS: Final = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
_ADAPTERS: Final = ("adapter_model.safetensors", "adapter_model.bin")
_TOKENIZERS: Final = ("tokenizer.json", "tokenizer.model", "vocab.json")
_SETTINGS: Final = (
    "config.json",
    "generation_config.json",
    "adapter_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
)

_AGAIN: Final = "fetch it again"


def check_files(place: Place) -> None:
    """See that the files of a folder that are read are whole; those of the hub are, once they are fetched.

    Raises:
        InputError: one is not; the message names it, what it is, and the way on.
    """
    if place.folder is None:
        return
    for path in [place.folder / place.gguf] if place.gguf else _read(place.folder):
        if problem := _problem(path):
            raise InputError(problem, source=path)


def _read(folder: Path) -> list[Path]:
    """The files that are read: of several that hold the same, the first."""
    files = [folder / name for name in _SETTINGS if (folder / name).is_file()]
    for names in (_TOKENIZERS, _ADAPTERS, _WEIGHTS):
        files += [folder / name for name in names if (folder / name).is_file()][:1]
    if files and files[-1].name.endswith(".index.json"):
        if problem := _problem(files[-1]):
            raise InputError(problem, source=files[-1])
        parts = sorted(set(json.loads(files[-1].read_bytes()).get("weight_map", {}).values()))
        if missing := [name for name in parts if not (folder / name).is_file()]:
            raise InputError(
                f"{missing[0]} is missing, one of {len(parts)} files with its weights; fetch it again",
                source=folder,
            )
        files += [folder / name for name in parts]
    return files


def _problem(path: Path) -> str:
    """What is wrong with a file; empty where nothing is."""
    with path.open("rb") as file:
        start = file.read(256)
    if start.startswith(_POINTER):
        return (
            "is a pointer of Git LFS, not the file itself; fetch that: "
            "git lfs pull, in its repository, or hf download OWNER/NAME"
        )
    if not start:
        return f"is empty; {_AGAIN}"
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return f"is a web page, perhaps one that asks for a login; {_AGAIN}"
    check = _CHECKS.get(path.suffix.lower())
    return check(path, start) if check else ""


def _safetensors(path: Path, start: bytes) -> str:
    library: Any = safetensors
    try:
        with library.safe_open(path, framework="np"):
            return ""
    except Exception as error:  # the library's own error, or the system's
        return f"is cut short or damaged ({error}); {_AGAIN}"


def _torch(path: Path, start: bytes) -> str:
    whole = zipfile.is_zipfile(path) if start.startswith(_ARCHIVE) else start.startswith(_PICKLE)
    return "" if whole else f"is cut short or damaged; {_AGAIN}"


def _json(path: Path, start: bytes) -> str:
    try:
        members = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        return f"is cut short or no JSON ({error}); {_AGAIN}"
    return "" if isinstance(members, dict) else f"holds no JSON object; {_AGAIN}"


def _gguf(path: Path, start: bytes) -> str:
    return "" if start.startswith(b"GGUF") else f"is no GGUF file, whatever its name says; {_AGAIN}"


_CHECKS: Final = {".safetensors": _safetensors, ".bin": _torch, ".json": _json, ".gguf": _gguf}
