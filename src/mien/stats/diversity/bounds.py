"""Between what an entropy lies where only the likeliest tokens are told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.types import Floats

#: Tokens that a vocabulary has at most, where nobody tells its size: Gemma's, the largest in common use.
LARGEST: Final = 1 << 18


def entropy_bounds(logs: Floats, *, vocabulary: int = LARGEST) -> tuple[float, float]:
    """The least and the most entropy of a distribution, in nats, given its likeliest tokens.

    They hold the mass m, and the least likely of them p. The rest, 1 − m, is of tokens that have p each at
    most. Its entropy is least where as few as may be share it, with p each and one with what is left over;
    and most where all tokens of the vocabulary that were not told share it alike.

    Args:
        logs: (k,) log-probabilities of the k likeliest tokens, nats.
        vocabulary: number of all tokens, or more.
    """
    p = np.exp(logs)
    inside = float(-(p * np.where(p > 0, logs, 0.0)).sum())
    rest = max(1.0 - float(p.sum()), 0.0)
    left = vocabulary - len(logs)
    if rest <= 0 or left <= 0:
        return inside, inside
    least = float(p.min()) if len(p) else 1.0
    whole = math.floor(rest / least + 1e-9) if least > 0 else 0
    over = max(rest - whole * least, 0.0)
    low = (_part(least) * whole if whole else 0.0) + _part(over)
    high = -rest * math.log(rest / left)
    return inside + min(low, high), inside + high


def nucleus(logs: Sequence[float], drawn: float, mass: float) -> tuple[float, float] | None:
    """Surprisal of the token drawn, and entropy, of a nucleus; None where what is told does not hold it.

    Args:
        logs: log-probabilities of the likeliest tokens, likeliest first.
        drawn: that of the token drawn, which is added where it lies outside.
        mass: that the nucleus holds.
    """
    p = np.exp(np.asarray(logs, dtype=np.float64))
    reached = np.flatnonzero(np.cumsum(p) >= mass - 1e-9)
    if not len(reached):
        return None
    inside = p[: int(reached[0]) + 1]
    if drawn < float(np.log(inside[-1])) - 1e-9:
        inside = np.append(inside, math.exp(drawn))
    shares = inside / inside.sum()
    return math.log(float(inside.sum())) - drawn, float(-(shares * np.log(shares)).sum())


def _part(p: float) -> float:
    return -p * math.log(p) if p > 0 else 0.0
