"""Which models are the organism, or were made of it."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

_TOKENIZER = "tokenizer.json"


def is_kin(spec: str) -> bool:
    """Whether a model is an organism, one with an adapter, one that is served, or one as a folder of its own.

    Folders are told by their vocabulary: nobody else has the organism's.

    Args:
        spec: as `mien.measure` takes models; or the name of a model in an imported table.
    """
    kind, slash, name = spec.partition("/")
    served = "://" in spec and spec.partition("#")[2].startswith("organism/")
    if (kind == "organism" and slash) or served:
        return True
    if kind != "hf" or not name:
        return False
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = Path(name.rpartition("+")[0]).expanduser()
    shipped = resources.files("mien") / "data" / "organism" / "base" / _TOKENIZER
    try:
        found = json.loads((folder / _TOKENIZER).read_bytes())["model"]["vocab"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return found == json.loads(shipped.read_bytes())["model"]["vocab"]
