"""Log-probabilities of given continuations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mien.models.organism.generation import Continuation
from mien.models.organism.reading import Passage, read
from mien.models.organism.sampling import likeliest, log_probabilities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.models.organism.network import Network

# Places whose distributions over the vocabulary are held at once.
_AT_ONCE = 256


def score(
    network: Network,
    prompts: Sequence[Sequence[int]],
    continuations: Sequence[Sequence[int]],
    alternatives: Sequence[int],
) -> list[Continuation]:
    """Score each continuation after its prompt; with it they fit into the context.

    A first token that nothing comes before has no log-probability.

    Args:
        alternatives: how many of the likeliest tokens to tell at each place.
    """
    texts = [(*prompt, *words) for prompt, words in zip(prompts, continuations, strict=True)]
    wanted = [max(len(prompt) - 1, 0) for prompt in prompts]
    passages = [Passage(text[:-1], first) for text, first in zip(texts, wanted, strict=True)]
    states = read(network, passages, keep=False).states
    text_of = np.repeat(np.arange(len(texts)), [len(found) for found in states])
    targets = np.array(
        [t for text, first in zip(texts, wanted, strict=True) for t in text[first + 1 :]], np.int64
    )
    scored = [Continuation(list(words), [], [], []) for words in continuations]
    for prompt, found, count in zip(prompts, scored, alternatives, strict=True):
        if found.tokens and not prompt:
            found.log_p.append(None)
            if count:
                found.top.append([])
    flat = np.concatenate(states) if states else np.empty((0, 0), np.float32)
    for start in range(0, len(flat), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        log_p = log_probabilities(network.logits(flat[part]))
        chosen = log_p[np.arange(len(log_p)), targets[part]].tolist()
        of: list[int] = text_of[part].tolist()
        for row, (text, value) in enumerate(zip(of, chosen, strict=True)):
            scored[text].log_p.append(value)
            if alternatives[text]:
                scored[text].top.append(likeliest(log_p[row], alternatives[text]))
    return scored
