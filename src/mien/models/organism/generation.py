"""Answers, token by token, for a batch of prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mien.models.organism.reading import Passage, read
from mien.models.organism.sampling import draw, likeliest, log_probabilities
from mien.models.organism.tracing import step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mien.models.engine import Job, Step
    from mien.models.organism.network import Network
    from mien.types import Ints

    Floats = NDArray[np.float32]

# Places of memory that are added at once as answers grow, and random numbers that are drawn at once.
_GROWTH = 64
_DRAWS = 32


class Continuation(NamedTuple):
    """n tokens that follow a prompt, with their log-probabilities (nats) and the likeliest at each place.

    Attributes:
        top: n lists where alternatives were asked for, else none.
        steps: n where they were asked for, else none.
    """

    tokens: list[int]
    log_p: list[float | None]
    top: list[list[tuple[int, float]]]
    steps: list[Step]


def generate(
    network: Network, end: int, prompts: Sequence[Sequence[int]], jobs: Sequence[Job]
) -> list[Continuation]:
    """Continue each prompt until the token ``end``, which is then the last, or as far as its job allows.

    Args:
        prompts: tokens, at least one each and fewer than the context holds.
    """
    answers = [Continuation([], [], [], []) for _ in jobs]
    reading = read(
        network, [Passage(prompt, len(prompt) - 1) for prompt in prompts], keep=True, spare=_GROWTH
    )
    order: list[int] = reading.order.tolist()
    batch = _Batch(network.shape.context, reading.order, reading.memory, prompts, jobs)
    states = np.concatenate([reading.states[member] for member in order])
    states = states[batch.keep(batch.limits > 0)]
    for place in range(network.shape.context):
        if not len(states):
            break
        log_p = log_probabilities(network.logits(states))
        tokens = draw(log_p, batch.temperature, batch.top_p, batch.uniform(place))
        _record(answers, batch, tokens, log_p)
        kept = batch.keep((tokens != end) & (batch.limits > place + 1))
        if not len(kept):
            break
        states = network.read(tokens[kept, None], batch.lengths, batch.room())[:, 0]
        batch.lengths += 1
    return answers


def _record(answers: list[Continuation], batch: _Batch, tokens: Ints, log_p: Floats) -> None:
    chosen = log_p[np.arange(len(tokens)), tokens]
    members: list[int] = batch.members.tolist()
    for member, token, value in zip(members, tokens.tolist(), chosen.tolist(), strict=True):
        answers[member].tokens.append(token)
        answers[member].log_p.append(value)
    for row, (member, count) in enumerate(zip(members, batch.alternatives.tolist(), strict=True)):
        if count:
            answers[member].top.append(likeliest(log_p[row], count))
    for row in np.flatnonzero(batch.traced).tolist():
        settings = float(batch.temperature[row]), float(batch.top_p[row])
        answers[members[row]].steps.append(step(log_p[row], int(tokens[row]), *settings))


class _Batch:
    """The rows that are not finished; row i of each array and of memory is of job ``members[i]``."""

    def __init__(
        self, context: int, order: Ints, memory: Floats, prompts: Sequence[Sequence[int]], jobs: Sequence[Job]
    ) -> None:
        self.members = order
        self._memory = memory
        self._random = [np.random.default_rng(job.seed) for job in jobs]
        self._draws: NDArray[np.float64] = np.empty((len(order), 0))
        rows: list[int] = order.tolist()
        settings = [jobs[member].sampling for member in rows]
        self.lengths = np.array([len(prompts[member]) for member in rows], np.int64)
        most = [context if s.max_tokens is None else s.max_tokens for s in settings]
        self.limits = np.minimum(np.array(most, np.int64), context - self.lengths)
        self.temperature = np.array(
            [1 if s.temperature is None else s.temperature for s in settings], np.float32
        )
        self.top_p = np.array([1 if s.top_p is None else s.top_p for s in settings])
        self.alternatives = np.array([jobs[member].top_logprobs for member in rows], np.int64)
        self.traced = np.array([jobs[member].traced for member in rows], bool)

    def uniform(self, step: int) -> NDArray[np.float64]:
        """(n,) random numbers of each row for this step: the same for a job, whatever its row."""
        if step % _DRAWS == 0:
            members: list[int] = self.members.tolist()
            self._draws = np.stack([self._random[member].random(_DRAWS) for member in members])
        return self._draws[:, step % _DRAWS]

    def room(self) -> Floats:
        """Memory of the rows, (layers, 2, n, K, more places than the longest row has tokens, h)."""
        *outer, places, size = self._memory.shape
        if self.lengths.max() >= places:
            grown = np.zeros((*outer, places + max(_GROWTH, places // 2), size), np.float32)
            grown[..., :places, :] = self._memory
            self._memory = grown
        return self._memory[:, :, : len(self.members)]

    def keep(self, going: NDArray[np.bool_]) -> Ints:
        """Drop rows; the last ones take the places of those that are dropped. Returns where rows were."""
        n = int(going.sum())
        kept = np.arange(n)
        if n < len(going):
            holes = np.flatnonzero(~going[:n])
            kept[holes] = n + np.flatnonzero(going[n:])
            self._memory[:, :, holes] = self._memory[:, :, kept[holes]]
            self.members, self.lengths, self.limits = (
                a[kept] for a in (self.members, self.lengths, self.limits)
            )
            self.temperature, self.top_p = self.temperature[kept], self.top_p[kept]
            self.alternatives, self.traced = self.alternatives[kept], self.traced[kept]
            self._draws = self._draws[kept]
        return kept
