"""Log-probabilities of given continuations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from mien.models.local.network import tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.models.local.network import Network


class Line(NamedTuple):
    """A continuation to be scored, in tokens.

    Attributes:
        alternatives: how many to tell for each token.
    """

    prompt: Sequence[int]
    continuation: Sequence[int]
    alternatives: int


class Score(NamedTuple):
    """What became of a line: log-probabilities in nats, and the likeliest tokens at each place."""

    log_p: list[float | None]
    top: list[list[tuple[int, float]]]


def score(network: Network, lines: Sequence[Line]) -> list[Score]:
    """Score continuations under the model as it is, at temperature 1.

    Args:
        network: the model.
        lines: each with at least one token in all. Where a prompt is empty, nothing tells how likely the
            continuation's first token is: None.
    """
    prompts = list(dict.fromkeys(tuple(line.prompt) for line in lines))
    if len(prompts) < len(lines) and () not in prompts:
        return _shared(network, lines, prompts)
    longest = max(len(line.continuation) for line in lines)
    logits, _ = network.read(
        [(*line.prompt, *line.continuation) for line in lines], longest + 1, remember=False
    )
    scores: list[Score] = []
    for line, row in zip(lines, logits, strict=True):
        unknown = 0 if line.prompt else min(1, len(line.continuation))
        words = line.continuation[unknown:]
        # One row at a time: the distributions of all would take several times the memory of the logits.
        log_p = row[-len(words) - 1 : -1].float().log_softmax(1)
        ids = torch.tensor(words, dtype=torch.long, device=log_p.device)
        values, top = tell(log_p, ids, line.alternatives)
        scores.append(Score([*([None] * unknown), *values], [*([[]] * unknown), *top]))
    return scores


def _shared(network: Network, lines: Sequence[Line], prompts: Sequence[tuple[int, ...]]) -> list[Score]:
    """Score several continuations of the same prompts, each of which is read once."""
    last, state = network.read(prompts, 1, remember=True)
    place = {prompt: index for index, prompt in enumerate(prompts)}
    rows = [place[tuple(line.prompt)] for line in lines]
    logits = network.follow([line.continuation for line in lines], state, rows)
    scores: list[Score] = []
    for line, row, after in zip(lines, rows, logits, strict=True):
        n = len(line.continuation)
        log_p = torch.cat([last[row], after])[:n].float().log_softmax(1)
        ids = torch.tensor(line.continuation, dtype=torch.long, device=log_p.device)
        values, top = tell(log_p, ids, line.alternatives)
        scores.append(Score([*values], top))
    return scores
