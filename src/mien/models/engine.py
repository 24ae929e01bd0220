"""What a model that runs in this process must be able to do: `organism` in numpy, `local` in torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from mien.types import Sampling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.types import Message


#: Mass of the nucleus that a step is told of beside its whole distribution.
NUCLEUS: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A text to be continued, or one whose continuation is to be scored.

    Attributes:
        prompt: a conversation, to which the model's chat template is applied, or plain text.
        continuation: where given, nothing is generated: the model scores these words as its answer.
        sampling: ``temperature`` (None: 1, 0: greedy), ``top_p`` (None: 1), ``max_tokens`` (None: as many as
            the context holds).
        seed: of the draws. The same job is answered alike, whatever it is batched with, as far as rounding
            lets it.
        top_logprobs: how many alternatives to tell for each token.
        traced: whether to tell of each step in which a token was drawn.
    """

    prompt: str | tuple[Message, ...]
    continuation: str | None = None
    sampling: Sampling = Sampling()
    seed: int = 0
    top_logprobs: int = 0
    traced: bool = False


class Step(NamedTuple):
    """A step in which a token was drawn, in nats.

    Attributes:
        surprisal: −log q of the token, q being the distribution that it was drawn from: after the
            temperature, and cut by ``top_p``.
        entropy: of q.
        nucleus_surprisal: the same of q cut to its likeliest tokens that hold `NUCLEUS` of it, and the token;
            where ``top_p`` has cut it already, of q itself.
        nucleus_entropy: the entropy of that.
    """

    surprisal: float
    entropy: float
    nucleus_surprisal: float
    nucleus_entropy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token of an answer.

    Attributes:
        text: what it adds to the text.
        logprob: its log-probability under the model as it is, at temperature 1, in nats; None for the first
            token of all where nothing came before it.
        top: the likeliest tokens at its place, each with its log-probability, likeliest first.
    """

    text: str
    logprob: float | None
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What came of a job.

    Attributes:
        text: the answer, without special tokens.
        tokens: of the answer; an end that the model set itself is not among them where it generated, and is
            the last of them where a conversation's continuation was scored.
        finish_reason: ``stop`` or ``length``.
        tokens_in: tokens of the prompt.
        opened: whether the chat template opened the model's reasoning in the prompt, so that the text begins
            in the middle of it.
        failure: why there is no answer, such as a prompt longer than the context; empty where there is one.
        steps: in which the tokens were drawn, where they were asked for, with that which ended the answer.
    """

    text: str = ""
    tokens: tuple[Token, ...] = ()
    finish_reason: str = "stop"
    tokens_in: int = 0
    opened: bool = False
    failure: str = ""
    steps: tuple[Step, ...] = ()


class Engine(Protocol):
    """A model in this process. It is called from one thread at a time.

    Attributes:
        name: the model's name without its kind: ``v1``, or a folder or hub id.
        digest: of the weights and all else that an answer depends on; a part of each call's key.
        batch_size: jobs that it likes to get at once.
        notes: what it does with conversations other than as usual, and why; kept with each call.
    """

    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def batch_size(self) -> int: ...

    @property
    def notes(self) -> Sequence[str]: ...

    @property
    def written(self) -> int:
        """Tokens of the answers that are being written, where they are written one by one."""
        ...

    def run(self, jobs: Sequence[Job]) -> list[Output]:
        """Do all jobs; one output each, in their order."""
        ...
