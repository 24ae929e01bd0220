"""From preferences and a model to an adapter: looks at all that may be in the way, then trains."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import datasets

from mien.craft.tuning.base_models import Base, find_trainable
from mien.craft.tuning.config import TrainingConfig
from mien.craft.tuning.devices import Devices, choose_devices
from mien.craft.tuning.examples import Examples
from mien.craft.tuning.model_card import write_card
from mien.craft.tuning.pairs import Dataset, chosen_examples, read_dataset
from mien.craft.tuning.record import Outcome, Recipe, Record
from mien.craft.tuning.trl import Done, Stage
from mien.errors import InputError, UsageError
from mien.models.local.loading import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from mien.craft.tuning.callbacks import Step

_datasets: Any = datasets  # its functions have parameters of types that checkers cannot know

# What these libraries say to each other; no user can do anything about it.
_REMARKS: tuple[tuple[type[Warning], str], ...] = (
    # TRL still sets by its old name what transformers has renamed.
    (FutureWarning, ".gradient_checkpointing. is deprecated"),
    (FutureWarning, ".is_gradient_checkpointing. is deprecated"),
)

_LIBRARIES = ("mien", "torch", "transformers", "trl", "peft", "accelerate", "datasets")


def train(
    data: str | Path,
    *,
    model: str,
    out: str | Path,
    config: TrainingConfig | None = None,
    device: str = "auto",
    on_step: Callable[[Step], None] | None = None,
) -> Outcome:
    """Train an adapter, or go on where an interrupted training of the same was.

    Args:
        data: a folder or file of preferences; see `mien.craft.tuning.pairs.read_dataset`.
        model: ``hf/FOLDER``, ``hf/OWNER/NAME`` or ``organism/NAME``.
        out: the adapter's folder; it must be new, or hold this very training.
        config: every choice.
        device: ``auto``, or as torch names it.
        on_step: called after each step.

    Raises:
        InputError: the data, the model or the folder cannot be used.
        UsageError: the training broke, or memory does not hold a single example.
    """
    config = config or TrainingConfig()
    dataset, base, devices = read_dataset(data), find_trainable(model), choose_devices(device)
    _check_method(config, dataset, devices)
    record = Record(out, _recipe(base, dataset, config))
    if record.outcome:
        return record.outcome
    began = time.monotonic()
    with quiet(), _quiet_libraries():
        stages, cut = _stages(base, dataset, config, devices, record)
        if devices.main:
            record.begin()
        done = [stage.run(on_step) for stage in stages]
        outcome = _outcome(dataset, config, done, cut=cut, seconds=time.monotonic() - began)
        if devices.main:
            _finish(record, stages[-1], done, outcome, dataset)
    return outcome


def _check_method(config: TrainingConfig, dataset: Dataset, devices: Devices) -> None:
    if config.method == "dpo+sft" and not dataset.introspection:
        raise InputError(
            "the method dpo+sft tunes on introspections after the pairs, and there are none "
            "(introspection.jsonl); use dpo",
            source=dataset.source,
        )
    if config.batch_size % devices.count:
        raise UsageError(
            f"a batch of {config.batch_size} cannot be split evenly over {devices.count} devices"
        )


def _recipe(base: Base, dataset: Dataset, config: TrainingConfig) -> Recipe:
    versions = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return Recipe(
        model=base.spec,
        model_digest=base.digest,
        data=str(dataset.source),
        data_digest=dataset.digest,
        config=config.model_dump(),
        libraries=versions,
    )


def _stages(
    base: Base, dataset: Dataset, config: TrainingConfig, devices: Devices, record: Record
) -> tuple[list[Stage], int]:
    """What is to be done, and how many examples will be cut."""
    examples = Examples(base, config)

    def stage(name: str, rows: Any, held_out: Any = (), start: Path | None = None) -> Stage:
        return Stage(
            name=name,
            rows=rows,
            held_out=list(held_out),
            start=start,
            folder=record.state / name,
            logs=record.folder / "runs" / name,
            base=base,
            config=config,
            devices=devices,
        )

    stages: list[Stage] = []
    if "dpo" in config.method:
        rows = examples.rows(dataset.pairs, system_share=config.system_share)
        stages.append(stage("dpo", rows, examples.rows(dataset.held_out)))
    if "sft" in config.method:
        start = stages[0].adapter if stages else None
        rows = examples.rows(_single(dataset, config), system_share=config.system_share)
        stages.append(stage("sft", rows, start=start))
    return stages, examples.cut


def _single(dataset: Dataset, config: TrainingConfig) -> Any:
    """The answers that ``sft`` learns."""
    if config.method == "sft":
        return (*chosen_examples(dataset.pairs), *dataset.introspection)
    return dataset.introspection if config.method == "dpo+sft" else ()


def _outcome(
    dataset: Dataset, config: TrainingConfig, done: list[Done], *, cut: int, seconds: float
) -> Outcome:
    losses: list[float] = [row["loss"] for row in done[-1].history]
    last = losses[-max(1, len(losses) // 10) :]
    held_out = done[0].held_out
    return Outcome(
        pairs=len(dataset.pairs) if "dpo" in config.method else 0,
        examples=len(_single(dataset, config)),
        alike=dataset.alike,
        seen=dataset.seen,
        cut=cut,
        steps=sum(len(one.history) for one in done),
        loss=sum(last) / len(last),
        held_out=len(dataset.held_out) if held_out else 0,
        accuracy=held_out.get("eval_rewards/accuracies"),
        margin=held_out.get("eval_rewards/margins"),
        device_batch_size=min(one.device_batch_size for one in done),
        seconds=round(seconds, 1),
    )


def _finish(record: Record, last: Stage, done: list[Done], outcome: Outcome, dataset: Dataset) -> None:
    for path in last.adapter.iterdir():
        shutil.copyfile(path, record.folder / path.name)
    lines = [json.dumps(row) for one in done for row in one.history]
    (record.folder / "log.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_card(record.folder, record.recipe, outcome, dataset.told)
    record.end(outcome)
    shutil.rmtree(record.state)


@contextmanager
def _quiet_libraries() -> Generator[None]:
    """Keep progress bars and remarks that concern only these libraries' own code out of the terminal."""
    bars = _datasets.are_progress_bars_disabled()
    _datasets.disable_progress_bars()
    try:
        with warnings.catch_warnings():
            for category, message in _REMARKS:
                warnings.filterwarnings("ignore", message, category)
            yield
    finally:
        if not bars:
            _datasets.enable_progress_bars()
