"""The scripted server as its user holds it: a process of its own, ended with the block that started it."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import msgspec

from mien.errors import MienError
from mien.testing.log import Counts, Entry, LoggedRequest
from mien.testing.options import Options

if TYPE_CHECKING:
    from types import TracebackType


class ScriptedServer:
    """An OpenAI-compatible server on 127.0.0.1 whose models have a character of your choice.

    >>> with ScriptedServer(scores={"warm": 1.2, "blunt": -1.2}, position=0.3) as server:
    ...     server.model
    'http://127.0.0.1:40813/v1#model'

    Args:
        options: members of `Options`.

    Attributes:
        options: what the server is told to do now.
        url: base URL, such as ``http://127.0.0.1:40813/v1``.

    Raises:
        InputError: if an option has no meaning.
    """

    url: str

    def __init__(self, **options: Any) -> None:
        self.options = Options(**options)

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "mien.testing", "--config", "-"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin and self._process.stdout
        # The pipe stays open: its end, however this process ends, tells the server to end.
        self._process.stdin.write(msgspec.json.encode(self.options) + b"\n")
        self._process.stdin.flush()
        self.url = self._process.stdout.readline().decode().strip()
        if not self.url:
            self.__exit__(None, None, None)
            raise MienError("the scripted server did not start; its error is above")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def model(self) -> str:
        """The model under test, in the form that `mien.measure` takes."""
        return f"{self.url}#model"

    @property
    def judge(self) -> str:
        """The judge, in the form that `mien.measure` takes."""
        return f"{self.url}#judge"

    def requests(self) -> list[LoggedRequest]:
        """The latest requests for chat completions, live and in batches, in order of arrival."""
        entries = msgspec.json.decode(self._control("GET", "requests"), type=list[Entry])
        return [_logged(entry) for entry in entries]

    def counts(self) -> Counts:
        """How many requests there have been since the log was last reset."""
        return msgspec.json.decode(self._control("GET", "counts"), type=Counts)

    def configure(self, **changes: Any) -> None:
        """Change options from the next request on; those under way end as they began."""
        self.options = dataclasses.replace(self.options, **changes)
        self._control("POST", "options", msgspec.json.encode(self.options))

    def reset_log(self) -> None:
        """Forget all requests and batches so far and count from 0 again."""
        self._control("POST", "reset")

    def _control(self, method: str, action: str, body: bytes = b"") -> bytes:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        try:
            connection.request(method, f"/control/{action}", body)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise MienError(f"the scripted server could not do this: {content.decode()}")
        return content


def _logged(entry: Entry) -> LoggedRequest:
    members = {
        name: getattr(entry, name) for name in ("order", "time", "model", "role", "status", "fault", "batch")
    }
    try:
        body = msgspec.json.decode(entry.raw)
    except msgspec.DecodeError:
        body = None
    return LoggedRequest(body=body, **members)
