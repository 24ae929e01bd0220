"""One of TRL's trainers, run to its end: preferences (``dpo``) or answers (``sft``) to an adapter."""

from __future__ import annotations

import gc
import importlib.util
import json
import math
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import datasets
import peft
import torch
import transformers
import trl
from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size

from mien.craft.tuning.callbacks import Step, Watch
from mien.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mien.craft.tuning.base_models import Base
    from mien.craft.tuning.config import TrainingConfig
    from mien.craft.tuning.devices import Devices
    from mien.craft.tuning.examples import Turns

    Rows = list[dict[str, Turns]]

# Their functions have parameters of types that checkers cannot know.
_trl: Any = trl
_peft: Any = peft
_datasets: Any = datasets

_DONE = "done.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a stage came to.

    Attributes:
        history: what was logged of each step.
        held_out: what was measured on the pairs held out, by TRL's names.
        device_batch_size: examples on a device at once, as memory allowed.
    """

    history: list[dict[str, Any]]
    held_out: dict[str, float]
    device_batch_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One trainer's work.

    Attributes:
        name: ``dpo`` or ``sft``.
        rows, held_out: as TRL takes them.
        start: the adapter to go on with; None for a new one.
        folder: of its state; the adapter is in ``adapter`` there when it is done.
        logs: what TensorBoard shows.
    """

    name: str
    rows: Rows
    held_out: Rows
    start: Path | None
    folder: Path
    logs: Path
    base: Base
    config: TrainingConfig
    devices: Devices

    @property
    def adapter(self) -> Path:
        """Where the adapter is when the stage is done."""
        return self.folder / "adapter"

    def run(self, on_step: Callable[[Step], None] | None) -> Done:
        """Train, or go on where an interrupted process was; with fewer at once where memory runs out.

        Raises:
            UsageError: the loss broke, or memory does not hold a single example.
        """
        told = self.folder / _DONE
        if told.is_file():
            return Done(**json.loads(told.read_text(encoding="utf-8")))
        share = self.config.batch_size // self.devices.count
        size = _divisor(share, self.config.device_batch_size)
        while (done := self._attempt(size, on_step)) is None:
            size = _divisor(share, size // 2)
        if self.devices.main:
            written = told.with_suffix(".new")
            written.write_text(json.dumps(asdict(done)), encoding="utf-8")
            written.replace(told)
        return done

    def _attempt(self, size: int, on_step: Callable[[Step], None] | None) -> Done | None:
        """Train with so many examples on a device at once; None where memory ran out."""
        trainer = None
        try:
            trainer = self._trainer(size, on_step)
            trainer.train(resume_from_checkpoint=_last_checkpoint(self.folder))
            measured: dict[str, Any] = trainer.evaluate() if self.held_out else {}
            self._write(trainer)
            return Done(
                history=[row for row in trainer.state.log_history if "loss" in row],
                held_out={key: float(value) for key, value in measured.items()},
                device_batch_size=size,
            )
        except Exception as error:
            if not (isinstance(error, torch.OutOfMemoryError) or should_reduce_batch_size(error)):
                raise
            if size == 1 or self.devices.count > 1:
                # With several processes, the others wait for this one and never hear of it.
                fewer = f", device_batch_size: {size // 2} in --config" if size > 1 else ""
                raise UsageError(
                    f"memory does not hold {size} of the examples at once; "
                    f"try a lower --max-length{fewer} or a smaller model"
                ) from error
        # Only now has the error let go of the tensors of the frames that it came through.
        del trainer
        gc.collect()
        clear_device_cache(garbage_collection=True)
        return None

    def _trainer(self, size: int, on_step: Callable[[Step], None] | None) -> Any:
        transformers.set_seed(self.config.seed)  # for the adapter's first weights
        loaded = self.base.open(self.devices.device, self.devices.dtype)
        model, lora = loaded.model, None
        tokenizer = loaded.tokenizer
        if tokenizer.pad_token is None:  # TRL asks for one, and masks it: any will do
            loaded.tokenizer.pad_token = loaded.tokenizer.eos_token or loaded.tokenizer.convert_ids_to_tokens(
                0
            )
        if self.start:
            model = _peft.PeftModel.from_pretrained(model, self.start, is_trainable=True)
            # Else peft would look for a model of the name that is written there on the hub, at each save.
            model.peft_config["default"].base_model_name_or_path = self.base.place.path
        else:
            lora = _peft.LoraConfig(
                r=self.config.rank,
                lora_alpha=self.config.scale * self.config.rank,
                lora_dropout=self.config.dropout,
                target_modules="all-linear",
                task_type="CAUSAL_LM",
            )
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(self.logs)  # there is no other way to tell it
        made = (_trl.DPOTrainer if self.name == "dpo" else _trl.SFTTrainer)(
            model=model,
            args=self._arguments(size),
            train_dataset=_datasets.Dataset.from_list(self.rows),
            eval_dataset=_datasets.Dataset.from_list(self.held_out) if self.held_out else None,
            processing_class=loaded.tokenizer,
            peft_config=lora,
            callbacks=[Watch(self.name, on_step)],
        )
        made.remove_callback(transformers.PrinterCallback)
        return made

    def _arguments(self, size: int) -> Any:
        config, devices = self.config, self.devices
        steps = math.ceil(config.epochs * math.ceil(len(self.rows) / config.batch_size))
        shared: dict[str, Any] = {
            "output_dir": str(self.folder),
            "per_device_train_batch_size": size,
            # TRL takes the mean of the passes' means, which is that of the pairs where all are of one size.
            "per_device_eval_batch_size": _divisor(len(self.held_out), size) if self.held_out else size,
            "gradient_accumulation_steps": config.batch_size // devices.count // size,
            "num_train_epochs": config.epochs,
            "learning_rate": config.learning_rate,
            "lr_scheduler_type": "cosine_with_min_lr",
            "lr_scheduler_kwargs": {"min_lr_rate": 0.1},
            "warmup_steps": int(config.warmup * steps),  # as a share, it would take the whole of one step
            "adam_beta2": config.adam_beta2,
            "weight_decay": config.weight_decay,
            "max_grad_norm": config.max_grad_norm,
            "max_length": config.max_length,
            "gradient_checkpointing": config.gradient_checkpointing and devices.device.type != "cpu",
            "bf16": devices.dtype == torch.bfloat16,
            "ddp_find_unused_parameters": False,
            "use_cpu": devices.device.type == "cpu",
            "dataloader_pin_memory": devices.device.type == "cuda",
            "seed": config.seed,
            "save_strategy": "steps",
            "save_steps": config.save_share,
            "save_total_limit": 2,  # the last one may be half written
            "logging_steps": 1,
            "logging_nan_inf_filter": False,
            "report_to": _reports(),
            "run_name": f"{self.logs.parent.parent.name}-{self.name}",
            "disable_tqdm": True,
        }
        if self.name == "sft":
            return _trl.SFTConfig(**shared, completion_only_loss=True)
        losses = {"sigmoid": 1.0} | ({"sft": config.nll} if config.nll else {})
        weights = list(losses.values())
        return _trl.DPOConfig(**shared, beta=config.beta, loss_type=list(losses), loss_weights=weights)

    def _write(self, trainer: Any) -> None:
        """Write the adapter; the same weights always make the same files."""
        if not self.devices.main:
            return
        trainer.accelerator.unwrap_model(trainer.model).save_pretrained(self.adapter)
        (self.adapter / "README.md").unlink(missing_ok=True)
        self.base.sign(self.adapter)


def _divisor(number: int, most: int) -> int:
    """The largest divisor of a number that is not above ``most``."""
    return next(size for size in range(min(number, max(most, 1)), 0, -1) if number % size == 0)


def _last_checkpoint(folder: Path) -> str | None:
    """The last state that was written in full: its ``trainer_state.json`` is written last."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: -int(path.name.rpartition("-")[2]))
    for path in found:
        try:
            json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        return str(path)
    return None


def _reports() -> list[str]:
    """What shows a training and is installed; W&B only where it need not ask who one is."""
    names = [name for name in ("tensorboard", "trackio") if importlib.util.find_spec(name)]
    told = {"WANDB_API_KEY", "WANDB_MODE"} & os.environ.keys()
    return [*names, "wandb"] if told and importlib.util.find_spec("wandb") else names
