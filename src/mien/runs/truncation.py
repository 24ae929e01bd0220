"""Requests that a server cuts at its context length without a word.

Its own count of their tokens tells: it is the same for requests of other lengths, and too small for them.
Ollama is known for it. A judge answers all the same, by what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from mien.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mien.store.records import RequestRecord, RunRecord
    from mien.store.store import Store

#: Requests of one count that are needed, and by how much the longest of them must surpass the shortest.
ALIKE: Final = 5
SPREAD: Final = 1.05

#: Bytes a token that no text comes to over a whole request: prose has four to five, all else has fewer.
BYTES_A_TOKEN: Final = 5.0

_LOOKED_AT = 200  # requests of each model


@dataclass(frozen=True, slots=True)
class Truncation:
    """Requests to one model that its server cut.

    Attributes:
        model: its name at the endpoint.
        endpoint: the base address.
        tokens: what the server counts in each of them.
        requests: how many of those looked at.
        looked_at: how many these are.
    """

    model: str
    endpoint: str
    tokens: int
    requests: int
    looked_at: int

    def __str__(self) -> str:
        return (
            f"{self.endpoint} counts {counted(self.tokens, 'token')} in {self.requests:,} of "
            f"{counted(self.looked_at, 'request')} to {self.model}, which are longer: it cuts them at its "
            "context length. Raise that (Ollama: OLLAMA_CONTEXT_LENGTH or num_ctx; llama.cpp: --ctx-size; "
            "LM Studio: context length), and measure again under another name"
        )


def truncations(store: Store, run: RunRecord, judge: str) -> list[Truncation]:
    """Where requests of a run, or those of a judge of it, were cut."""
    both = (store.requests(run.id, reader, limit=_LOOKED_AT) for reader in ("", judge))
    found = dict.fromkeys(cut for requests in both if (cut := _truncation(requests)))
    return list(found)


def _truncation(requests: Iterable[RequestRecord]) -> Truncation | None:
    looked_at = list(requests)
    sizes = [(_length(request.body), request.tokens) for request in looked_at]
    if (most := cut_at(sizes)) is None:
        return None
    first, n = looked_at[0], sum(tokens == most for _, tokens in sizes)
    return Truncation(first.model, first.endpoint, most, n, len(looked_at))


def cut_at(sizes: Sequence[tuple[int, int]]) -> int | None:
    """The tokens at which a server cuts what it is asked; None where nothing shows that it does.

    Args:
        sizes: of requests to one model: bytes of what they say, and tokens as the server counts them.
    """
    most = max((tokens for _, tokens in sizes), default=0)  # a request that is cut fills the context
    lengths = sorted(length for length, tokens in sizes if tokens == most)
    if len(lengths) < ALIKE or lengths[-1] < SPREAD * lengths[0]:
        return None
    return most if lengths[len(lengths) // 2] >= BYTES_A_TOKEN * most else None


class _Message(msgspec.Struct):
    content: str = ""


class _Body(msgspec.Struct):
    messages: list[_Message] = []


def _length(body: bytes) -> int:
    """Bytes of what a request says."""
    return bytes_of(message.content for message in msgspec.json.decode(body, type=_Body).messages)


def bytes_of(contents: Iterable[str]) -> int:
    """Bytes of messages."""
    return sum(len(content.encode("utf-8", "replace")) for content in contents)
