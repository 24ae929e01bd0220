"""What the scripted server was asked, and what it answered."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["model", "judge", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """One request for a chat completion, live or in a batch.

    Attributes:
        order: its place among all requests, from 0.
        time: Unix time of its arrival, seconds.
        model: the name that was asked for; empty where the body names none.
        role: which part the name stands for; empty where it is unknown.
        status: HTTP status of the answer; 0 where none has been sent.
        fault: what was made to go wrong with it; empty for nothing.
        batch: the batch that it came in; empty where it came live.
        body: the request's JSON body; None where it is no JSON.
    """

    order: int
    time: float
    model: str
    role: Role
    status: int
    fault: str
    batch: str
    body: dict[str, Any] | None


@dataclass(slots=True)
class Counts:
    """How many requests there have been, in all and by kind.

    Attributes:
        requests: all of them, live or in batches.
        batched: those in batches.
        by_role: those to the ``model`` and to the ``judge``.
        by_status: by HTTP status of the answer; 0 where the connection was closed without one.
        by_fault: by what was made to go wrong.
        in_flight: those not yet answered.
        peak: the most that were in flight at one time.
    """

    requests: int = 0
    batched: int = 0
    by_role: dict[str, int] = field(default_factory=dict[str, int])
    by_status: dict[int, int] = field(default_factory=dict[int, int])
    by_fault: dict[str, int] = field(default_factory=dict[str, int])
    in_flight: int = 0
    peak: int = 0


@dataclass(slots=True, eq=False)
class Entry:
    """A request while it is served: `LoggedRequest`, with its body still raw."""

    order: int
    time: float
    raw: bytes
    model: str = ""
    role: Role = ""
    status: int = 0
    fault: str = ""
    batch: str = ""


class Log:
    """The latest requests, and the count of all."""

    def __init__(self, limit: int) -> None:
        self.counts = Counts()
        self.entries: deque[Entry] = deque(maxlen=limit)

    def open(self, raw: bytes, time: float, *, batch: str = "") -> Entry:
        """Note a request's arrival."""
        entry = Entry(self.counts.requests, time, raw, batch=batch)
        self.entries.append(entry)
        self.counts.requests += 1
        self.counts.batched += bool(batch)
        self.counts.in_flight += 1
        self.counts.peak = max(self.counts.peak, self.counts.in_flight)
        return entry

    def close(self, entry: Entry) -> None:
        """Count a request whose fate is settled."""
        counts = self.counts
        counts.in_flight -= 1
        counts.by_status[entry.status] = counts.by_status.get(entry.status, 0) + 1
        if entry.role:
            counts.by_role[entry.role] = counts.by_role.get(entry.role, 0) + 1
        if entry.fault:
            counts.by_fault[entry.fault] = counts.by_fault.get(entry.fault, 0) + 1
