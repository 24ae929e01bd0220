"""What answers: anything with a name, a key for each request, and a way to complete it.

`mien.models.client.Transport` opens them::

    async with Transport(Limits(max_concurrency=200)) as transport:
        model = transport.open("openrouter/z-ai/glm-4.5-air")
        call = await model.complete(Request(messages=(Message(role="user", content="Hello"),)))

Reading order: `client` (which puts all together), `usage` (counters and budgets). Behind an endpoint,
`http`: `providers` (where models live), `served` and `servers` (of one model, several), `chat` (what is
sent, and what becomes of a call), `quirks` (what is sent otherwise, as servers want it), `guard` (the limit
where nobody set one), `transport` (one HTTP request), `replies` (what came back), `refusals` (to wait, or
to give up), `redaction` (of keys), `throttle` and `rate_limits` (when the next may start). In this process:
`engine` (what a model must be able to do), `organism` and `local` (which do it), `inprocess` (`loading`
one, `batching` many calls, and a `model` with the same face as a `chat`). Of both kinds: `answer_format`
(schema or not), `system_role` (kept or merged). `serving`: one of these as an endpoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mien.types import Call, Request

__all__ = ["Model"]


class Model(Protocol):
    """What measuring needs of a model.

    `mien.models.http.chat.Chat` and `mien.models.inprocess.model.Resident` are ones.

    Attributes:
        address: where it lives, as keys and the store have it.
        places: where its servers are. Models at one place share its limits.
        model: its name there.
        supports_schema: whether it obeys a `Request.schema`; None where that is not known. Whoever finds out
            may set it.
        learnt: what else was found out of it that changes how it is asked or read, by name; the store
            remembers it.
    """

    address: str
    places: tuple[str, ...]
    model: str
    supports_schema: bool | None
    learnt: dict[str, str]

    @property
    def name(self) -> str:
        """What the user calls the model."""
        ...

    def key(self, request: Request) -> str:
        """What tells this call from all others; equal keys ask the same of the same model."""
        ...

    async def complete(self, request: Request) -> Call:
        """Ask the model. A call that failed is returned with its reason, not raised."""
        ...
