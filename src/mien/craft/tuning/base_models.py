"""The model that a training starts from, or that adapters are merged into."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import UnknownName, UsageError
from mien.models.local import fingerprint, places
from mien.models.local.loading import load, load_tokenizer, quiet
from mien.models.local.places import AS_FOLDER
from mien.models.organism.engine import NAMES

if TYPE_CHECKING:
    import torch

    from mien.models.local.loading import Loaded, Reader
    from mien.models.local.places import Place

_SHIPPED = Path(str(resources.files("mien") / "data" / "organism"))

_MERGE_FIRST = (
    "an adapter goes on a model, not on another adapter; merge that one first: "
    "mien craft merge {model} {adapter} -o FOLDER"
)


@dataclass(frozen=True, slots=True)
class Base:
    """Where a model is.

    Attributes:
        spec: as the user gave it.
        place: of the model.
        adapter: of what ``hf/MODEL+ADAPTER`` or a variant of the organism has on top.
    """

    spec: str
    place: Place
    adapter: Place | None = None

    @property
    def digest(self) -> str:
        """Hash of the files, whatever the number format: what an adapter is made for."""
        return fingerprint.digest([p for p in (self.place, self.adapter) if p], "any")

    @property
    def name(self) -> str:
        """What an adapter on it says that it is made for."""
        return self.spec if self.spec.startswith("organism/") else self.place.name

    def open(self, device: torch.device, dtype: torch.dtype | None) -> Loaded:
        """Load it; an adapter is merged into its weights.

        Raises:
            InputError: the files are broken or of another kind.
            UsageError: memory does not hold it.
        """
        return load(self.place, self.adapter, device, dtype)

    def tokenizer(self) -> Reader:
        """Load its tokenizer alone."""
        return load_tokenizer(self.place, self.adapter)

    def sign(self, adapter: Path) -> None:
        """Name this model in an adapter's ``adapter_config.json``; the same adapter always gets the same."""
        path = adapter / "adapter_config.json"
        members = json.loads(path.read_text(encoding="utf-8"))
        members["base_model_name_or_path"] = self.name
        members["target_modules"] = sorted(members["target_modules"])  # a set, which has no order
        path.write_text(json.dumps(members, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def find_base(spec: str) -> Base:
    """Find a model that can be trained or merged into.

    Args:
        spec: ``hf/FOLDER``, ``hf/OWNER/NAME``, ``hf/MODEL+ADAPTER`` or ``organism/NAME``.

    Raises:
        UsageError: it names none, or one whose weights are not at hand.
        InputError: there is no such folder or repository.
    """
    kind, _, name = spec.partition("/")
    if kind == "organism" and name:
        variant, plus, adapter = name.partition("+")
        if plus:
            raise UsageError(f"{spec}: {_MERGE_FIRST.format(model=f'organism/{variant}', adapter=adapter)}")
        if name not in NAMES:
            raise UnknownName("model organism", name, NAMES)
        adapter = None if name == "base" else places.Place(str(_SHIPPED / name))
        return Base(spec, places.Place(str(_SHIPPED / "base")), adapter)
    if kind != "hf" or not name:
        raise UsageError(
            f"{spec!r}: a model to train is hf/FOLDER, hf/OWNER/NAME or organism/NAME: its weights are needed"
        )
    with quiet():
        return Base(spec, *places.find(name))


def find_trainable(spec: str) -> Base:
    """Find a model that can be trained as it is.

    Raises:
        UsageError: as `find_base`; or it is a GGUF file, or has an adapter of the user's.
    """
    base = find_base(spec)
    if base.place.gguf:
        raise UsageError(
            f"{spec}: a GGUF file holds weights rounded to few bits, from which no training can start; "
            f"{AS_FOLDER}, then train on hf/FOLDER"
        )
    if base.adapter and not spec.startswith("organism/"):
        raise UsageError(
            f"{spec}: {_MERGE_FIRST.format(model=f'hf/{base.place.name}', adapter=base.adapter.name)}"
        )
    return base
