"""A chat against a server that says exactly what it is told to, byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import hashlib
import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mien.errors import BudgetReached, EndpointRefused, MissingKey, UsageError
from mien.models.client import Transport
from mien.models.http import chat as chat_module
from mien.models.http.throttle import Throttle
from mien.models.http.transport import parse_retry_after
from mien.models.usage import Limits
from mien.types import Call, Message, Request, Sampling
from tests.processes import LIMIT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mien.models.http.chat import Chat

KEY = "sk-very/secret-0123456789"
HELLO = Request(messages=(Message(role="user", content="Hello"),))


def answer(text: Any = "Hi.", finish_reason: str = "stop", **members: Any) -> bytes:
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
    return http(200, json.dumps({"choices": [choice], **members}))


def http(status: int, body: str | bytes = "", *headers: str) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


def ask(
    *replies: bytes | None, use: Callable[[Chat, list[bytes]], Awaitable[Any]] | None = None, **options: Any
) -> Any:
    """Serve the replies in turn, the last one for ever, and complete one request.

    None stands for no answer at all. A reply that is shorter than its header says is cut there.
    """
    received: list[bytes] = []
    connections: list[asyncio.Task[Any] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                received.append(head + await reader.readexactly(length))
                reply = replies[min(len(received), len(replies)) - 1]
                if reply is None:
                    await reader.read()  # until the client has had enough
                writer.write(reply or b"")
                await writer.drain()
                head, _, content = (reply or b"").partition(b"\r\n\r\n")
                if f"Content-Length: {len(content)}\r\n".encode() not in head + b"\r\n":
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def main() -> Any:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            try:
                async with Transport(Limits(**{"timeout": LIMIT} | options)) as transport:
                    chat = transport.chat(f"http://127.0.0.1:{port}/v1#some/model")
                    return await (use(chat, received) if use else chat.complete(HELLO))
            finally:
                await asyncio.gather(*filter(None, connections))

    return asyncio.run(main())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_module, "BACKOFF", 0.001)
    monkeypatch.setenv("MIEN_API_KEY", KEY)


def test_an_answered_call():
    before = time.time()
    call: Call = ask(answer("Hi.", usage={"prompt_tokens": 5, "completion_tokens": 2, "cost": 0.5}))
    assert (call.text, call.failure, call.status, call.finish_reason) == ("Hi.", "", 200, "stop")
    assert (call.tokens_in, call.tokens_out, call.cost) == (5, 2, 0.5)
    assert (call.model, call.replicate) == ("some/model", 0)
    assert json.loads(call.body)["choices"][0]["message"]["content"] == "Hi."
    assert before <= call.created <= time.time()
    assert 0 < call.latency <= time.time() - before + 0.001


def test_reasoning_that_was_cut_is_no_answer_where_other_replies_show_that_it_was_opened():
    async def use(chat: Chat, _: list[bytes]) -> list[Call]:
        return await asyncio.gather(*(chat.complete(HELLO) for _ in range(6)))

    cut, whole = answer("Warm or curious? Warm, but", "length"), answer("Warm.\n</think>\n\nGlad you asked.")
    calls: list[Call] = ask(cut, cut, whole, cut, whole, cut, use=use)
    assert sorted(call.text for call in calls) == ["", "", "", "", "Glad you asked.", "Glad you asked."]
    assert {call.failure for call in calls} == {"", "empty answer (finish_reason length; only reasoning)"}
    calls = ask(cut, use=use)  # where nothing shows it they are kept, as answers that were cut off
    assert {(call.text, call.finish_reason) for call in calls} == {("Warm or curious? Warm, but", "length")}


def test_what_is_sent():
    async def use(chat: Chat, received: list[bytes]) -> None:
        sampling = Sampling(temperature=0.1, max_tokens=9, extra={"provider": {"order": ["x"]}})
        request = Request(messages=HELLO.messages, sampling=sampling)
        call = await chat.complete(request)
        head, _, body = received[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /v1/chat/completions HTTP/1.1")
        assert f"Authorization: Bearer {KEY}".encode() in head
        assert body == call.request == chat.body(request)
        assert call.key == chat.key(request)
        assert body == (
            b'{"max_tokens":9,"messages":[{"content":"Hello","role":"user"}],"model":"some/model",'
            b'"provider":{"order":["x"]},"stream":false,"temperature":0.1}'
        )

    ask(answer(), use=use)


def test_the_limit_that_nobody_set_is_sent_and_in_no_key():
    async def use(chat: Chat, received: list[bytes]) -> None:
        request = replace(HELLO, longest=8192)
        call = await chat.complete(request)
        assert call.key == chat.key(replace(HELLO, longest=9)) == chat.key(HELLO)
        assert call.request == chat.body(request) == received[0].partition(b"\r\n\r\n")[2]
        assert json.loads(call.request)["max_tokens"] == 8192
        own = replace(request, sampling=Sampling(max_tokens=9))
        assert json.loads(chat.body(own))["max_tokens"] == 9

    ask(answer(), use=use)


@pytest.mark.parametrize(
    ("refusals", "sent"),
    [
        ((http(400, "maximum context length is 4096 tokens"),), set()),
        ((http(429, "Request too large: Limit 6000, Requested 8810", "Retry-After: 0"),), set()),
        ((http(400, "max_tokens is not supported; use max_completion_tokens"),), {"max_completion_tokens"}),
        ((http(400, "unknown field: max_tokens"),), set()),
        (
            (
                http(400, "max_tokens is not supported; use max_completion_tokens"),
                http(400, "max_completion_tokens is not supported; use max_tokens"),
                http(400, "max_tokens is not supported; use max_completion_tokens"),
            ),
            set(),
        ),
    ],
)
def test_a_guard_that_is_refused_is_renamed_or_left_out(refusals: tuple[bytes, ...], sent: set[str]):
    async def use(chat: Chat, received: list[bytes]) -> None:
        call = await chat.complete(replace(HELLO, longest=8192))
        assert call.answered
        assert {name for name in json.loads(call.request) if name.startswith("max")} == sent
        again = len(received)
        assert (await chat.complete(replace(HELLO, longest=8192, replicate=1))).answered
        assert len(received) == again + 1
        own = json.loads(chat.body(Request(HELLO.messages, Sampling(max_tokens=9))))
        assert 9 in own.values()  # what was set is sent all the same

    ask(*refusals, answer(), use=use)


def test_where_the_guard_cut_the_reasoning_the_failure_tells_the_way_on():
    async def use(chat: Chat, _: list[bytes]) -> None:
        call = await chat.complete(replace(HELLO, longest=8192))
        assert call.failure == (
            "empty answer (finish_reason length; only reasoning) (cut at 8,192 tokens, the limit where none "
            "is set; judge.sampling.max_tokens in the protocol or --max-tokens of mien judge sets another)"
        )
        own = Request(HELLO.messages, Sampling(max_tokens=9))
        assert (await chat.complete(own)).failure == "empty answer (finish_reason length; only reasoning)"

    ask(answer("<think>Hm. Warm", "length"), use=use)


def test_keys_tell_requests_apart():
    async def use(chat: Chat, _: list[bytes]) -> None:
        other = Message(role="user", content="Bye")
        requests = [
            HELLO,
            Request(messages=HELLO.messages, replicate=1),
            Request(messages=(other,)),
            Request(messages=HELLO.messages, sampling=Sampling(temperature=0.0)),
            Request(messages=HELLO.messages, schema={"type": "object"}),
        ]
        assert len({chat.key(request) for request in requests}) == len(requests)
        assert chat.key(HELLO) == chat.key(Request(messages=HELLO.messages))

    ask(answer(), use=use)


def test_a_schema_is_sent_unless_it_is_known_to_be_refused():
    async def use(chat: Chat, _: list[bytes]) -> None:
        request = Request(messages=HELLO.messages, schema={"type": "object"})
        assert chat.supports_schema is None
        sent = json.loads(chat.body(request))["response_format"]
        assert sent["type"] == "json_schema"
        assert sent["json_schema"]["schema"] == {"type": "object"}
        chat.supports_schema = False
        assert "response_format" not in json.loads(chat.body(request))

    ask(answer(), use=use)


def test_members_that_are_ours_cannot_be_set():
    async def use(chat: Chat, _: list[bytes]) -> None:
        with pytest.raises(UsageError, match="stream"):
            chat.body(Request(messages=HELLO.messages, sampling=Sampling(extra={"stream": True})))

    ask(answer(), use=use)


@pytest.mark.parametrize(
    "bad",
    [
        http(500, "oops"),
        http(408),
        http(409),
        http(425),
        http(503, "", "Retry-After: 0"),
        http(200, "<html>Bad gateway</html>"),
        http(200, 'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\n'),
        http(200, '{"error": {"code": 502, "message": "Provider"}}'),
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{",  # cut in the middle
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_what_may_pass_is_tried_again(bad: bytes):
    async def use(chat: Chat, received: list[bytes]) -> tuple[Call, int]:
        return await chat.complete(HELLO), len(received)

    call, n_requests = ask(bad, bad, answer(), use=use)
    assert (call.text, call.failure, n_requests) == ("Hi.", "", 3)
    call, n_requests = ask(bad, use=use)
    assert (call.text, n_requests) == ("", chat_module.MAX_ATTEMPTS)
    assert call.failure
    assert "\n" not in call.failure


@pytest.mark.parametrize(
    "bad", ['{"choices": [{"mess', "data: {}\n\ndata: [DONE]\n\n", '{"id": "x%d", "choices": []}']
)
def test_the_same_malformed_reply_is_not_asked_for_for_ever(bad: str):
    async def use(chat: Chat, received: list[bytes]) -> tuple[list[Call], list[int]]:
        calls: list[Call] = []
        counts: list[int] = []
        for _ in range(3):
            calls.append(await chat.complete(HELLO))
            counts.append(len(received))
        return calls, counts

    numbered = [http(200, bad % i if "%d" in bad else bad) for i in range(20)]
    calls, counts = ask(*numbered[:2], answer(), use=use)
    assert counts == [3, 4, 5]  # it may pass
    assert all(call.answered for call in calls)
    calls, counts = ask(*numbered, use=use)
    assert counts == [3, 4, 5]  # those after the first are not asked for again at all
    assert not any(call.answered for call in calls)


def test_calls_of_stores_from_before_streams_were_declined_are_found():
    async def use(chat: Chat, _: list[bytes]) -> None:
        body = b'{"messages":[{"content":"Hello","role":"user"}],"model":"some/model"}'
        asked = f"{chat.address}\n0\n".encode() + body
        assert chat.key(HELLO) == hashlib.blake2b(asked, digest_size=16).hexdigest()
        assert json.loads(chat.body(HELLO)) == json.loads(body) | {"stream": False}

    ask(answer(), use=use)


def test_any_status_of_success_may_bring_an_answer():
    call = ask(http(201, answer("Hi.").partition(b"\r\n\r\n")[2]))
    assert (call.text, call.status, call.failure) == ("Hi.", 201, "")


def test_where_nothing_is_the_address_is_told_and_where_it_may_have_gone():
    assert ask(http(308, "", "Location: https://new.example/v1/chat/completions")).failure == (
        "HTTP 308: the endpoint has moved to https://new.example/v1/chat/completions: "
        "use the address https://new.example/v1"
    )
    assert ask(http(308, "")).failure == "HTTP 308: the endpoint has moved"
    assert re.fullmatch(
        r"HTTP 404: Not Found \(at http://127.0.0.1:\d+/v1/chat/completions\)",
        ask(http(404, "<h1>Not Found</h1>")).failure,
    )


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_will_not_pass_fails_at_once_with_the_servers_message(status: int):
    async def use(chat: Chat, received: list[bytes]) -> tuple[Call, int]:
        return await chat.complete(HELLO), len(received)

    reply = http(status, '{"error": {"message": "No such\\nmodel"}}', "Location: http://127.0.0.1:9/")
    call, n_requests = ask(reply, use=use)
    assert (call.failure, call.status, n_requests) == (f"HTTP {status}: No such model", status, 1)


def test_being_refused_for_asking_too_often_is_no_failed_attempt():
    async def use(chat: Chat, received: list[bytes]) -> tuple[Call, int]:
        return await chat.complete(HELLO), len(received)

    refusals = [http(429, "", "retry-after-ms: 1")] * 3 * chat_module.MAX_ATTEMPTS
    call, n_requests = ask(*refusals, answer(), use=use)
    assert (call.text, n_requests) == ("Hi.", len(refusals) + 1)


@pytest.mark.parametrize(("header", "seconds"), [("Retry-After: 1", 1.0), ("retry-after-ms: 900", 0.9)])
def test_retry_after_is_waited_for(header: str, seconds: float, monkeypatch: pytest.MonkeyPatch):
    told: list[float | None] = []
    finish = Throttle.finish

    def listen(throttle: Throttle, slot: Any, reply: Any = None, retry_after: float | None = None) -> None:
        told.append(retry_after)
        finish(throttle, slot, reply, retry_after)

    monkeypatch.setattr(Throttle, "finish", listen)
    began = time.perf_counter()
    assert ask(http(429, "", header), answer()).answered
    assert time.perf_counter() - began >= 0.9
    assert told == [seconds, None]  # and so it is not waited longer


def test_retry_after_in_all_its_forms():
    now = 1_700_000_000.0
    assert parse_retry_after({"Retry-After": "2"}, now) == 2
    assert parse_retry_after({"Retry-After": "0.5"}, now) == 0.5
    assert parse_retry_after({"retry-after-ms": "250", "Retry-After": "1"}, now) == 0.25
    assert parse_retry_after({"Retry-After": email.utils.formatdate(now + 30, usegmt=True)}, now) == 30
    assert parse_retry_after({"Retry-After": email.utils.formatdate(now - 30, usegmt=True)}, now) == 0
    for odd in ("soon", "-1", "nan", "inf", ""):
        assert parse_retry_after({"Retry-After": odd}, now) is None
    assert parse_retry_after({}, now) is None


def test_an_endpoint_that_asks_for_hours_is_given_up():
    with pytest.raises(EndpointRefused, match=r"120 minutes.*daily limit"):
        ask(http(429, '{"error": {"message": "daily limit"}}', "Retry-After: 7200"))


@pytest.mark.parametrize("status", [503, 529, 500])
def test_patience_holds_for_every_status(status: int):
    with pytest.raises(EndpointRefused, match=r"60 minutes.*maintenance"):
        ask(http(status, '{"error": {"message": "maintenance"}}', "Retry-After: 3600"))


def test_a_time_is_no_wait_of_thousands_of_years():
    soon = http(429, "", f"Retry-After: {int(time.time()) - 1}")
    assert ask(soon, http(429, "", f"Retry-After: {int(time.time() * 1000)}"), answer()).answered


@pytest.mark.parametrize(
    "refusal",
    [
        http(429, '{"error": {"message": "Pay first", "code": "insufficient_quota"}}'),
        http(402, '{"error": {"message": "Pay first"}}'),
        http(400, '{"error": {"message": "Pay first: your credit balance is too low"}}'),
    ],
)
def test_a_spent_account_ends_the_work_wherever_it_is(refusal: bytes):
    async def use(chat: Chat, received: list[bytes]) -> int:
        assert (await chat.complete(HELLO)).answered
        for _ in range(2):
            with pytest.raises(EndpointRefused, match=r"account is spent.*HTTP 4.*Pay first.*same command"):
                await chat.complete(HELLO)
        return len(received)

    assert ask(answer(), refusal, use=use) == 2


def test_a_prompt_that_speaks_of_money_is_no_spent_account():
    said = "My account was suspended."
    request = Request(messages=(Message(role="user", content=said),))

    async def use(chat: Chat, _: list[bytes]) -> Call:
        return await chat.complete(request)

    call = ask(http(422, json.dumps({"detail": [{"msg": "no", "input": said}]})), use=use)
    assert call.failure.startswith("HTTP 422")


def test_a_quota_that_comes_back_is_waited_for():
    refusal = {"error": {"message": "You exceeded your current quota", "retryDelay": "0.001s"}}
    assert ask(http(429, json.dumps(refusal)), answer()).answered
    assert ask(http(429, "You exceeded your current quota", "Retry-After: 0.001"), answer()).answered


def test_failures_that_quote_what_was_said_are_alike():
    replies = [http(200, f"Call me {name}.") for name in "abcdefghijklmnopqrstuvwxyz"]
    replies = [reply for reply in replies for _ in range(chat_module.MAX_ATTEMPTS)]

    async def use(chat: Chat, received: list[bytes]) -> int:
        with pytest.raises(EndpointRefused, match=r"first 20 calls all failed alike: .*Call me t"):
            for _ in range(25):
                await chat.complete(HELLO)
        return len(received)

    assert ask(*replies, use=use) == 20 * chat_module.MAX_ATTEMPTS


SYSTEM = Request(messages=(Message(role="system", content="Be warm."), *HELLO.messages))


def test_what_was_learnt_changes_what_is_sent_and_no_key():
    async def use(chat: Chat, received: list[bytes]) -> None:
        key = chat.key(SYSTEM)
        call = await chat.complete(SYSTEM)
        assert call.key == chat.key(SYSTEM) == key
        assert chat.learnt == {"system_role": "merge"}
        assert call.adapted == "the system message is part of the user's"
        assert call.request == chat.body(SYSTEM) == received[-1].partition(b"\r\n\r\n")[2]
        assert json.loads(call.request)["messages"] == [{"role": "user", "content": "Be warm.\n\nHello"}]
        assert (await chat.complete(HELLO)).adapted == ""
        assert len(received) == 3

    ask(http(500, "System role not supported"), answer(), use=use)


def test_what_did_not_help_is_not_kept_as_learnt():
    async def use(chat: Chat, received: list[bytes]) -> int:
        call = await chat.complete(SYSTEM)
        assert call.failure == "HTTP 400: System role not supported"
        assert chat.learnt == {}
        return len(received)

    assert ask(http(400, "System role not supported"), use=use) == 2


def test_a_server_that_fails_over_the_system_role_without_a_word():
    async def use(chat: Chat, _: list[bytes]) -> None:
        with pytest.raises(EndpointRefused, match="try --system-role merge"):
            await asyncio.gather(*(chat.complete(SYSTEM) for _ in range(20)))

    ask(http(500, "Internal Server Error"), use=use)


def test_every_request_counts_against_the_budget():
    async def use(chat: Chat, received: list[bytes]) -> tuple[Call, int]:
        call = await chat.complete(HELLO)
        with pytest.raises(BudgetReached, match="limit of 3 calls"):
            await chat.complete(HELLO)
        return call, len(received)

    call, n_requests = ask(http(500, "oops"), use=use, max_calls=3)
    assert (call.failure, n_requests) == ("HTTP 500: oops", 3)
    call, n_requests = ask(
        *[http(429, "", "retry-after-ms: 1")] * 5, answer(), use=_after(2, use), max_calls=3
    )
    assert (call.text, n_requests) == ("Hi.", 8)


def _after(n: int, use: Any) -> Any:
    """The same once so many calls were made."""

    async def later(chat: Chat, received: list[bytes]) -> Any:
        for _ in range(n):
            await chat.complete(HELLO)
        return await use(chat, received)

    return later


def test_what_was_paid_in_vain_counts_against_the_budget():
    empty = answer("", usage={"prompt_tokens": 9, "completion_tokens": 5, "cost": 0.4})
    told = answer("Hi.", usage={"prompt_tokens": 9, "completion_tokens": 5, "cost": 0.4})

    async def use(chat: Chat, _: list[bytes]) -> int:
        calls = 0
        with pytest.raises(BudgetReached, match=r"\$1 is reached"):
            while calls < 9:
                await chat.complete(HELLO)
                calls += 1
        return calls

    assert ask(empty, told, use=use, max_cost=1) == 2


def test_no_answer_in_time():
    call = ask(None, timeout=0.05)
    assert call.failure == "no answer within 0.05 s"
    assert (call.status, call.body) == (0, b"")


def test_no_connection():
    async def main() -> Call:
        async with Transport() as transport:
            return await transport.chat("http://127.0.0.1:9/v1#m").complete(HELLO)

    assert asyncio.run(main()).failure.startswith("no connection: ")


def test_a_cancelled_call_gives_its_slot_back():
    async def use(chat: Chat, received: list[bytes]) -> None:
        for n in range(1, 4):
            call = asyncio.create_task(chat.complete(HELLO))
            while len(received) < n:  # until it is in flight
                assert not call.done()
                await asyncio.sleep(0.001)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        assert (await chat.complete(HELLO)).answered
        assert len(received) == 4

    ask(None, None, None, answer(), use=use, max_concurrency=1)


@pytest.mark.parametrize(
    "reply",
    [
        http(401, json.dumps({"error": {"message": f"Incorrect API key: {KEY}", "param": KEY}})),
        http(401, json.dumps({"error": {"message": f"Bearer {KEY}"}}).replace("/", "\\/")),
        http(401, '{"error": {"message": "' + "".join(f"\\u{ord(c):04x}" for c in KEY) + '"}}'),
        http(400, f"<html>{KEY}</html>"),
        http(500, KEY),
        http(200, KEY),
        answer(f"Your key is {KEY}.", KEY),
        answer(f"<think>{KEY}</think>It is {KEY}."),
        answer("", f"odd {KEY}"),
    ],
)
def test_a_key_that_the_server_repeats_goes_no_further(reply: bytes):
    call: Call = ask(reply)
    assert KEY not in repr(call)
    assert KEY.encode() not in call.body
    assert KEY.replace("/", "\\/").encode() not in call.body


def test_a_key_never_shows_in_what_is_raised():
    async def use(chat: Chat, _: list[bytes]) -> str:
        with pytest.raises(EndpointRefused) as raised:
            for _ in range(20):
                await chat.complete(HELLO)
        return f"{raised.value!r} {raised.value}"

    shown = ask(http(401, json.dumps({"error": {"message": f"Bad key {KEY}"}})), use=use)
    assert KEY not in shown
    assert "Bad key [key]" in shown


def test_a_key_is_asked_for_when_the_chat_opens(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    async def main() -> None:
        async with Transport() as transport:
            with pytest.raises(MissingKey, match="OPENAI_API_KEY"):
                transport.chat("openai/gpt-4.1-mini")

    asyncio.run(main())
