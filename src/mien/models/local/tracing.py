"""What is known of a step in which tokens are drawn: their whole distributions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from mien.models.engine import NUCLEUS, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from mien.types import Sampling

_ROUNDING = 1e-4  # nats
_FEW = 128  # tokens among which the nucleus is looked for first: to sort a whole vocabulary takes longer


def steps(log_p: Tensor, tokens: Any, settings: Sequence[Sampling]) -> list[Step]:
    """The step of each row.

    Args:
        log_p: (rows, vocabulary) log-probabilities at temperature 1.
        tokens: (rows,) that were drawn, a tensor.
        settings: of each row: temperature and top_p, as `mien.models.local.sampling.draw` heeds them.
    """
    heat = [1.0 if one.temperature is None else one.temperature for one in settings]
    logs = log_p
    if any(one not in (0, 1) for one in heat):
        column = torch.tensor([one or 1.0 for one in heat], dtype=log_p.dtype, device=log_p.device)
        logs = (log_p / column[:, None]).log_softmax(1)
    p = logs.exp()
    entropies: Any = -torch.where(p > 0, p * logs, 0).sum(1)
    own: Any = logs.gather(1, tokens[:, None])[:, 0]
    few: Any = logs.topk(min(_FEW, logs.shape[1]), 1)
    found: list[Step] = []
    for i, (token, one) in enumerate(zip(tokens.tolist(), settings, strict=True)):
        if heat[i] == 0:
            found.append(Step(0.0, 0.0, 0.0, 0.0))
            continue
        mass = one.top_p if one.top_p not in (None, 1) else None
        told = few.values[i], few.indices[i]
        inside = _nucleus(logs[i], told, mass or NUCLEUS, token)
        found.append(Step(*inside, *inside) if mass else Step(-float(own[i]), float(entropies[i]), *inside))
    return found


def _nucleus(logs: Tensor, few: tuple[Tensor, Tensor], mass: float, token: int) -> tuple[float, float]:
    """Surprisal of a token, and entropy, of the likeliest tokens that hold a mass, and the token.

    Args:
        logs: (vocabulary,) of one row.
        few: the likeliest of them with their tokens, likeliest first: as far as these hold the mass, no
            others are looked at.
        mass: to be held.
        token: that was drawn.
    """
    told, order = few
    if float(told.exp().sum()) < mass:
        # All others together hold less than the nucleus leaves out.
        likely = torch.nonzero(logs >= math.log((1 - mass) / len(logs)) - _ROUNDING)[:, 0]
        told, order = logs[likely].sort(descending=True)
        order = likely[order]
    before = told.exp().cumsum(0) - told.exp()
    kept = int((before < mass).sum())
    inside = told[:kept].double()
    if not (order[:kept] == token).any():
        inside = torch.cat([inside, logs[token, None].double()])
    total = inside.logsumexp(0)
    shares = inside - total
    return float(total - logs[token]), -float(shares.exp() @ shares)
