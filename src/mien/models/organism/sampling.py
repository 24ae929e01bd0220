"""Draws from logits by the inverse of their distribution function, one uniform number each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.types import Ints

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

_BLOCK = 64  # about the root of a vocabulary's size


def log_probabilities(logits: Floats) -> Floats:
    """(N, V) natural logarithms of softmax(logits); ``logits`` (N, V) is overwritten with them."""
    logits -= logits.max(1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(1, keepdims=True))
    return logits


def draw(log_p: Floats, temperature: Floats, top_p: Floats, uniform: Doubles) -> Ints:
    """A token for each row.

    Args:
        log_p: (N, V) log-probabilities at temperature 1.
        temperature: (N,) 0 takes the likeliest token.
        top_p: (N,) mass of the nucleus that is drawn from, after the temperature.
        uniform: (N,) in [0, 1).
    """
    tokens = np.empty(len(log_p), np.int64)
    greedy = temperature == 0
    if greedy.any():
        tokens[greedy] = log_p[greedy].argmax(1)
        if greedy.all():
            return tokens
        log_p, temperature, top_p, uniform = (
            log_p[~greedy],
            temperature[~greedy],
            top_p[~greedy],
            uniform[~greedy],
        )
    blocks = -(-log_p.shape[1] // _BLOCK)
    weights = np.zeros((len(log_p), blocks * _BLOCK), np.float32)
    inside = weights[:, : log_p.shape[1]]
    if (temperature == 1).all():
        np.exp(log_p, out=inside)
    else:
        np.exp((log_p - log_p.max(1, keepdims=True)) / temperature[:, None], out=inside)
    for row in np.flatnonzero(top_p < 1):
        weights[row, weights[row] < nucleus_weight(weights[row], float(top_p[row]))] = 0
    tokens[~greedy] = _inverse(weights.reshape(-1, blocks, _BLOCK), uniform)
    return tokens


def _inverse(weights: Floats, uniform: Doubles) -> Ints:
    """(N,) first place where the cumulative share of (N, blocks, block) weights exceeds ``uniform``.

    First the block is found, then the place in it: running sums over all places would take longer than the
    rest of a draw.
    """
    row = np.arange(len(weights))
    upto = weights.sum(2).cumsum(1, dtype=np.float64)
    # Below the sum even where rounding takes the product up to it, so that a place of weight > 0 is found.
    target = np.minimum(uniform * upto[:, -1], np.nextafter(upto[:, -1], 0))
    block = (upto <= target[:, None]).sum(1)
    rest = target - np.where(block > 0, upto[row, block - 1], 0)
    within = weights[row, block].cumsum(1, dtype=np.float64)
    rest = np.minimum(rest, np.nextafter(within[:, -1], 0))
    return block * _BLOCK + (within <= rest[:, None]).sum(1)


def nucleus_weight(weights: Floats | Doubles, mass: float) -> np.floating[Any]:
    """Smallest weight in the smallest set that holds at least this share of the mass (Holtzman et al. 2020).

    Places below ``bound`` hold less than what the nucleus leaves out even if all were nearly as heavy as
    that, so that only the others, a few dozen as a rule, are sorted.
    """
    total = float(weights.sum(dtype=np.float64))
    bound = (1 - 1e-6) * (1 - mass) * total / len(weights)
    likely = np.sort(weights[weights >= bound])[::-1]
    upto = likely.cumsum(dtype=np.float64)
    return likely[min(int(np.searchsorted(upto, mass * total)), len(likely) - 1)]


def likeliest(log_p: Floats, count: int) -> list[tuple[int, float]]:
    """The ``count`` likeliest tokens of (V,) log-probabilities, likeliest first."""
    count = min(count, len(log_p))
    top = np.argpartition(log_p, -count)[-count:]
    top = top[np.argsort(-log_p[top], kind="stable")]
    return list(zip(top.tolist(), log_p[top].tolist(), strict=True))
