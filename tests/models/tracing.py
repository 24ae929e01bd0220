"""A step, worked out slowly: token by token, in the plainest Python."""

from __future__ import annotations

import math


def slow(
    logs: list[float], token: int, temperature: float, top_p: float
) -> tuple[float, float, float, float]:
    """Surprisal and entropy of what was drawn from, and of its nucleus with the token."""
    weights = [math.exp(log / temperature) for log in logs]
    p = [weight / sum(weights) for weight in weights]
    cut = _cut(p, top_p if top_p < 1 else 0.9, token)
    q = cut if top_p < 1 else p
    return -math.log(q[token]), _entropy(q), -math.log(cut[token]), _entropy(cut)


def _cut(p: list[float], mass: float, token: int) -> list[float]:
    kept = {token}
    held = 0.0
    for place in sorted(range(len(p)), key=lambda i: -p[i]):
        kept.add(place)
        held += p[place]
        if held >= mass:
            break
    total = sum(p[place] for place in kept)
    return [p[place] / total if place in kept else 0.0 for place in range(len(p))]


def _entropy(p: list[float]) -> float:
    return -sum(one * math.log(one) for one in p if one > 0)
