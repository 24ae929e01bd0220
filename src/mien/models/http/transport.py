"""One request to one endpoint over HTTP, and what came of it."""

from __future__ import annotations

import time
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp
import msgspec
from yarl import URL

from mien.models.http.complaints import shorten
from mien.models.http.redaction import redact, redact_bytes
from mien.models.http.refusals import header_wait
from mien.models.http.replies import Reply, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.models.http.providers import Endpoint


class Exchange(NamedTuple):
    """One attempt.

    Attributes:
        reply: what was read in the body, or why nothing came.
        body: what the endpoint sent back, raw but for its key.
        latency: seconds from sending to the last byte.
        retry_after: seconds that the endpoint asks to wait; None where it does not.
    """

    reply: Reply
    body: bytes
    latency: float
    retry_after: float | None


class _Listing(msgspec.Struct):
    data: list[dict[str, Any]]


class Wire:
    """Posts chat completions to one endpoint, and asks for its models.

    All that leaves here is free of the endpoint's key, even where the server repeats it.

    Args:
        session: the HTTP session, which others may share.
        endpoint: where to; its key is read now.

    Raises:
        MissingKey: the endpoint needs a key and the environment holds none.
    """

    def __init__(self, session: aiohttp.ClientSession, endpoint: Endpoint) -> None:
        self._session = session
        self.address = endpoint.url
        self._url = URL(endpoint.address)
        self._key = endpoint.key
        self._headers = endpoint.header(self._key)
        self._proxy = proxy_for(self._url)

    async def models(self) -> list[dict[str, Any]]:
        """The models that the endpoint lists; none where it lists none that can be read."""
        try:
            async with self._session.get(
                f"{self.address}/models", headers=self._headers, proxy=self._proxy, allow_redirects=False
            ) as response:
                return msgspec.json.decode(await response.read(), type=_Listing).data
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return []

    async def post(self, body: bytes) -> Exchange:
        """Send a body and read the reply. Failures of any kind are replies, too."""
        began = time.perf_counter()
        try:
            # A redirect is not followed: it would turn the request into a GET, or take the key elsewhere.
            async with self._session.post(
                self._url, data=body, headers=self._headers, proxy=self._proxy, allow_redirects=False
            ) as response:
                raw = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            reply = self._clean(_failed(error, self._session.timeout.total or 0))
            return Exchange(reply, b"", time.perf_counter() - began, None)
        latency = time.perf_counter() - began
        raw = redact_bytes(raw, self._key)
        told = None if response.ok else parse_retry_after(response.headers, time.time())
        location = redact(response.headers.get("Location", ""), self._key)
        reply = self._clean(read(response.status, raw, wait=told, url=str(self._url), location=location))
        return Exchange(reply, raw, latency, reply.wait)

    def _clean(self, reply: Reply) -> Reply:
        """The reply without the key, which a body may have spelt in yet other ways."""
        if not self._key:
            return reply
        return msgspec.structs.replace(
            reply,
            text=redact(reply.text, self._key),
            failure=redact(reply.failure, self._key),
            reasoning=redact(reply.reasoning, self._key),
            finish_reason=redact(reply.finish_reason, self._key),
        )


def parse_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that a reply asks to wait, from ``retry-after-ms`` or ``Retry-After``.

    Args:
        headers: of the reply.
        now: Unix time.
    """
    for name, unit in (("retry-after-ms", 0.001), ("Retry-After", 1.0)):
        if name in headers and (wait := header_wait(headers[name], unit, now)) is not None:
            return wait
    return None


def _failed(error: Exception, timeout: float) -> Reply:
    """The reply that stands for a request that brought none."""
    transient = True
    match error:
        case aiohttp.ConnectionTimeoutError():
            failure = "no connection: the server does not take one"
        case TimeoutError():
            failure = f"no answer within {timeout:g} s"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            failure, transient = f"no secure connection: {error}", False
        case aiohttp.ClientConnectorError():
            failure = f"no connection: {error}"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError() | OSError():
            failure = f"the connection was cut: {error or type(error).__name__}"
        case _:
            failure = f"the request failed: {type(error).__name__}: {error}"
            transient = not isinstance(error, ValueError)  # such as an address that cannot be used
    return Reply(failure=shorten(failure), transient=transient)


def proxy_for(url: URL) -> str | None:
    """The proxy that the environment names for an address. Looked up once: it is slow."""
    if not url.host or urllib.request.proxy_bypass(url.host):
        return None
    return urllib.request.getproxies().get(url.scheme)
