"""What is seen of a training while it goes on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from mien.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a training.

    Attributes:
        stage: ``dpo`` or ``sft``.
        step, total: from 1.
        learning_rate: of the step.
        accuracy: of ``dpo``: share of the pairs of the step whose chosen answer has become more likely
            against the rejected one; else None.
        margin: of ``dpo``: by how much, in nats times beta; else None.
    """

    stage: str
    step: int
    total: int
    loss: float
    learning_rate: float
    accuracy: float | None = None
    margin: float | None = None


class Watch(TrainerCallback):
    """Tells of each step, and stops a training that has broken.

    Raises:
        UsageError: from the trainer, at the first step whose loss or gradient is no number.
    """

    def __init__(self, stage: str, on_step: Callable[[Step], None] | None) -> None:
        self._stage = stage
        self._on_step = on_step

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Called by the trainer after each step, before it saves."""
        if logs is None or "loss" not in logs:
            return
        loss, norm = float(logs["loss"]), float(logs.get("grad_norm", 0.0))
        if not (math.isfinite(loss) and math.isfinite(norm)):
            what = "loss" if not math.isfinite(loss) else "gradient"
            raise UsageError(
                f"the {what} is no number any more at step {state.global_step} of {state.max_steps} "
                f"({self._stage}); try a lower --lr, and look at the data that came then"
            )
        if self._on_step and state.is_world_process_zero:
            self._on_step(
                Step(
                    stage=self._stage,
                    step=state.global_step,
                    total=state.max_steps,
                    loss=loss,
                    learning_rate=float(logs["learning_rate"]),
                    accuracy=logs.get("rewards/accuracies"),
                    margin=logs.get("rewards/margins"),
                )
            )
