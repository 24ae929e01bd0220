"""Which protocol of batches an endpoint speaks, told by its name, or asked of its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.errors import EndpointRefused, UsageError
from mien.models.http.batches.anthropic import AnthropicBatches
from mien.models.http.batches.desk import Desk
from mien.models.http.batches.gemini import GeminiBatches
from mien.models.http.batches.openai import OpenAIBatches
from mien.models.http.providers import endpoints

if TYPE_CHECKING:
    import aiohttp

    from mien.models.http.batches.service import Service
    from mien.models.http.providers import Endpoint

_PROTOCOLS = {"openai": OpenAIBatches, "anthropic": AnthropicBatches, "gemini": GeminiBatches}
# What an address is asked for, and the member by which its answer tells that it knows what is meant.
_LISTS = {
    "openai": ("batches?limit=1", "data"),
    "anthropic": ("messages/batches?limit=1", "data"),
    "gemini": ("batches?pageSize=1", "operations"),
}

_PATIENCE = 5.0  # seconds


async def open_batches(session: aiohttp.ClientSession, endpoint: Endpoint) -> Service:
    """The batches of an endpoint.

    Args:
        session: the HTTP session, which others may share.
        endpoint: whose.

    Raises:
        UsageError: it has none.
        EndpointRefused: it does not let itself be asked.
        MissingKey: it needs a key and the environment holds none.
    """
    if endpoint.batches in _PROTOCOLS:
        protocol = _PROTOCOLS[endpoint.batches]
        return protocol(Desk(session, endpoint, protocol.header(endpoint.key)))
    refused: EndpointRefused | None = None
    if endpoint.batches == "asked":
        for name, (path, member) in _LISTS.items():
            protocol = _PROTOCOLS[name]
            desk = Desk(session, endpoint, protocol.header(endpoint.key))
            try:
                told = await desk.ask(f"{endpoint.url}/{path}", patience=_PATIENCE)
            except EndpointRefused as error:
                refused = refused or error
                continue
            if told and isinstance(told.members.get(member), list):
                return protocol(desk)
    if refused:
        raise refused
    known = ", ".join(sorted(name for name, one in endpoints().items() if one.batches in _PROTOCOLS))
    raise UsageError(
        f"{endpoint.name} has no batches; leave out --batch, or measure by one that has: {known}, "
        "or an address that serves theirs"
    )
