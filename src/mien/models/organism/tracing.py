"""What is known of a step in which a token is drawn: the whole distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mien.models.engine import NUCLEUS, Step
from mien.models.organism.sampling import nucleus_weight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def step(log_p: Floats, token: int, temperature: float, top_p: float) -> Step:
    """The step that drew a token.

    Args:
        log_p: (V,) log-probabilities at temperature 1.
        token: that was drawn.
        temperature: 0 takes the likeliest token.
        top_p: mass of the nucleus that was drawn from, after the temperature.
    """
    if temperature == 0:
        return Step(0.0, 0.0, 0.0, 0.0)
    weights = np.exp((log_p - log_p.max()) / np.float32(temperature)).astype(np.float64)
    inside = weights.copy()
    inside[weights < nucleus_weight(weights, top_p if top_p < 1 else NUCLEUS)] = 0
    inside[token] = weights[token]
    if top_p < 1:
        weights = inside
    return Step(*_surprisal_and_entropy(weights, token), *_surprisal_and_entropy(inside, token))


def _surprisal_and_entropy(weights: NDArray[np.float64], token: int) -> tuple[float, float]:
    kept = weights[weights > 0]
    total = float(kept.sum())
    logs = np.log(kept / total)
    return float(np.log(total / weights[token])), float(-(kept / total) @ logs)
