"""Answers, token by token."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING, Any

import torch

from mien.models.local.network import tell
from mien.models.local.sampling import draw
from mien.models.local.tracing import steps

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from torch import Tensor

    from mien.models.engine import Step
    from mien.models.local.network import Network
    from mien.types import Sampling


class Row:
    """An answer in the making.

    Args:
        prompt: tokens, at least one.
        sampling: temperature and top_p.
        seed: of the draws.
        limit: most tokens of the answer, at least one.
        alternatives: how many to tell for each token.
        traced: whether to tell of each step.
    """

    def __init__(
        self,
        prompt: Sequence[int],
        sampling: Sampling,
        seed: int,
        limit: int,
        alternatives: int,
        *,
        traced: bool = False,
    ) -> None:
        self.prompt, self.sampling, self.limit, self.alternatives = prompt, sampling, limit, alternatives
        # One number a token, from a generator of its own: whatever else is in the batch, and on any device.
        self.random = Random(seed).random
        self.tokens: list[int] = []
        self.log_p: list[float | None] = []
        self.top: list[list[tuple[int, float]]] = []
        self.traced = traced
        self.steps: list[Step] = []
        self.stopped = False

    @property
    def done(self) -> bool:
        return self.stopped or len(self.tokens) >= self.limit


def generate(network: Network, rows: Sequence[Row], stops: Set[int]) -> None:
    """Answer prompts; each row comes to hold its answer, without the token that stopped it.

    What a model's own ``generation_config`` sets (top_k, penalties …) is not applied: measured is the
    distribution of the model itself. An answer that is done leaves the batch at once.

    Args:
        network: the model.
        rows: not empty.
        stops: tokens that end an answer.
    """
    left = list(rows)
    logits, state = network.read([row.prompt for row in left], 1, remember=True)
    while True:
        log_p = logits[:, -1].float().log_softmax(1)
        tokens = draw(log_p, [row.sampling for row in left], [row.random() for row in left], network.precise)
        _note(left, tokens, log_p, stops)
        keep = [i for i, row in enumerate(left) if not row.done]
        if not keep:
            return
        kept = None
        if len(keep) < len(left):
            kept = torch.tensor(keep, device=tokens.device)
            tokens, left = tokens[kept], [left[i] for i in keep]
        logits, state = network.step(tokens, state, kept)


def _note(rows: Sequence[Row], tokens: Any, log_p: Tensor, stops: Set[int]) -> None:
    """Write down what was drawn."""
    drawn: list[int] = tokens.tolist()
    values, top = tell(log_p, tokens, max(row.alternatives for row in rows))
    traced = [i for i, row in enumerate(rows) if row.traced]
    if traced:
        settings = [rows[i].sampling for i in traced]
        for i, step in zip(traced, steps(log_p[traced], tokens[traced], settings), strict=True):
            rows[i].steps.append(step)
    for row, token, value, told in zip(rows, drawn, values, top, strict=True):
        if token in stops:
            row.stopped = True
            continue
        row.stopped = math.isnan(value)  # there is no going on; the answer tells it by this value
        row.tokens.append(token)
        row.log_p.append(value)
        row.top.append(told[: row.alternatives])
