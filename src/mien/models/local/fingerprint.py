"""What tells a model from all others: a hash over its files."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mien.models.local.places import Place

# To be raised when the same weights would draw other tokens than before.
_VERSION = "1"

# What a model or tokenizer is read from; a README or a trainer's state changes no answer.
_KINDS = frozenset((".safetensors", ".bin", ".json", ".jinja", ".model", ".txt", ".tiktoken"))
_ASIDE = frozenset(
    ("trainer_state.json", "training.json", "training_args.bin", "optimizer.bin", "scheduler.bin")
)

_BLOCK = 16 << 20  # bytes


def digest(places: Sequence[Place], dtype: str) -> str:
    """Hash all that answers depend on.

    Folders are read in full, so that no edit of the weights goes unnoticed, however small: blocks of
    16 MiB are hashed side by side, at about 1 GB/s and core. That is about as long as loading takes, which
    finds the files in the page cache then. For a repository on the hub its commit says it all.

    Args:
        places: of the model and, after it, the adapter.
        dtype: in which the model computes.

    Returns:
        32 hexadecimal digits.
    """
    whole = blake2b(f"{_VERSION} {dtype}".encode(), digest_size=16)
    for place in places:
        if place.folder is None:
            whole.update(f"\nhub {place.commit}".encode())
            continue
        for name, size, blocks in _files(place.folder, place.gguf):
            whole.update(f"\n{name} {size} ".encode() + b"".join(blocks))
        whole.update(b"\n.")
    return whole.hexdigest()


def _files(folder: Path, gguf: str) -> Iterator[tuple[str, int, list[bytes]]]:
    """Name, size and hashed blocks of each file that matters, by name."""
    files = sorted(
        path
        for path in (*folder.iterdir(), *(folder / "additional_chat_templates").glob("*"))
        if path.is_file() and path.suffix in _KINDS and path.name not in _ASIDE
    )
    if gguf:
        files = [folder / gguf]
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for path in files:
            size = path.stat().st_size
            blocks = pool.map(_hash, (path for _ in range(0, size, _BLOCK)), range(0, size, _BLOCK))
            yield path.relative_to(folder).as_posix(), size, list(blocks)


def _hash(path: Path, start: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return blake2b(file.read(_BLOCK), digest_size=16).digest()
