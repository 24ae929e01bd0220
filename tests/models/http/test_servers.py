"""One model at several servers: its calls are dealt out, and have to come of one model."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Self

import pytest

from mien.errors import UsageError
from mien.models.client import Transport
from mien.models.http import chat as chat_module
from mien.models.http.served import SERVED, Served
from mien.models.http.servers import FINGERPRINT, Server
from mien.models.usage import Limits
from mien.types import Message, Request
from tests import listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mien.types import Call


class Place:
    """A server that lists what it is told to, and answers with the model's name.

    Attributes:
        left: requests that it answers before it hangs up on all others.
        asked: requests for an answer.
    """

    def __init__(self, listed: list[dict[str, Any]] | None, left: int = 10**9) -> None:
        self.left, self.asked = left, 0
        place = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._say(404 if listed is None else 200, {"data": listed or []})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                place.asked += 1
                if place.asked > place.left:
                    self.close_connection = True
                    return
                message = {"role": "assistant", "content": body["model"]}
                self._say(200, {"choices": [{"message": message, "finish_reason": "stop"}]})

            def _say(self, status: int, value: object) -> None:
                content = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = listening.Server(Handler)
        self.url = f"{self._server.url}/v1"

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()


MODEL = {"id": "m", "root": "org/m", "max_model_len": 4096, "created": 1}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_module, "BACKOFF", 0.01)
    monkeypatch.delenv("MIEN_API_KEY", raising=False)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def request(replicate: int) -> Request:
    return Request(messages=(Message(role="user", content="Hello"),), replicate=replicate)


def ask(n: int, *urls: str, learnt: dict[str, str] | None = None) -> tuple[list[Call], dict[str, str]]:
    """Answers to so many requests, and what was learnt of the model."""

    async def main() -> tuple[list[Call], dict[str, str]]:
        async with Transport(Limits(max_concurrency=8), served=Served.read([",".join(urls)])) as transport:
            chat = transport.chat("m")
            chat.learnt |= learnt or {}
            return [*await asyncio.gather(*(chat.complete(request(i)) for i in range(n)))], chat.learnt

    return asyncio.run(main())


def test_calls_are_dealt_out_and_known_by_the_name_alone(stack: ExitStack) -> None:
    # When a server was started, and what else it serves, makes no other model of it.
    one, two = (
        stack.enter_context(Place([{"id": "other", "root": str(i)}, MODEL | {"created": i}]))
        for i in range(2)
    )
    calls, learnt = ask(60, one.url, two.url)
    assert {call.text for call in calls} == {"m"}
    assert one.asked + two.asked == 60
    assert min(one.asked, two.asked) > 10
    assert {call.endpoint for call in calls} == {SERVED}
    alone, _ = ask(60, two.url)
    assert [call.key for call in alone] == [call.key for call in calls]
    assert json.loads(learnt[FINGERPRINT]) == {"root": "org/m", "max_model_len": 4096}


def test_a_server_that_falls_silent_is_left_alone(stack: ExitStack) -> None:
    one, two = stack.enter_context(Place([MODEL], left=5)), stack.enter_context(Place([MODEL]))
    calls, _ = ask(80, one.url, two.url)
    assert all(call.answered for call in calls)
    assert two.asked >= 75
    assert one.asked < 20  # those on their way at once, and one now and then


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        (
            [MODEL | {"root": "org/n"}],
            r"serve different models .* 'm' \(root: 'org/m' and 'org/n'\)",
        ),
        ([MODEL | {"max_model_len": 2048}], "max_model_len: 4096 and 2048"),
        ([{"id": "m"}], "root: 'org/m' and None"),
        ([{"id": "n"}], r"does not list 'm' among its models \(GET http://.*/models\)"),
        (None, "does not list 'm'"),
    ],
)
def test_servers_that_may_serve_another_model_are_refused(
    stack: ExitStack, other: list[dict[str, Any]] | None, problem: str
) -> None:
    one, two = stack.enter_context(Place([MODEL])), stack.enter_context(Place(other))
    with pytest.raises(UsageError, match=problem):
        ask(4, one.url, two.url)
    assert one.asked == two.asked == 0


def test_a_server_that_is_down_at_the_start_is_named(stack: ExitStack) -> None:
    with Place([MODEL]) as gone:
        pass
    with pytest.raises(UsageError, match=f"{gone.url} does not list 'm'"):
        ask(1, stack.enter_context(Place([MODEL])).url, gone.url)


def test_one_server_need_not_list_its_models_but_may_not_be_another(stack: ExitStack) -> None:
    assert ask(1, stack.enter_context(Place(None)).url)[0][0].answered
    place = stack.enter_context(Place([MODEL]))
    assert ask(1, place.url, learnt={FINGERPRINT: '{"root":"org/m","meta":{}}'})[0][0].answered
    with pytest.raises(UsageError, match=r"the store's calls are of, and http.* serves, .*'org/n' and"):
        ask(1, place.url, learnt={FINGERPRINT: '{"root":"org/n"}'})


def test_a_server_may_be_silent_for_ever() -> None:
    """It is left alone no longer each time, however many requests it has left without an answer."""
    nothing: Any = None
    server = Server(wire=nothing, throttle=nothing, silences=5000)
    server.heed(0)
    assert server.silences == 5001
    assert server.paused_until <= time.monotonic() + 30
    server.heed(500)
    assert (server.silences, server.paused_until) == (0, 0)
