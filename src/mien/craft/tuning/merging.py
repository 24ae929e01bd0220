"""Adapters into weights: W + Σ wᵢ ΔWᵢ, as a model of its own or as one adapter."""

from __future__ import annotations

import shutil
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import transformers
from peft.tuners.lora import LoraLayer

from mien.craft.tuning.base_models import Base, find_base
from mien.craft.tuning.record import read_recipe
from mien.errors import InputError, UsageError
from mien.models.local import places
from mien.models.local.loading import adapted, choose_dtype, merged, quiet
from mien.models.local.places import AS_FOLDER, NO_ADAPTER, first_line

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from mien.models.local.places import Place

_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Weighted:
    """An adapter, a folder or hub id, and how much of its change is taken."""

    adapter: str
    weight: float = 1.0


def merge(model: str, adapters: Sequence[Weighted] = (), *, out: str | Path, dtype: str = "auto") -> Path:
    """Write a model whose weights hold the adapters' changes, each times its weight.

    Args:
        model: ``hf/FOLDER``, ``hf/OWNER/NAME``, either with ``+ADAPTER``, ``hf/FILE.gguf``, of which whole
            weights are written, or ``organism/NAME``.
        adapters: of that model; none: the model with what ``+ADAPTER`` or a variant of the organism adds.
        out: a new folder.
        dtype: of the weights that are written; ``auto``: the model's own. The sum is done in float32.

    Returns:
        The folder.

    Raises:
        InputError: a model, an adapter or the folder cannot be used, or an adapter is for another model.
    """
    base = find_base(model)
    found = _found(base, adapters)
    with _new(out) as folder, _quiet():
        loaded = base.open(_CPU, torch.float32)
        whole = loaded.model
        for place, one in zip(found, adapters, strict=True):
            whole = _add(whole, place, one.weight, base.spec)
        numbers = _own_dtype(base) if dtype == "auto" else choose_dtype(dtype, _CPU)
        whole.to(numbers).save_pretrained(folder)
        loaded.tokenizer.save_pretrained(folder)
    return Path(out)


def blend(model: str, adapters: Sequence[Weighted], *, out: str | Path) -> Path:
    """Write one adapter that changes the model as all of these together, each times its weight.

    Its rank is the sum of theirs: B A = Σ wᵢ (αᵢ / rᵢ) Bᵢ Aᵢ exactly, by putting them side by side.

    Raises:
        InputError: as `merge`; or an adapter is of a kind that cannot be added up.
        UsageError: there is no adapter.
    """
    if not adapters:
        raise UsageError("a blend needs at least one adapter")
    base = find_base(model)
    found = _found(base, adapters)
    with _new(out) as folder, _quiet():
        whole: Any = base.open(_CPU, torch.float32).model
        names = [f"a{i}" for i in range(len(found))]
        for name, place in zip(names, found, strict=True):
            whole = adapted(whole, place, _CPU, base.spec, name)
        try:
            whole.add_weighted_adapter(
                names, [one.weight for one in adapters], "blend", combination_type="cat"
            )
        except (ValueError, TypeError) as error:
            raise InputError(
                f"these adapters cannot be added up: {first_line(error)}", source=model
            ) from error
        # Left open, peft would look on the hub for whether the embedding has grown.
        whole.save_pretrained(folder, selected_adapters=["blend"], save_embedding_layers=False)
        for path in (folder / "blend").iterdir():
            path.rename(folder / path.name)
        (folder / "blend").rmdir()
        (folder / "README.md").unlink(missing_ok=True)
        base.sign(folder)
    return Path(out)


def _found(base: Base, adapters: Sequence[Weighted]) -> list[Place]:
    found: list[Place] = []
    if base.place.gguf and adapters:
        raise InputError(f"{NO_ADAPTER}; {AS_FOLDER}", source=base.spec)
    for one in adapters:
        with quiet():
            place = places.find_adapter(one.adapter)
        recipe = read_recipe(place.folder) if place.folder else None
        if recipe and recipe.model_digest != base.digest:
            raise InputError(
                f"the adapter was trained on {recipe.model} with other weights than those of {base.spec}",
                source=one.adapter,
            )
        found.append(place)
    return found


def _add(model: Any, adapter: Place, weight: float, base: str) -> Any:
    if weight == 1:
        return merged(model, adapter, _CPU, base)
    model = adapted(model, adapter, _CPU, base)
    layers = [module for module in model.modules() if isinstance(module, LoraLayer)]
    if not layers:
        raise InputError("only LoRA adapters can be weighted", source=adapter.name)
    for layer in layers:
        layer.set_scale("default", weight)
    return model.merge_and_unload()


def _own_dtype(base: Base) -> torch.dtype:
    auto: Any = transformers.AutoConfig
    found = auto.from_pretrained(base.place.path, **base.place.arguments).dtype
    return found if isinstance(found, torch.dtype) else torch.float32


@contextmanager
def _new(out: str | Path) -> Generator[Path]:
    """A folder that has its name only when all is in it."""
    out = Path(out).expanduser()
    if out.exists():
        raise InputError("exists already; choose another folder", source=out)
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = out.with_name(f"{out.name}.new")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
        folder.rename(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _quiet() -> Generator[None]:
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in `mien.models.local.loading.load`
        yield
