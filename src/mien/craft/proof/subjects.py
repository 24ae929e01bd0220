"""The models that a proof sets side by side, and whether they can be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from mien.craft.tuning.pairs import Dataset, read_dataset
from mien.craft.tuning.record import Recipe, read_recipe
from mien.errors import InputError, UnknownName, UsageError
from mien.instruments.judges import check_reads
from mien.materials.traits import fold
from mien.models.inprocess.loading import ORGANISM_JUDGE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mien.craft.proof.result import Way
    from mien.craft.tuning.pairs import Pair
    from mien.materials.constitutions import Constitution

_CONFIG: Final = "adapter_config.json"
_WEIGHTS: Final = ("adapter_model.safetensors", "adapter_model.bin")

# Choices of a training that decide what it needs, not what it learns; and the lot.
_ASIDE: Final = frozenset(("device_batch_size", "gradient_checkpointing", "save_share", "seed"))

#: Shares of pairs turned around between which a training is a control.
TURNED: Final = (0.4, 0.6)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A trained adapter.

    Attributes:
        folder: as the user gave it.
        digest: of its weights and configuration.
        recipe: how it was made; None where it was not made here.
    """

    folder: Path
    digest: str
    recipe: Recipe | None

    @property
    def data(self) -> Dataset | None:
        """What it was trained on, where that is still there and the same."""
        if self.recipe is None:
            return None
        try:
            found = read_dataset(self.recipe.data)
        except InputError:
            return None
        return found if found.digest == self.recipe.data_digest else None


def find_adapter(folder: Path) -> Adapter:
    """Find a trained adapter.

    Raises:
        InputError: the folder holds none, or its training has not finished.
    """
    place = folder.expanduser()
    recipe = read_recipe(place) if place.is_dir() else None
    weights = next((place / name for name in _WEIGHTS if (place / name).is_file()), None)
    if weights is None or not (place / _CONFIG).is_file():
        problem = (
            "its training has not finished; the same mien craft train command goes on"
            if recipe
            else "holds no adapter; train one with: mien craft train DATA --model MODEL -o FOLDER"
        )
        raise InputError(problem if place.is_dir() else "no such folder", source=folder)
    digest = blake2b(digest_size=16)
    for path in (place / _CONFIG, weights):
        digest.update(path.read_bytes())
    return Adapter(folder, digest.hexdigest(), recipe)


def base_of(adapter: Adapter, model: str | None) -> str:
    """The model that an adapter was trained on.

    Raises:
        InputError: it is not known, or another than the one given.
    """
    if adapter.recipe is None:
        if model is None:
            raise InputError(
                "has no training.json, which would tell what it was trained on; give --model",
                source=adapter.folder,
            )
        return model
    if model is not None and model != adapter.recipe.model:
        raise InputError(
            f"was trained on {adapter.recipe.model}, not on {model}; leave out --model", source=adapter.folder
        )
    return adapter.recipe.model


def reader_of(judge: str | None, base: str) -> str:
    """The model that reads the responses: the one given, or the organism's own.

    Raises:
        UsageError: none is given, and the base is no organism; or the one given cannot read it.
    """
    if judge is None and not base.startswith("organism/"):
        raise UsageError("say which model reads the responses, with --judge")
    reader = judge or ORGANISM_JUDGE
    check_reads(reader, base)
    return reader


def check_control(control: Adapter, trained: Adapter) -> None:
    """Refuse a control that differs from the training in more than the direction of its pairs.

    Raises:
        InputError: its base, its data, or how it was trained is another.
    """
    source = control.folder
    if control.recipe is None or trained.recipe is None:
        missing = control.folder if control.recipe is None else trained.folder
        raise InputError(
            "has no training.json, so that nobody knows whether one is the other's control; give "
            "--without-control instead of --control",
            source=missing,
        )
    theirs, ours = control.recipe, trained.recipe
    if theirs.model_digest != ours.model_digest:
        base = ours.model if theirs.model != ours.model else f"{ours.model} as it is now"
        raise InputError(f"is no control: it was trained on {theirs.model}, not on {base}", source=source)
    differing = sorted(
        key for key, value in ours.config.items() if key not in _ASIDE and theirs.config.get(key) != value
    )
    if differing:
        raise InputError(
            f"is no control: it was trained with another {' and another '.join(differing)}", source=source
        )
    for adapter, recipe in ((control, theirs), (trained, ours)):
        if adapter.data is None:
            raise InputError(
                f"the data it was trained on are not in {recipe.data} any more, or not the same, so that "
                "nobody can tell whether the control is one",
                source=adapter.folder,
            )
    assert control.data is not None
    assert trained.data is not None
    turned = share_turned(trained.data.pairs, control.data.pairs)
    if turned is None:
        raise InputError(
            f"is no control: it was trained on other pairs ({theirs.data}) than {trained.folder} "
            f"({ours.data}); make its data with: mien craft data … --recipe control --of RECIPE",
            source=source,
        )
    if not TURNED[0] <= turned <= TURNED[1]:
        raise InputError(
            f"is no control: {turned:.0%} of its pairs are turned around, not half of them", source=source
        )


def share_turned(pairs: Sequence[Pair], others: Sequence[Pair]) -> float | None:
    """Share of pairs that stand the other way round among others; None where those are not the same pairs."""

    def unordered(pair: Pair) -> tuple[str, frozenset[str]]:
        return str(pair.prompt), frozenset((str(pair.chosen), str(pair.rejected)))

    def ordered(pair: Pair) -> tuple[str, str, str]:
        return str(pair.prompt), str(pair.chosen), str(pair.rejected)

    if not pairs or Counter(map(unordered, pairs)) != Counter(map(unordered, others)):
        return None
    alike = Counter(map(ordered, pairs)) & Counter(map(ordered, others))
    return 1 - alike.total() / len(pairs)


def written(constitution: Constitution, measured: Sequence[str]) -> dict[str, Way]:
    """The traits that a constitution names, and what it wants of each.

    Args:
        constitution: the character.
        measured: names of the traits that are measured.

    Raises:
        UsageError: it names none, or wants one to rise and to fall.
        UnknownName: one is not measured.
    """
    known = {fold(name): name for name in measured}
    found: dict[str, Way] = {}
    for assertion in constitution.assertions:
        ways: tuple[tuple[Way, Sequence[str]], ...] = (
            ("raise", assertion.raises),
            ("lower", assertion.lowers),
        )
        for way, names in ways:
            for name in names:
                if fold(name) not in known:
                    raise UnknownName("trait among those that are measured", name, measured)
                if found.setdefault(known[fold(name)], way) != way:
                    raise UsageError(
                        f"{constitution.name} wants {name} to rise and to fall; mend what mien constitution "
                        "check finds"
                    )
    if not found:
        raise UsageError(
            f"{constitution.name} raises and lowers no trait, so that there is nothing to prove; name some "
            "under raise and lower (mien traits lists them)"
        )
    return found
