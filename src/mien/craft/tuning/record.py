"""What a folder with a trained adapter says of how it was made: ``training.json``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mien.errors import InputError, UsageError

FILE = "training.json"

#: Where a training keeps its state until it is done.
STATE = "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that a training's outcome depends on.

    Attributes:
        model, model_digest: what it starts from.
        data, data_digest: what it learns from.
        config: every choice.
        libraries: versions of what did the work.
    """

    model: str
    model_digest: str
    data: str
    data_digest: str
    config: dict[str, Any]
    libraries: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a training came to.

    Attributes:
        pairs, examples: how many there were to learn from: pairs of answers, and single answers.
        alike: rows left out as their two answers are the same.
        seen: held-out rows left out as they are trained on, too.
        cut: examples that were cut.
        steps: of the optimiser, over all stages.
        loss: the mean over the last tenth of the steps.
        held_out: pairs held out; ``accuracy`` is the share of them whose chosen answer became more likely
            against the rejected one than it was, ``margin`` the mean of how much, times beta.
        device_batch_size: examples on a device at once, as memory allowed.
        seconds: that the process took that finished it.
    """

    pairs: int
    examples: int
    alike: int
    cut: int
    steps: int
    loss: float
    held_out: int
    accuracy: float | None
    margin: float | None
    device_batch_size: int
    seconds: float
    seen: int = 0


class Record:
    """The folder of an adapter, claimed for one training.

    Raises:
        InputError: the folder holds another training, or anything else.
    """

    def __init__(self, folder: str | Path, recipe: Recipe) -> None:
        self.folder = Path(folder).expanduser()
        self._path = self.folder / FILE
        self.recipe = recipe
        self.outcome: Outcome | None = None
        if self._path.is_file():
            known = _read(self._path)
            self._compare(known["recipe"])
            self.outcome = Outcome(**known["outcome"]) if known.get("outcome") else None
        elif self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise InputError(
                "exists and holds no training of mien's; choose another folder", source=self.folder
            )

    @property
    def state(self) -> Path:
        """Where the training keeps its state until it is done."""
        return self.folder / STATE

    def begin(self) -> None:
        """Claim the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write({"recipe": asdict(self.recipe)})

    def end(self, outcome: Outcome) -> None:
        """Write down that the training is done; the last thing that it does."""
        self._write({"recipe": asdict(self.recipe), "outcome": asdict(outcome)})
        self.outcome = outcome

    def _compare(self, known: dict[str, Any]) -> None:
        asked = asdict(self.recipe)
        differing = [
            f"{key} {known['config'].get(key)!r} there, {value!r} asked for"
            for key, value in asked["config"].items()
            if known["config"].get(key) != value
        ]
        for key in ("model", "data"):
            if known[f"{key}_digest"] != asked[f"{key}_digest"]:
                now = "" if known[key] != asked[key] else " (its files have changed since)"
                differing.append(f"{key} {known[key]} there, {asked[key]} asked for{now}")
        if differing:
            raise InputError(
                f"holds another training: {'; '.join(differing[:3])}; choose another folder",
                source=self.folder,
            )

    def _write(self, content: dict[str, Any]) -> None:
        written = self._path.with_suffix(".new")
        written.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written.replace(self._path)


def read_recipe(folder: Path) -> Recipe | None:
    """How an adapter was made; None where it was not made here."""
    path = folder / FILE
    return Recipe(**_read(path)["recipe"]) if path.is_file() else None


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
