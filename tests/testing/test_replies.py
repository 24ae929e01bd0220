"""Each way in which an answer can go wrong."""

from __future__ import annotations

import json

import pytest

from mien.testing import FAULTS, ScriptedServer
from tests.processes import LIMIT
from tests.testing.asking import chat, post, shown_in


@pytest.mark.parametrize("fault", [*FAULTS, "429", "500"])
def test_each_fault(server: ScriptedServer, fault: str) -> None:
    server.configure(faults={fault: 1.0}, hang=LIMIT, retry_after=2)
    patience = 0.3 if fault == "hang" else LIMIT
    [(status, body, headers)] = post(server, chat("- warm\n- blunt"), timeout=patience)
    first = (
        json.loads(body)["choices"][:1]
        if body.startswith("{") and status == 200 and fault != "truncated"
        else []
    )
    message = first[0]["message"] if first else {}
    came = {
        "hang": lambda: status == -1,
        "dropped": lambda: (status, body) == (0, "ServerDisconnectedError"),
        "cut": lambda: (status, body) == (0, "ClientPayloadError"),
        "html": lambda: body.startswith("<!DOCTYPE") and headers["Content-Type"].startswith("text/html"),
        "stream": lambda: body.startswith("data: "),
        "truncated": lambda: status == 200 and body.startswith("{") and not body.endswith("}"),
        "no_choices": lambda: json.loads(body)["choices"] == [],
        "empty": lambda: message["content"] == "",
        "only_reasoning": lambda: message["content"] == "" and message["reasoning_content"] != "",
        "refusal": lambda: message["content"].startswith("I'm sorry"),
        "length": lambda: first[0]["finish_reason"] == "length" and shown_in(message["content"]) is None,
        "content_filter": lambda: first[0]["finish_reason"] == "content_filter",
        "429": lambda: status == 429 and headers["Retry-After"] == "2" and "error" in json.loads(body),
        "500": lambda: status == 500 and "Retry-After" not in headers,
    }[fault]
    assert came(), (status, body, headers)
    assert server.counts().by_fault == {fault: 1}
