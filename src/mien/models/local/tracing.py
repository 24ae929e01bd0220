"""What is known of a step in which tokens are drawn: their whole distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mien.models.engine import NUCLEUS, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from mien.types import Sampling

_FEW = 1024  # tokens among which the nucleus is looked for first


def steps(log_p: Tensor, tokens: Any, settings: Sequence[Sampling]) -> list[Step]:
    """The step of each row.

    Args:
        log_p: (rows, vocabulary) log-probabilities at temperature 1.
        tokens: (rows,) that were drawn, a tensor.
        settings: of each row: temperature and top_p, as `mien.models.local.sampling.draw` heeds them.
    """
    return [_step(row, token, one) for row, token, one in zip(log_p, tokens.tolist(), settings, strict=True)]


def _step(log_p: Tensor, token: int, sampling: Sampling) -> Step:
    temperature = 1.0 if sampling.temperature is None else sampling.temperature
    if temperature == 0:
        return Step(0.0, 0.0, 0.0, 0.0)
    logs = (log_p / temperature).log_softmax(0)
    if sampling.top_p not in (None, 1):
        inside = _nucleus(logs, float(sampling.top_p or 1.0), token)
        return Step(*inside, *inside)
    p = logs.exp()
    entropy = -torch.where(p > 0, p * logs, 0).sum()
    return Step(-float(logs[token]), float(entropy), *_nucleus(logs, NUCLEUS, token))


def _nucleus(logs: Tensor, mass: float, token: int) -> tuple[float, float]:
    """Surprisal of a token, and entropy, of the likeliest tokens that hold a mass, and the token."""
    told, order = logs.topk(min(_FEW, len(logs)))
    if float(told.exp().sum()) < mass:
        told, order = logs.sort(descending=True)
    before = told.exp().cumsum(0) - told.exp()
    kept = int((before < mass).sum())
    inside = told[:kept].double()
    if not (order[:kept] == token).any():
        inside = torch.cat([inside, logs[token, None].double()])
    total = inside.logsumexp(0)
    shares = inside - total
    return float(total - logs[token]), -float(shares.exp() @ shares)
