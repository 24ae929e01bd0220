"""Many calls at once against the scripted server: faults, budgets, and what chats share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import BudgetReached, EndpointRefused, UsageError
from mien.models.client import Transport
from mien.models.http import chat as chat_module
from mien.models.usage import Limits
from mien.testing import Options, ScriptedServer
from mien.types import Call, Message, Request
from tests.processes import LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mien.models.usage import Tally


@pytest.fixture(scope="module")
def shared() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def server(shared: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    defaults = Options()
    shared.configure(**{name: getattr(defaults, name) for name in Options.__slots__})
    shared.reset_log()
    monkeypatch.setattr(chat_module, "BACKOFF", 0.01)
    monkeypatch.delenv("MIEN_API_KEY", raising=False)
    return shared


def request(replicate: int = 0, **members: Any) -> Request:
    return Request(messages=(Message(role="user", content="Hello"),), replicate=replicate, **members)


def complete(spec: str, n_calls: int, **options: Any) -> tuple[list[Call | BaseException], Tally]:
    """Make calls, all at once; what each returned or raised."""

    async def main() -> tuple[list[Call | BaseException], Tally]:
        async with Transport(Limits(**options)) as transport:
            chat = transport.chat(spec)
            calls = (chat.complete(request(i)) for i in range(n_calls))
            return await asyncio.gather(*calls, return_exceptions=True), transport.tally

    return asyncio.run(main())


def test_a_bad_endpoint_loses_nothing(server: ScriptedServer):
    server.configure(
        faults={"429": 0.3, "500": 0.05, "cut": 0.02, "dropped": 0.02, "html": 0.02, "truncated": 0.02}
        | {"no_choices": 0.02, "stream": 0.02}
    )
    calls, tally = complete(server.model, 60)
    assert all(isinstance(call, Call) and call.answered for call in calls)
    assert (tally.answered, tally.failed, tally.in_flight) == (60, 0, 0)
    assert tally.throttled > 5
    assert tally.retries > 1
    assert server.counts().requests == 60 + tally.throttled + tally.retries


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        ("hang", "no answer within 0.2 s"),
        ("dropped", "the connection was cut"),
        ("cut", "the connection was cut"),
        ("html", "the reply is HTML"),
        ("stream", "the event stream was cut"),
        ("truncated", "the reply is JSON cut short"),
        ("no_choices", "the reply has no choices"),
        ("empty", "empty answer"),
        ("only_reasoning", "only reasoning"),
        ("content_filter", "content filter"),
        ("500", "HTTP 500"),
        ("400", "HTTP 400"),
    ],
)
def test_what_never_passes_is_a_failure_with_its_reason(server: ScriptedServer, fault: str, failure: str):
    server.configure(faults={fault: 1.0})
    (call,), tally = complete(server.model, 1, timeout=0.2 if fault == "hang" else LIMIT)
    assert isinstance(call, Call)
    assert failure in call.failure
    assert not call.text
    assert (tally.answered, tally.failed) == (0, 1)


def test_an_answer_that_was_cut_off_is_marked(server: ScriptedServer):
    server.configure(faults={"length": 1.0})
    (call,), _ = complete(server.model, 1)
    assert isinstance(call, Call)
    assert call.answered
    assert call.finish_reason == "length"


def test_a_bad_key_stops_at_once_with_the_servers_message(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MIEN_API_KEY", "sk-wrong-0123456789")
    server.configure(api_key="sk-right-0123456789", echo_key=True)
    outcomes, _ = complete(server.model, 100)
    failed = [outcome for outcome in outcomes if isinstance(outcome, Call)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, EndpointRefused)]
    assert len(failed) == 19
    assert len(refused) == 81
    assert "the first 20 calls all failed alike: HTTP 401" in str(refused[0])
    assert server.counts().requests < 60
    assert "sk-wrong" not in repr(outcomes)


def test_an_unknown_model_stops_at_once(server: ScriptedServer):
    outcomes, _ = complete(f"{server.url}#no-such-model", 30)
    assert any(isinstance(outcome, EndpointRefused) for outcome in outcomes)


def test_fewer_than_twenty_calls_that_fail_alike_are_just_failures(server: ScriptedServer):
    outcomes, tally = complete(f"{server.url}#no-such-model", 19)
    assert all(isinstance(outcome, Call) for outcome in outcomes)
    assert tally.failed == 19


def test_one_answer_among_the_first_keeps_the_endpoint(server: ScriptedServer):
    async def main() -> int:
        async with Transport(Limits(max_concurrency=1)) as transport:
            chat = transport.chat(server.model)
            assert (await chat.complete(request())).answered
            server.configure(faults={"400": 1.0})
            return sum([not (await chat.complete(request(i))).answered for i in range(30)])

    assert asyncio.run(main()) == 30


def test_a_schema_that_is_refused_does_not_give_the_endpoint_up(server: ScriptedServer):
    server.configure(supports_schema=False)

    async def main() -> list[Call]:
        async with Transport() as transport:
            judge = transport.chat(server.judge)
            asked = [request(i, schema={"type": "object"}) for i in range(30)]
            return await asyncio.gather(*map(judge.complete, asked))

    assert {call.status for call in asyncio.run(main())} == {400}


def test_a_limit_on_calls(server: ScriptedServer):
    outcomes, tally = complete(server.model, 50, max_calls=7)
    assert sum(isinstance(outcome, Call) for outcome in outcomes) == tally.answered == 7
    assert sum(isinstance(outcome, BudgetReached) for outcome in outcomes) == 43
    assert server.counts().requests == 7


def test_a_limit_on_cost_is_hardly_overshot(server: ScriptedServer):
    async def main() -> tuple[int, Tally]:
        limits = Limits(max_cost=0.01, price_in=10, price_out=20, max_concurrency=4)
        async with Transport(limits) as transport:
            chat = transport.chat(server.model)
            n_calls = 0
            try:
                while n_calls < 10_000:
                    await asyncio.gather(*(chat.complete(request(n_calls + i)) for i in range(4)))
                    n_calls += 4
            except BudgetReached:
                return n_calls, transport.tally
        raise AssertionError("the limit was not kept")

    n_calls, tally = asyncio.run(main())
    assert n_calls > 1
    assert 0.005 < tally.cost <= 0.01


def test_a_limit_on_cost_needs_a_price(server: ScriptedServer):
    async def main() -> None:
        async with Transport(Limits(max_cost=1.0)) as transport:
            chat = transport.chat(server.model)
            await chat.complete(request())
            with pytest.raises(UsageError, match="--price-in"):
                await chat.complete(request(1))

    asyncio.run(main())


def test_a_model_and_a_judge_at_one_endpoint_share_its_limits(server: ScriptedServer):
    server.configure(latency=0.02)

    async def main() -> None:
        async with Transport(Limits(max_concurrency=10)) as transport:
            model, judge = transport.chat(server.model), transport.chat(server.judge)
            assert transport.chat(server.model) is model
            await asyncio.gather(*(chat.complete(request(i)) for i in range(60) for chat in (model, judge)))

    asyncio.run(main())
    assert server.counts().peak == 10


def test_a_chat_opens_only_inside_the_block():
    with pytest.raises(RuntimeError, match="async with"):
        Transport().chat("http://127.0.0.1:9/v1#m")


def test_a_base_model_is_the_same_model_and_cannot_be_asked(server: ScriptedServer) -> None:
    async def main() -> None:
        async with Transport() as transport:
            itself, reading = transport.open("organism/v1"), transport.open("base:told:organism/v1")
            assert (reading.name, reading.address) == ("base:told:organism/v1", itself.address)
            assert transport.open("base:told:organism/v1") is reading
            assert reading._batcher is itself._batcher  # pyright: ignore  # one engine, one thread
            for model in (reading, transport.open(f"base:{server.url}#model")):
                with pytest.raises(
                    UsageError, match="goes on with texts, and cannot be asked: leave out base:"
                ):
                    await model.complete(request())
            plain = Request((), text="Manner of the reply:", continuation=" calm")
            assert (await reading.complete(plain)).text == (await itself.complete(plain)).text

    asyncio.run(main())
    assert server.counts().requests == 0
