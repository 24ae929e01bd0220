"""What the server remembers of what it was asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.testing.asking import chat, judged, post

if TYPE_CHECKING:
    from mien.testing import ScriptedServer


def test_the_log_tells_what_was_asked(server: ScriptedServer) -> None:
    before = time.time()
    body = chat("warm or blunt", temperature=0.5)
    post(server, body)
    post(server, judged())
    post(server, b"{not json")
    first, second, third = server.requests()
    assert (first.order, first.model, first.role, first.status, first.body) == (
        0,
        "model",
        "model",
        200,
        body,
    )
    assert before <= first.time <= second.time <= time.time()
    assert (second.role, third.role, third.status, third.body) == ("judge", "", 400, None)
    counts = server.counts()
    assert (counts.requests, counts.by_role, counts.in_flight) == (3, {"model": 1, "judge": 1}, 0)
    server.reset_log()
    assert server.requests() == []


def test_the_log_keeps_the_latest(server: ScriptedServer) -> None:
    server.configure(log_limit=3)
    server.reset_log()
    for i in range(5):
        post(server, chat("warm", str(i)))
    assert [request.order for request in server.requests()] == [2, 3, 4]
    assert server.counts().requests == 5
