"""The servers of a model: which of them takes the next request, and whether they serve the same."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from mien.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.models.http.throttle import Slot, Throttle
    from mien.models.http.transport import Wire

#: Among what is learnt of a model: what its servers tell of it, as JSON.
FINGERPRINT = "fingerprint"

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds in which a server that does not answer is left alone
_DOUBLINGS = 6  # of the first until it is the longest

# Members of a listing that tell one model from another and stay as they are: vLLM's, llama.cpp's, and mien's.
_TELLING = ("root", "parent", "max_model_len", "meta", "fingerprint")


@dataclass(slots=True, eq=False)
class Server:
    """One address of a model.

    Attributes:
        wire: the way there.
        throttle: its pace; models at one address share it.
        silences: requests since it last answered anything.
        paused_until: when it is asked again, on the monotonic clock.
    """

    wire: Wire
    throttle: Throttle
    silences: int = 0
    paused_until: float = 0.0

    def heed(self, status: int) -> None:
        """Learn from a reply's status, which is 0 where there was none."""
        if status:
            self.silences, self.paused_until = 0, 0.0
        else:
            pause = min(_FIRST_PAUSE * 2 ** min(self.silences, _DOUBLINGS), _LONGEST_PAUSE)
            self.silences, self.paused_until = self.silences + 1, time.monotonic() + pause


class Servers:
    """The servers of one model. Each has a pace of its own; one that is down is left alone for a while.

    Args:
        servers: where the model is; at least one.
        model: its name there.
        learnt: what is remembered of the model.
        named: whether the model goes by its name alone, so that it has to be the same one everywhere.
    """

    def __init__(
        self, servers: Sequence[Server], model: str, learnt: dict[str, str], *, named: bool = False
    ) -> None:
        self._servers = servers
        self._model = model
        self._learnt = learnt
        self._unchecked = named
        self._checking = asyncio.Lock()

    async def start(self, tokens: float, *, again: bool) -> tuple[Server, Slot]:
        """Wait for leave to send a request, and where to: see `mien.models.http.throttle.Throttle.start`.

        Raises:
            UsageError: before the first request: the servers do not serve the same model, or one does not say
                what it serves.
        """
        if self._unchecked:
            async with self._checking:
                if self._unchecked:
                    await self._check()
                    self._unchecked = False
        while True:
            server = min(self._awake(), key=lambda server: server.throttle.load)
            slot = await server.throttle.start(tokens, again=again)
            if server in self._awake():
                return server, slot
            server.throttle.finish(slot)  # it fell silent while the request waited for it

    def _awake(self) -> Sequence[Server]:
        """The servers that are not left alone; all of them where none answers."""
        now = time.monotonic()
        return [server for server in self._servers if server.paused_until <= now] or self._servers

    def refusing_for(self, asked: float) -> float:
        """Seconds for which every server has refused all, or is going to.

        Args:
            asked: seconds that the last reply asked to wait.
        """
        if len(self._servers) == 1:
            return max(self._servers[0].throttle.refusing_for(), asked)
        return min(server.throttle.refusing_for() for server in self._servers)

    def pausing(self) -> float:
        """Seconds for which none of them is asked."""
        return min(server.throttle.pausing() for server in self._servers)

    async def _check(self) -> None:
        told = await asyncio.gather(*(self._told_by(server) for server in self._servers))
        where = [server.wire.address for server in self._servers]
        for address, entry in zip(where, told, strict=True):
            if entry is None and len(told) > 1:
                raise UsageError(
                    f"{address} does not list {self._model!r} among its models (GET {address}/models), so "
                    "that nobody knows whether it serves the same as the others; start it, or leave it out "
                    "of --served-by"
                )
            self._require_same(_TELLING, told[0] or {}, entry or {}, f"{where[0]} and {address} serve")
        if first := told[0]:
            encoded = msgspec.json.encode(first, order="sorted").decode()
            known = msgspec.json.decode(self._learnt.setdefault(FINGERPRINT, encoded), type=dict[str, Any])
            both = [name for name in _TELLING if name in known and name in first]
            self._require_same(both, known, first, f"the store's calls are of, and {where[0]} serves,")

    def _require_same(
        self, names: Sequence[str], one: dict[str, Any], other: dict[str, Any], who: str
    ) -> None:
        for name in names:
            if one.get(name) != other.get(name):
                raise UsageError(
                    f"{who} different models by the name of {self._model!r} ({name}: {one.get(name)!r} and "
                    f"{other.get(name)!r}); give each a name of its own"
                )

    async def _told_by(self, server: Server) -> dict[str, Any] | None:
        """What a server tells of the model; None where it does not list it."""
        listed = await server.wire.models()
        for entry in listed:
            if entry.get("id") == self._model:
                return {name: entry[name] for name in _TELLING if name in entry}
        return None
