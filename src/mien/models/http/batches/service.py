"""What a provider's batches can do, and where one of them stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from mien.models.http.replies import Reply

#: What a request in a batch costs, as a share of what it costs live: at OpenAI, Anthropic and Gemini alike.
PRICE_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a batch stands.

    Attributes:
        id: the provider's name for it.
        name: the name that it was made under; empty where the provider keeps none.
        state: how far it is, in the provider's word.
        outcome: in what it has ended: ``completed``, ``expired``, ``cancelled`` or ``failed``; empty before.
        done: requests that have been carried out, whatever came of them.
        total: requests in all; 0 where that is not told.
        created: Unix time.
        results: what holds what came of it, as the provider names it.
        problem: why it failed, in the provider's words.
        crowded: whether it failed only because too much is waiting at the provider.
    """

    id: str
    name: str = ""
    state: str = ""
    outcome: str = ""
    done: int = 0
    total: int = 0
    created: float = 0.0
    results: tuple[str, ...] = ()
    problem: str = ""
    crowded: bool = False


class Result(NamedTuple):
    """What came of one request.

    Attributes:
        key: of its call.
        reply: what was answered; None where it was not carried out.
        body: what the provider said of it, raw.
    """

    key: str
    reply: Reply | None
    body: bytes


class Service(Protocol):
    """The batches of one endpoint.

    Attributes:
        most_requests: that one batch may hold.
        most_bytes: that it may take.
        named: whether the provider keeps the name under which a batch is made.
        frame: what stands in a batch's file before its requests, between two of them, and after them.
    """

    most_requests: ClassVar[int]
    most_bytes: ClassVar[int]
    named: ClassVar[bool]
    frame: ClassVar[tuple[bytes, bytes, bytes]]

    def body(self, sent: Mapping[str, Any]) -> bytes:
        """A request in the provider's form.

        Args:
            sent: the members of the body of a chat completion.

        Raises:
            UsageError: it has no such form.
        """
        ...

    def line(self, key: str, body: bytes) -> bytes:
        """One request of a batch as its file has it."""
        ...

    async def upload(self, name: str, file: IO[bytes]) -> str:
        """Bring a file of requests to the provider.

        Returns:
            What the provider calls it; empty where the file goes with the making of the batch.
        """
        ...

    async def make(self, name: str, model: str, uploaded: str, file: IO[bytes]) -> Standing:
        """Have the batch made. This alone is what must not happen twice.

        Raises:
            EndpointRefused: the provider refuses it.
            Unanswered: nobody knows whether it was made.
        """
        ...

    async def find(self, name: str, *, total: int, since: float) -> list[Standing]:
        """Batches that may be the one that was made under a name.

        Args:
            name: of the batch.
            total: how many requests it holds.
            since: Unix time before which it was not made.
        """
        ...

    async def standing(self, id: str) -> Standing | None:
        """Where a batch stands; None where the provider does not know it any more."""
        ...

    def results(self, standing: Standing) -> AsyncIterator[Result]:
        """What came of a batch that has ended, in any order; lines that cannot be read are left out."""
        ...

    async def cancel(self, id: str) -> None:
        """Have a batch ended; what is under way may still be answered."""
        ...
