"""Contexts made of a number: the lower, middle and upper third."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mien.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


def thirds(lengths: Mapping[str, int]) -> dict[str, str]:
    """Put prompts into three contexts by their length, as equal in number as ties allow.

    Args:
        lengths: of each prompt, in characters.

    Returns:
        The context of each prompt, the shortest first; a context's name tells its borders, ends included.

    Raises:
        UsageError: the lengths fall into one context.
    """
    inner: list[int] = []
    if lengths:
        values = np.array(list(lengths.values()))
        borders = np.unique(np.quantile(values, [1 / 3, 2 / 3], method="inverted_cdf"))
        inner = borders[borders < values.max()].astype(int).tolist()
    if not inner:
        raise UsageError(
            "the prompts are too much of one length to be put into thirds; compare by category or language"
        )
    names = [f"up to {inner[0]} characters"]
    names += [f"{low + 1} to {high} characters" for low, high in pairwise(inner)]
    names += [f"over {inner[-1]} characters"]
    return {
        prompt: names[int(np.searchsorted(inner, length))]
        for prompt, length in sorted(lengths.items(), key=lambda item: item[1])
    }
