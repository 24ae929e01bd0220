"""What a training runs on."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from mien.errors import UsageError
from mien.models.local.loading import choose_device


@dataclass(frozen=True, slots=True)
class Devices:
    """The device of this process, among those of all.

    Attributes:
        count: processes that train together, a device each.
        main: whether this is the one that writes.
    """

    device: torch.device
    count: int = 1
    main: bool = True

    @property
    def dtype(self) -> torch.dtype:
        """bfloat16 on a GPU that has it, float32 elsewhere."""
        cuda = self.device.type == "cuda" and torch.cuda.is_bf16_supported()
        return torch.bfloat16 if cuda else torch.float32


def choose_devices(name: str) -> Devices:
    """Find the device of this process; where `accelerate launch` started it, its share of several.

    Raises:
        UsageError: there is no such device; or there are several, and this process was started alone.
    """
    device = choose_device(name)
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count > 1:
        if device.type == "cuda":
            device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        return Devices(device, count, main=os.environ.get("RANK", "0") == "0")
    if device.type == "cuda" and (seen := torch.cuda.device_count()) > 1:
        raise UsageError(
            f"torch sees {seen} GPUs; to use all: accelerate launch --num_processes {seen} -m mien.cli "
            "craft train …; to use one: set CUDA_VISIBLE_DEVICES=0"
        )
    return Devices(device)
