"""How alike samples of one prompt are, by their words alone.

Each measure falls or rises with the number of samples and with their length: they are taken at a fixed number
of samples and cut to a fixed number of words, and compare with nothing that was taken otherwise.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

from mien.stats.estimates import Amount, Quantity, Share
from mien.stats.estimates.means import mean_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mien.stats.estimates.means import Pulled

    Samples = Sequence[Sequence[str]]

#: Words at the beginning that must be the same for two answers to begin alike.
OPENING: Final = 3


def distinct(samples: Samples, n: int) -> float:
    """The share of different n-grams among all of the samples together (Li et al. 2016, NAACL, 110–119).

    NaN where there is no n-gram.
    """
    grams = [tuple(words[i : i + n]) for words in samples for i in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else float("nan")


def compression(samples: Samples) -> float:
    """How many times smaller zlib makes the samples, a line each (Shaib et al. 2024, arXiv:2403.00553).

    NaN where there is nothing to compress.
    """
    text = "\n".join(" ".join(words) for words in samples).encode()
    return len(text) / len(zlib.compress(text, 9)) if any(samples) else float("nan")


def same_opening(samples: Samples, words: int = OPENING) -> float:
    """The share of pairs of samples whose first words are the same.

    The share of pairs does not depend on how many samples there are, as the share of the commonest opening
    does; 1 over it is the number of openings there are in effect. A shorter sample begins like another where
    all of it does.
    """
    n = len(samples)
    if n < 2:
        return float("nan")
    counts: dict[tuple[str, ...], int] = {}
    for one in samples:
        begun = tuple(one[:words])
        counts[begun] = counts.get(begun, 0) + 1
    return sum(count * (count - 1) for count in counts.values()) / (n * (n - 1))


def openings(prompts: Mapping[str, Samples], most: int, words: int = OPENING) -> list[tuple[str, float]]:
    """The commonest first words over all prompts, and the share of answers that begin so."""
    counts: dict[str, int] = {}
    total = 0
    for samples in prompts.values():
        for one in samples:
            total += 1
            if begun := " ".join(one[:words]):
                counts[begun] = counts.get(begun, 0) + 1
    found = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [(begun, count / total) for begun, count in found[:most]]


#: What is told of samples by their words, each by a function of the samples of one prompt.
MEASURES: Final[tuple[tuple[Quantity, Callable[[Samples], float]], ...]] = (
    (Quantity("same_opening", Share()), same_opening),
    (Quantity("distinct_1", Share()), lambda samples: distinct(samples, 1)),
    (Quantity("distinct_2", Share()), lambda samples: distinct(samples, 2)),
    (Quantity("distinct_3", Share()), lambda samples: distinct(samples, 3)),
    (Quantity("compression", Amount()), compression),
)


def lexical(
    prompts: Mapping[str, Samples], further: Mapping[Quantity, Mapping[str, float]]
) -> list[tuple[Quantity, Pulled]]:
    """The mean over prompts of each measure that two prompts have.

    Args:
        prompts: words of the samples of each prompt, cut to a number of words.
        further: other measures, worked out for each prompt.
    """
    rows = {one: [measure(samples) for samples in prompts.values()] for one, measure in MEASURES}
    rows |= {one: [values[name] for name in prompts] for one, values in further.items()}
    sizes = np.array([len(samples) for samples in prompts.values()], dtype=np.int64)
    found: list[tuple[Quantity, Pulled]] = []
    for one, values in rows.items():
        own = np.array(values)
        told = np.isfinite(own)
        if np.count_nonzero(told) > 1:
            found.append(
                (one, mean_of(sizes * told, np.where(told, own, 0.0) * sizes.astype(np.float64), one))
            )
    return found
