"""What the server lets through, refuses and delays."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.testing.asking import SCHEMA, chat, judged, post, text_of, within

if TYPE_CHECKING:
    from mien.testing import ScriptedServer


def test_a_schema_may_be_refused_or_ignored(server: ScriptedServer) -> None:
    server.configure(supports_schema=False)
    [refused] = post(server, judged(response_format=SCHEMA))
    server.configure(supports_schema="ignored")
    [ignored] = post(server, judged(response_format=SCHEMA))
    assert refused[0] == 400
    assert "response_format" in refused[1]
    assert text_of(ignored) == "<choice>warm</choice>"


def test_faults_come_at_their_rates_and_spare_the_other_models(server: ScriptedServer) -> None:
    server.configure(faults={"429": 0.3, "500": 0.05}, faulty_models=("model",))
    statuses = Counter(answer[0] for answer in post(server, *[chat("warm or blunt")] * 600, *[judged()] * 50))
    assert within(statuses[429], 600, 0.3)
    assert within(statuses[500], 600, 0.05)
    assert server.counts().by_status == statuses
    assert {request.role for request in server.requests() if request.fault} == {"model"}


def test_a_late_answer_is_an_answer(server: ScriptedServer) -> None:
    server.configure(faults={"hang": 1.0}, hang=0.1)
    start = time.perf_counter()
    [answer] = post(server, chat("warm or blunt"))
    assert text_of(answer)
    assert time.perf_counter() - start >= 0.1


def test_no_span_of_a_second_lets_through_more_than_the_limit(server: ScriptedServer) -> None:
    server.configure(rate_limit=20)
    for _ in range(8):
        post(server, *[chat("warm or blunt")] * 60)
        time.sleep(0.15)
    passed = [request.time for request in server.requests() if request.status == 200]
    assert 20 < len(passed) < 8 * 60
    assert all(later - earlier > 0.999 for earlier, later in zip(passed, passed[20:], strict=False))


def test_requests_wait_for_the_latency_together(server: ScriptedServer) -> None:
    server.configure(latency=1.0)
    start = time.perf_counter()
    post(server, *[chat("warm or blunt")] * 50)
    assert time.perf_counter() - start >= 1.0
    assert server.counts().peak == 50


def test_the_key_is_checked_and_echoed_only_if_told(server: ScriptedServer) -> None:
    server.configure(api_key="sk-right")
    assert post(server, chat("warm"), key="sk-right")[0][0] == 200
    [wrong] = post(server, chat("warm"), key="sk-wrong")
    [missing] = post(server, chat("warm"))
    server.configure(echo_key=True)
    [echoed] = post(server, chat("warm"), key="sk-wrong")
    assert (wrong[0], missing[0], echoed[0]) == (401, 401, 401)
    assert "sk-" not in wrong[1]
    assert "sk-wrong" in echoed[1]


def test_an_unknown_model_is_refused_and_the_known_ones_are_listed(server: ScriptedServer) -> None:
    server.configure(models=("model", "judge-2"), prices=(0.5, 2.0))
    unknown, judge = post(server, chat("warm", model="modal"), judged() | {"model": "judge-2"})
    assert unknown[0] == 404
    assert "modal" in unknown[1]
    assert text_of(judge) == "<choice>warm</choice>"

    async def models() -> dict[str, Any]:
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/models") as answer:
            return await answer.json()

    listing = asyncio.run(models())["data"]
    assert [entry["id"] for entry in listing] == ["model", "judge-2"]
    assert listing[0]["pricing"] == {"prompt": "5e-07", "completion": "2e-06"}
