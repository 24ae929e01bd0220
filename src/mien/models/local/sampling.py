"""Draws of tokens."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from mien.types import Sampling


def problem(sampling: Sampling) -> str:
    """What is wrong with settings; empty where nothing is."""
    temperature, top_p, most = sampling.temperature, sampling.top_p, sampling.max_tokens
    if temperature is not None and not 0 <= temperature < math.inf:
        return f"a temperature of {temperature} is not 0 or above"
    if top_p is not None and not 0 < top_p <= 1:
        return f"a top_p of {top_p} is not above 0 and at most 1"
    if most is not None and most < 1:
        return f"an answer of at most {most} tokens is none"
    if unknown := sorted(set(sampling.extra) - {"chat_template_kwargs"}):
        return f"a model in this process does not take {', '.join(unknown)}"
    return ""


def draw(log_p: Tensor, settings: Sequence[Sampling], uniform: Sequence[float], dtype: torch.dtype) -> Tensor:
    """Draw a token for each row, by its own uniform number alone.

    A row's draw inverts the distribution function over the vocabulary in the order of its tokens, or of their
    probability where ``top_p`` cuts some off; what other rows ask for plays no part. ``top_p`` keeps the
    likeliest tokens until their sum reaches it, after the temperature was applied.

    Args:
        log_p: (rows, vocabulary) log-probabilities.
        settings: of each row: temperature (0: the likeliest token) and top_p.
        uniform: of each row, at least 0 and below 1.
        dtype: in which probabilities are summed up.
    """
    chosen = log_p.argmax(1)
    warm = [i for i, s in enumerate(settings) if s.temperature != 0]
    whole = [i for i in warm if settings[i].top_p in (None, 1)]
    cut = [i for i in warm if settings[i].top_p not in (None, 1)]
    for rows, nucleus in ((whole, False), (cut, True)):
        if not rows:
            continue
        index = torch.tensor(rows, device=log_p.device)
        heat = [1.0 if (t := settings[i].temperature) is None else t for i in rows]
        p = _tempered(log_p[index], _column(heat, log_p.device, torch.float32)).to(dtype)
        draws = _column([uniform[i] for i in rows], log_p.device, dtype)
        if not nucleus:
            chosen[index] = _invert(p, draws)
            continue
        p, order = p.sort(dim=1, descending=True, stable=True)
        limit = _column([settings[i].top_p or 1.0 for i in rows], log_p.device, dtype)
        p = p.masked_fill(p.cumsum(1) - p >= limit, 0)
        chosen[index] = order.gather(1, _invert(p, draws)[:, None])[:, 0]
    return chosen


def _column(values: Sequence[float], device: torch.device, dtype: torch.dtype) -> Tensor:
    return torch.tensor(values, dtype=dtype, device=device)[:, None]


def _tempered(log_p: Tensor, temperature: Tensor) -> Tensor:
    # With the largest at 0, no temperature is so low that it overflows, and only 0 divided by 0 is no number.
    least = torch.finfo(temperature.dtype).tiny
    return ((log_p - log_p.amax(1, keepdim=True)) / temperature.clamp(min=least)).softmax(1)


def _invert(p: Tensor, uniform: Tensor) -> Tensor:
    """Where the distribution function first exceeds a uniform number; never at a probability of 0."""
    up_to = p.cumsum(1)
    total = up_to[:, -1:].contiguous()
    # Rounding may carry a draw up to the total; the last token with any probability is meant then.
    last = torch.searchsorted(up_to, total)
    drawn = torch.minimum(torch.searchsorted(up_to, uniform * total, right=True), last)[:, 0]
    # Without numbers to search among, the result lies beyond the vocabulary; whoever asked sees to them.
    return drawn.clamp(max=p.shape[1] - 1)
