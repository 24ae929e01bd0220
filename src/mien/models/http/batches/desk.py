"""The HTTP requests about batches: made again where that is safe, and free of the endpoint's key."""

from __future__ import annotations

import asyncio
import os
import time
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

import aiohttp
import msgspec
from yarl import URL

from mien.errors import EndpointRefused
from mien.models.http.complaints import complaint
from mien.models.http.decoding import decode, members
from mien.models.http.redaction import redact, redact_bytes
from mien.models.http.refusals import PATIENCE, spent_by, told_wait
from mien.models.http.transport import parse_retry_after, proxy_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from mien.models.http.providers import Endpoint

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds between two attempts
_LATER: Final = frozenset((408, 409, 425, 429))
_GONE: Final = frozenset((404, 410))


class Unanswered(Exception):
    """A request may have been carried out, and nobody knows."""


class Answer(NamedTuple):
    """What came back: the members of a JSON object, and the headers."""

    members: dict[str, Any]
    headers: Mapping[str, str]


class Desk:
    """Where one endpoint is asked about its batches.

    Args:
        session: the HTTP session, which others may share.
        endpoint: whose batches; its key is read now.
        headers: that every request bears, the key's among them.

    Raises:
        MissingKey: the endpoint needs a key and the environment holds none.
    """

    def __init__(
        self, session: aiohttp.ClientSession, endpoint: Endpoint, headers: Mapping[str, str]
    ) -> None:
        self.endpoint = endpoint
        self._session = session
        self._key = endpoint.key
        self._headers = headers
        # A file of answers may take longer to come than any call: only silence ends it.
        timeout = session.timeout
        self._timeout = aiohttp.ClientTimeout(sock_connect=timeout.sock_connect, sock_read=timeout.total)

    async def ask(self, url: str, *, patience: float = PATIENCE) -> Answer | None:
        """Read a JSON object; None where there is nothing at the address.

        Args:
            url: where.
            patience: seconds for which it is asked again where it fails.

        Raises:
            EndpointRefused: it is refused, or the endpoint does not answer for a long time.
        """
        return await self._patiently("GET", url, dict, absent=True, patience=patience)

    async def post(self, url: str, build: Callable[[], dict[str, Any]] = dict) -> Answer:
        """Post what may be posted twice.

        Args:
            url: where to.
            build: the ``json``, or the ``data`` and ``headers``, of one attempt.

        Raises:
            EndpointRefused: it is refused, or the endpoint does not answer for a long time.
        """
        answer = await self._patiently("POST", url, build)
        assert answer is not None
        return answer

    async def once(self, url: str, **sent: Any) -> Answer:
        """Post what must not be posted twice.

        Raises:
            EndpointRefused: it is refused.
            Unanswered: it may have been carried out.
        """
        try:
            status, raw, headers = await self._exchange("POST", url, sent)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unanswered(self._clean(str(error) or type(error).__name__)) from None
        if status >= 500 or status in {408, 409}:
            raise Unanswered(self._told(status, raw))
        if not 200 <= status < 300:
            self._refuse(url, self._told(status, raw))
        decoded = decode(raw)
        return Answer(members(decoded.value if decoded else None), headers)

    async def lines(self, url: str) -> AsyncIterator[bytes]:
        """The lines of a file, as they come; from the beginning again where the connection breaks.

        Raises:
            EndpointRefused: it is refused, or there is none.
        """
        waited, pause = 0.0, _FIRST_PAUSE
        while True:
            try:
                async with self._session.get(
                    url, headers=self._headers, proxy=proxy_for(URL(url)), timeout=self._timeout
                ) as response:
                    if response.ok:
                        async for line in _lines(response):
                            yield redact_bytes(line, self._key)
                        return
                    raw = await response.read()
                    told = self._told(response.status, raw)
                    if response.status < 500 and response.status not in _LATER:
                        self._refuse(url, told)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                told = self._clean(str(error) or type(error).__name__)
            if waited > PATIENCE:
                self._refuse(url, told)
            await asyncio.sleep(pause)
            waited, pause = waited + pause, min(2 * pause, _LONGEST_PAUSE)

    async def _patiently(
        self,
        method: str,
        url: str,
        build: Callable[[], dict[str, Any]],
        *,
        absent: bool = False,
        patience: float = PATIENCE,
    ) -> Answer | None:
        waited, pause = 0.0, _FIRST_PAUSE
        while True:
            wait = None
            try:
                status, raw, headers = await self._exchange(method, url, build())
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                told = self._clean(str(error) or type(error).__name__)
            else:
                if 200 <= status < 300:
                    decoded = decode(raw)
                    return Answer(members(decoded.value if decoded else None), headers)
                if absent and status in _GONE:
                    return None
                told = self._told(status, raw)
                wait = parse_retry_after(headers, time.time()) or told_wait(told)
                if (status < 500 and status not in _LATER) or self._is_spent(status, raw, wait):
                    self._refuse(url, told)
            if waited > patience or (wait or 0.0) > patience:
                self._refuse(url, f"{told}; the same command goes on later")
            pause = max(pause, wait or 0.0)
            await asyncio.sleep(pause)
            waited, pause = waited + pause, min(2 * pause, _LONGEST_PAUSE)

    async def _exchange(
        self, method: str, url: str, sent: dict[str, Any]
    ) -> tuple[int, bytes, Mapping[str, str]]:
        given = dict(sent)
        if "json" in given:
            given["data"] = msgspec.json.encode(given.pop("json"))
        headers = {**self._headers, **given.pop("headers", {})}
        async with self._session.request(
            method,
            url,
            headers=headers,
            proxy=proxy_for(URL(url)),
            timeout=self._timeout,
            allow_redirects=False,
            **given,
        ) as response:
            return response.status, redact_bytes(await response.read(), self._key), response.headers

    def _told(self, status: int, raw: bytes) -> str:
        decoded = decode(raw)
        said = complaint(decoded.value if decoded else None, raw).message
        return self._clean(f"HTTP {status}: {said or 'no message'}")

    def _is_spent(self, status: int, raw: bytes, wait: float | None) -> bool:
        decoded = decode(raw)
        said = complaint(decoded.value if decoded else None, raw)
        return bool(spent_by(status, said.codes, said.said, wait))

    def _clean(self, text: str) -> str:
        return redact(text, self._key)

    def _refuse(self, url: str, told: str) -> NoReturn:
        raise EndpointRefused(f"{self.endpoint.name}: batches at {url.partition('?')[0]}: {told}")


def reopened(file: IO[bytes]) -> IO[bytes]:
    """A file from its beginning on, to be closed by who sends it; the file itself stays open."""
    file.seek(0)
    return open(os.dup(file.fileno()), "rb")  # noqa: PTH123  # it has no path


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Lines of any length: the reader's own are limited."""
    rest = b""
    async for part in response.content.iter_any():
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            yield line
    if rest:
        yield rest
