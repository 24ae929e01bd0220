"""What may be asked: the bodies of requests."""

from __future__ import annotations

import secrets
from hashlib import blake2b
from typing import Annotated, Literal

from msgspec import Meta, Struct

from mien.types import Message, Sampling

_MOST_PROMPTS = 2048
_COMPLETION_TOKENS = 16  # OpenAI's own default for completions; a chat's answer goes on until it ends

_Text = Annotated[str, Meta(min_length=1)]
_Count = Annotated[int, Meta(ge=0, le=20)]


class Part(Struct):
    """A piece of a message's content; only text can be read."""

    type: Literal["text"]
    text: str


class Turn(Struct):
    """A message of a chat."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part]

    @property
    def message(self) -> Message:
        """The message in mien's own terms."""
        role = "system" if self.role == "developer" else self.role
        if isinstance(self.content, str):
            return Message(role=role, content=self.content)
        return Message(role=role, content="\n".join(part.text for part in self.content))


class StreamOptions(Struct):
    """How to stream."""

    include_usage: bool | None = None


class Body(Struct, kw_only=True):
    """The members that both kinds of completion share."""

    model: str
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(gt=0, le=1)] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    stop: _Text | list[_Text] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def stops(self) -> list[str]:
        """The texts at which an answer ends."""
        return [self.stop] if isinstance(self.stop, str) else self.stop or []

    @property
    def usage_at_end(self) -> bool:
        """Whether a stream ends in a count of tokens."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def seeds(self) -> list[int]:
        """One seed for each of the ``n`` answers; fresh ones where none was given.

        The first is the given one; the others are hashed, so that two requests with neighbouring seeds share
        no draws.
        """
        first = secrets.randbits(62) if self.seed is None else self.seed
        return [_seed(first, index) for index in range(self.n or 1)]

    def sampling(self, max_tokens: int | None) -> Sampling:
        """How to draw."""
        return Sampling(temperature=self.temperature, top_p=self.top_p, max_tokens=max_tokens)


class ChatBody(Body, kw_only=True):
    """The body of ``/chat/completions``."""

    messages: Annotated[list[Turn], Meta(min_length=1)]
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    logprobs: bool | None = None
    top_logprobs: _Count | None = None

    @property
    def limit(self) -> int | None:
        """Most tokens of an answer; None where there is no limit but the context."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens


class TextBody(Body, kw_only=True):
    """The body of ``/completions``."""

    # Token ids are read only to be refused in plain words.
    prompt: str | Annotated[list[str | int | list[int]], Meta(min_length=1, max_length=_MOST_PROMPTS)]
    max_tokens: Annotated[int, Meta(ge=0)] | None = None
    logprobs: _Count | None = None
    echo: bool | None = None

    @property
    def limit(self) -> int:
        """Most tokens of an answer."""
        return _COMPLETION_TOKENS if self.max_tokens is None else self.max_tokens

    @property
    def prompts(self) -> list[str]:
        """The texts to go on from."""
        given = [self.prompt] if isinstance(self.prompt, str) else self.prompt
        return [prompt for prompt in given if isinstance(prompt, str)]

    @property
    def holds_ids(self) -> bool:
        """Whether tokens were sent instead of text."""
        return not isinstance(self.prompt, str) and len(self.prompts) < len(self.prompt)


def _seed(first: int, index: int) -> int:
    if index == 0 and first >= 0:
        return first
    return int.from_bytes(blake2b(f"{first}/{index}".encode(), digest_size=8).digest()) >> 1
