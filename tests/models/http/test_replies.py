"""Reading what endpoints send back, in all the shapes that they are known to send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.models.http.replies import read, split_reasoning


def completion(content: Any = None, finish_reason: str | None = "stop", **message: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": content, **message}}
    return json.dumps({"id": "1", "choices": [choice | {"finish_reason": finish_reason}]}).encode()


def test_an_answer_with_its_usage():
    body = json.loads(completion(" Hello. "))
    body["usage"] = {"prompt_tokens": 7, "completion_tokens": 3, "cost": 0.25, "details": {"x": 1}}
    reply = read(200, json.dumps(body).encode())
    assert (reply.text, reply.failure, reply.finish_reason) == (" Hello. ", "", "stop")
    assert (reply.tokens_in, reply.tokens_out, reply.reported_cost) == (7, 3, 0.25)


@pytest.mark.parametrize(
    ("body", "text", "reasoning"),
    [
        (completion([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), "ab", ""),
        (completion(["a", "b"]), "ab", ""),
        (completion("yes", reasoning="because"), "yes", "because"),
        (completion("yes", reasoning_content="because"), "yes", "because"),
        (completion("yes", reasoning={"odd": 1}), "yes", ""),
        (completion("\n<think>\nhm\n</think>\n\nyes"), "yes", "hm"),
        (completion("<think>a</think><think>b</think>yes"), "yes", "a\nb"),
        (completion("hm, well\n</think>\n\nyes"), "yes", "hm, well"),
        (completion("Write <think> and </think> around it."), "Write <think> and </think> around it.", ""),
        (completion([{"type": "thinking", "thinking": [{"text": "hm"}]}, {"text": "yes"}]), "yes", "hm"),
        (completion(None, refusal="I can't help with that."), "I can't help with that.", ""),
    ],
)
def test_hidden_reasoning_is_never_part_of_the_answer(body: bytes, text: str, reasoning: str):
    reply = read(200, body)
    assert (reply.text, reply.reasoning, reply.failure) == (text, reasoning, "")


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (completion(""), "empty answer (finish_reason stop)"),
        (completion(None, None), "empty answer"),
        (completion(" \n"), "empty answer (finish_reason stop)"),
        (
            completion("", "length", reasoning="so"),
            "empty answer (finish_reason length; only reasoning)",
        ),
        (completion("<think>so", "length"), "empty answer (finish_reason length; only reasoning)"),
        (completion("<think>so</think>"), "empty answer (finish_reason stop; only reasoning)"),
        (completion(None, "content_filter"), "content filter"),
    ],
)
def test_an_empty_answer_is_a_failure_that_asking_again_does_not_mend(body: bytes, failure: str):
    reply = read(200, body)
    assert (reply.failure, reply.text, reply.transient) == (failure, "", False)


def test_an_answer_that_was_cut_off_is_kept_and_marked():
    reply = read(200, completion("It is", "length"))
    assert (reply.text, reply.finish_reason, reply.failure) == ("It is", "length", "")


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"", "the reply is empty"),
        (b"<html><h1>Bad  gateway</h1></html>", "the reply is HTML, not JSON: Bad gateway"),
        (b'{"choices": [{"mess', "the reply is JSON cut short or broken"),
        (b"data: {}\n\ndata: [DONE]\n\n", "the reply is an event stream, not JSON"),
        (b"upstream timed out", "the reply is not JSON: upstream timed out"),
        (b"\xff\xfe\x00", "the reply is not JSON: "),
        (b'{"choices": []}', "the reply has no choices"),
        (b'{"object": "list"}', "the reply has no choices"),
        (b'{"choices": [{"index": 0}]}', "the reply has no message"),
        (b'{"choices": "none"}', "the reply has the wrong shape: "),
        (b"[1, 2]", "the reply has the wrong shape: "),
        (b'{"error": ' + b"[" * 100_000, "the reply is JSON cut short or broken"),
    ],
)
def test_what_is_no_completion_is_a_failure_worth_another_try(body: bytes, failure: str):
    reply = read(200, body)
    assert reply.failure.startswith(failure)
    assert reply.transient
    assert "\n" not in reply.failure
    assert len(reply.failure) < 400


@pytest.mark.parametrize(
    ("status", "body", "failure", "transient", "limited"),
    [
        (401, b'{"error": {"message": "Bad key", "code": "invalid"}}', "HTTP 401: Bad key", False, False),
        (404, b'{"detail": "Not Found"}', "HTTP 404: Not Found", False, False),
        (422, b'{"detail": [{"loc": ["body"]}]}', 'HTTP 422: [{"loc":["body"]}]', False, False),
        (400, b'[{"error": {"message": "Gemini\'s way"}}]', "HTTP 400: Gemini's way", False, False),
        (400, b'{"error": "Ollama\'s way"}', "HTTP 400: Ollama's way", False, False),
        (413, b"", "HTTP 413: no message", False, False),
        (302, b"<a href='/'>Found</a>", "HTTP 302: Found", False, False),
        (500, b"oops", "HTTP 500: oops", True, False),
        (408, b"", "HTTP 408: no message", True, False),
        (409, b"", "HTTP 409: no message", True, False),
        (425, b"", "HTTP 425: no message", True, False),
        (503, b'{"message": "busy"}', "HTTP 503: busy", True, False),
        (429, b'{"error": {"message": "Slow down"}}', "HTTP 429: Slow down", False, True),
        (
            429,
            b'{"error": {"message": "Pay", "code": "insufficient_quota"}}',
            "HTTP 429: Pay",
            False,
            False,
        ),
        # OpenRouter: the status of the provider behind it, in the body of a 200.
        (200, b'{"error": {"code": 502, "message": "Provider"}}', "HTTP 502: Provider", True, False),
        (200, b'{"error": {"code": 429, "message": "Later"}}', "HTTP 429: Later", False, True),
        (200, b'{"error": {"code": 402, "message": "Credits"}}', "HTTP 402: Credits", False, False),
        (200, b'{"error": {"message": "?"}}', "the endpoint answered an error: ?", True, False),
        (
            200,
            b'{"choices": [{"error": {"code": 502, "message": "cut"}, "message": {"content": "I"}}]}',
            "HTTP 502: cut",
            True,
            False,
        ),
    ],
)
def test_an_error_tells_the_servers_own_message(
    status: int, body: bytes, failure: str, transient: bool, limited: bool
):
    reply = read(status, body)
    assert (reply.failure, reply.transient, reply.limited) == (failure, transient, limited)


@given(st.binary(max_size=200), st.sampled_from([200, 400, 429, 500]))
def test_no_bytes_whatever_raise(body: bytes, status: int):
    assert read(status, body).failure


_NAMES = ("choices", "message", "content", "error", "detail", "usage", "code", "finish_reason")
_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=3),
)


@given(_JSON)
def test_no_json_whatever_raises(value: Any):
    for status in (200, 400):
        reply = read(status, json.dumps(value).encode())
        assert bool(reply.text) != bool(reply.failure)


@given(st.text(alphabet="ab<think>/ \n", max_size=40))
def test_text_without_tags_is_left_alone(content: str):
    if "think>" not in content:
        assert split_reasoning(content) == (content, "")
