"""Files and batches that the scripted server keeps, whatever the protocol, and what all protocols share."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from mien.testing.replies import Reply, encode, error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiohttp import web

    from mien.testing.options import Options

    # Answers one request of a batch: the batch's id and the body of a chat completion.
    Answering = Callable[[str, bytes], Awaitable[Reply]]

#: The id of a request that no batch holds, in results that tell of one.
FOREIGN = "somebody-elses"


class Refused(Exception):
    """A request about batches that is refused.

    Args:
        status: HTTP status.
        message: why.
    """

    def __init__(self, status: int, message: str) -> None:
        self.reply = error(status, message)


@dataclass(slots=True, kw_only=True)
class Batch:
    """A batch.

    Attributes:
        id: the server's name for it.
        name: the name that it was made under.
        model: what it asks.
        requests: its requests by their ids, each as the body of a chat completion.
        fault: what goes wrong with it, of `mien.testing.options.BATCH_FAULTS`.
        created: Unix time.
        looks: how often it has been looked at.
        outcome: in what it has ended; empty before.
        answers: what was answered, by the requests' ids.
    """

    id: str
    name: str
    model: str
    requests: dict[str, bytes]
    fault: str
    created: float
    looks: int = 0
    cancelling: bool = False
    outcome: str = ""
    answers: dict[str, Reply] = field(default_factory=dict[str, Reply])

    @property
    def told(self) -> dict[str, Reply]:
        """The answers that its results hold, the last first."""
        ids = [*self.answers][::-1]
        return {id: self.answers[id] for n, id in enumerate(ids) if self.fault != "missing" or n % 3}

    def count(self, *, answered: bool) -> int:
        """How many of its requests were answered, or failed."""
        return sum((reply.status == 200) == answered for reply in self.answers.values())


class Batches:
    """What the server keeps of files and batches, whatever the protocol.

    Args:
        answer: answers a request.
    """

    def __init__(self, answer: Answering) -> None:
        self._answer = answer
        self.files: dict[str, bytes] = {}
        self.all: dict[str, Batch] = {}
        self._made = 0

    def forget(self) -> None:
        """Forget all of them, and begin with the first fault again."""
        self.files.clear()
        self.all.clear()
        self._made = 0

    def keep(self, prefix: str, content: bytes) -> str:
        """Keep a file; its id."""
        id = f"{prefix}{len(self.files) + 1}"
        self.files[id] = content
        return id

    def file(self, id: str) -> bytes:
        """A file's content."""
        if id not in self.files:
            raise Refused(404, f"no such file: {id}")
        return self.files[id]

    def make(self, prefix: str, name: str, requests: Mapping[str, bytes], options: Options) -> Batch:
        """Make a batch, with the fault whose turn it is."""
        fault = options.batch_faults[self._made] if self._made < len(options.batch_faults) else ""
        self._made += 1
        if fault == "not_made":
            raise Refused(500, "a scripted failure")
        models = {str(msgspec.json.decode(body).get("model", "")) for body in requests.values()}
        id = f"{prefix}{self._made}"
        self.all[id] = Batch(
            id=id,
            name=name,
            model=min(models, default=""),
            requests={**requests},
            fault=fault,
            created=time.time(),
        )
        waiting = sum(len(batch.requests) for batch in self.all.values() if not batch.outcome)
        if fault == "failed" or (options.batch_room is not None and waiting > options.batch_room):
            self.all[id].fault = fault or "crowded"
            self.all[id].outcome = "failed"
        if fault == "made":
            raise Refused(500, "a scripted failure")
        return self.all[id]

    def get(self, id: str) -> Batch:
        """A batch by its id."""
        if id not in self.all:
            raise Refused(404, f"no such batch: {id}")
        return self.all[id]

    async def look(self, id: str, options: Options) -> Batch:
        """Look at a batch, which carries it out when it is time."""
        batch = self.get(id)
        if batch.outcome:
            return batch
        batch.looks += 1
        cancelled = batch.cancelling or batch.fault == "cancelled"
        if batch.looks <= options.batch_looks and not cancelled:
            return batch
        for n, (key, body) in enumerate(batch.requests.items()):
            if (cancelled or batch.fault == "expired") and n % 2:
                continue
            batch.answers[key] = await self._answer(batch.id, body)
        batch.outcome = "cancelled" if cancelled else "expired" if batch.fault == "expired" else "completed"
        return batch

    @property
    def latest_first(self) -> list[Batch]:
        """All of them."""
        return [*self.all.values()][::-1]


def rfc3339(when: float) -> str:
    """A time as providers write it."""
    return datetime.fromtimestamp(when, UTC).isoformat().replace("+00:00", "Z")


def jsonl(rows: list[Any]) -> bytes:
    """A file of rows."""
    return b"".join(encode(row) + b"\n" for row in rows)


def chat(members: Mapping[str, Any]) -> bytes:
    """The body of a chat completion as mien sends it live."""
    return msgspec.json.encode({**members, "stream": False}, order="sorted")


def require_once(keys: list[str]) -> None:
    """Refuse a batch that names two requests alike."""
    if twice := [key for key, n in Counter(keys).items() if n > 1]:
        raise Refused(400, f"custom_id {twice[0]!r} comes twice")


def decoded(body: bytes) -> dict[str, Any]:
    """The members of a body that is a JSON object; none of another."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}


def inner(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The members of a member; none where it is absent."""
    return told.get(name) or {}


def page(
    batches: list[Batch], request: web.BaseRequest, after: str, told: Callable[[Batch], dict[str, Any]]
) -> dict[str, Any]:
    """A page of a list, the latest first, that begins after the batch which the query names."""
    ids = [batch.id for batch in batches]
    start = ids.index(request.query[after]) + 1 if request.query.get(after) in ids else 0
    end = start + int(request.query.get("limit", 20))
    page = [told(batch) for batch in batches[start:end]]
    return {
        "object": "list",
        "data": page,
        "has_more": end < len(batches),
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
    }


async def json_object(request: web.BaseRequest) -> dict[str, Any]:
    """The JSON object that a request bears, of any size."""
    if told := decoded(await request.content.read()):
        return told
    raise Refused(400, "this body cannot be read")


def json_reply(told: Any) -> Reply:
    """An answer in JSON."""
    return Reply(encode(told))
