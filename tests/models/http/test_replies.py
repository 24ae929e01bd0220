"""Reading what endpoints send back, in all the shapes that they are known to send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.models.http.replies import read, without_answer
from tests import ROOT


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
        (
            completion("yes", reasoning_details=[{"type": "reasoning.text", "text": "because"}]),
            "yes",
            "because",
        ),
        (completion("analysisHm.assistantfinalyes"), "yes", "Hm."),
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


@pytest.mark.parametrize(
    "body",
    [
        [{"choices": [{"message": {"content": "yes"}}]}],
        {"choices": [None, {"message": {"content": "yes"}}]},
        {"choices": {"message": {"content": "yes"}}, "error": {"code": 0, "message": None}},
        {"choices": [{"text": "yes"}], "code": 200, "message": "success"},
        {"data": {"choices": [{"message": "yes"}]}, "error": False},
        {"message": {"role": "assistant", "content": "yes"}, "done_reason": "stop"},
    ],
)
def test_an_answer_is_found_wherever_servers_put_it(body: Any) -> None:
    reply = read(200, json.dumps(body).encode())
    assert (reply.text, reply.failure) == ("yes", "")


USAGES: list[tuple[Any, tuple[int, int, float | None]]] = [
    ({"prompt_tokens": "7", "completion_tokens": "3", "cost": "0.25"}, (7, 3, 0.25)),
    ({"prompt_tokens": 7, "completion_tokens": 1e30, "cost": 1e30}, (7, 0, None)),
    ({"prompt_tokens": 7.0, "completion_tokens": -3, "cost": {"input": 1, "total_cost": 0.25}}, (7, 0, 0.25)),
    ({"prompt_tokens": True, "completion_tokens": [3], "cost": "dear"}, (0, 0, None)),
    ({"input_tokens": 7, "output_tokens": 3}, (7, 3, None)),
    ([], (0, 0, None)),
    ("7 and 3", (0, 0, None)),
    (1e30, (0, 0, None)),
]


@pytest.mark.parametrize(("usage", "read_as"), USAGES)
def test_an_answer_is_one_whatever_is_told_of_its_usage(
    usage: Any, read_as: tuple[int, int, float | None]
) -> None:
    reply = read(200, json.dumps(json.loads(completion("yes")) | {"usage": usage}).encode())
    assert (reply.text, reply.failure) == ("yes", "")
    assert (reply.tokens_in, reply.tokens_out, reply.reported_cost) == read_as
    assert isinstance(reply.tokens_in, int)


@pytest.mark.parametrize(
    ("told", "read_as"),
    [
        ({"type": "stop"}, ""),
        ({"type": "length"}, "length"),
        (1, ""),
        (["stop"], ""),
        ("MAX_TOKENS", "length"),
        ("STOP", "stop"),
        ("SAFETY", "content_filter"),
        ("eos", "eos"),
    ],
)
def test_an_answer_is_one_whatever_is_told_of_its_end(told: Any, read_as: str) -> None:
    body = completion("yes", told)
    reply = read(200, body)
    assert (reply.text, reply.failure, reply.finish_reason) == ("yes", "", read_as)


def test_an_answer_that_the_filter_broke_off_is_kept_and_marked():
    reply = read(200, completion("It is", "content_filter"))
    assert (reply.text, reply.finish_reason, reply.failure) == ("It is", "content_filter", "")


def test_what_was_used_up_counts_though_no_answer_came():
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "cost": 0.25}
    for body in ({"choices": []}, {"error": {"message": "?"}}, json.loads(completion("I", "error"))):
        reply = read(200, json.dumps(body | {"usage": usage}).encode())
        assert reply.failure
        assert (reply.tokens_in, reply.tokens_out, reply.reported_cost) == (7, 3, 0.25)


def test_text_can_always_be_written():
    pair, lone = "\\ud83d\\ude00", "\\ud83d"
    body = completion("smile PAIR, half LONE.", "PAIR LONE", reasoning="LONE")
    reply = read(200, body.replace(b"PAIR", pair.encode()).replace(b"LONE", lone.encode()))
    assert reply.text == "smile 😀, half \ufffd."
    assert "".join((reply.reasoning, reply.finish_reason)).encode()
    assert read(400, b'{"error": {"message": "' + lone.encode() + b'"}}').failure.encode()


def test_whose_text_is_known_to_be_reasoning_has_no_answer():
    reply = without_answer(read(200, completion("So, let me", "length")))
    assert (reply.text, reply.reasoning) == ("", "So, let me")
    assert reply.failure == "empty answer (finish_reason length; only reasoning)"


def test_an_answer_that_was_cut_off_is_kept_and_marked():
    reply = read(200, completion("It is", "length"))
    assert (reply.text, reply.finish_reason, reply.failure) == ("It is", "length", "")


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"", "the reply is empty"),
        (b"<html><h1>Bad  gateway</h1></html>", "the reply is HTML, not JSON: Bad gateway"),
        (b'{"choices": [{"mess', "the reply is JSON cut short or broken"),
        (b"data: {}\n\ndata: [DONE]\n\n", "the reply is an event stream without an answer"),
        (b'data: {"choices": [{"delta": {"content": "I"}}]}\n\n', "the event stream was cut"),
        (b"upstream timed out", "the reply is not JSON: upstream timed out"),
        (b"\xff\xfe\x00", "the reply is not JSON: "),
        (b'{"choices": []}', "the reply has no choices"),
        (b'{"object": "list"}', "the reply has no choices"),
        (b'{"choices": [{"index": 0}]}', "the reply has no message"),
        (b'{"choices": "none"}', 'the reply has no choices: {"choices": "none"}'),
        (b"[1, 2]", "the reply has no choices: [1, 2]"),
        (completion("I", "error"), "the answer broke off (finish_reason error)"),
        (completion("I", "network_error"), "the answer broke off (finish_reason error)"),
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
        (302, b"<a href='/'>Found</a>", "HTTP 302: Found (the endpoint has moved)", False, False),
        (404, b'{"object": "error", "message": "No such model"}', "HTTP 404: No such model", False, False),
        (
            400,
            b'{"error": {"message": "Filtered.", "code": "content_filter"}}',
            "content filter (HTTP 400: Filtered.)",
            False,
            False,
        ),
        # Errors that stand in a 200 in other ways: a code of its own, MiniMax's, one that a stream ends with.
        (200, b'{"code": 404, "message": "No such model"}', "HTTP 404: No such model", False, False),
        (
            200,
            b'{"choices": null, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}',
            "the endpoint answered an error: insufficient balance",
            False,
            False,
        ),
        (
            200,
            b'event: error\ndata: {"error": {"code": 503, "message": "busy"}}\n',
            "HTTP 503: busy",
            True,
            False,
        ),
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


CASES = ROOT.parent / "shared" / "cases" / "endpoints"
RECORDED: dict[str, tuple[str, str]] = {  # what is read in it: the answer, or the failure
    "comment_before_json": ("Glad you asked. Let us look at it together.", ""),
    "content_object": ('{"choice":"warm"}', ""),
    "cut_answer": ("Glad you asked. Let us look at it together. And then the", ""),
    "finish_reason_object": ("Glad you asked. Let us look at it together.", ""),
    "harmony_in_content": ("Glad you asked. Let us look at it together.", ""),
    "huge_usage": ("Glad you asked. Let us look at it together.", ""),
    "status_201": ("Glad you asked. Let us look at it together.", ""),
    "stream_unasked_chunks": ("Glad you asked. Let us look at it together.", ""),
    "think_after_text": ("Okay.\nGlad you asked. Let us look at it together.", ""),
    "thought_tag": ("Glad you asked. Let us look at it together.", ""),
    "usage_cost_object": ("Glad you asked. Let us look at it together.", ""),
    "usage_strings": ("Glad you asked. Let us look at it together.", ""),
    "azure_filter_400": (
        "",
        "content filter (HTTP 400: The response was filtered due to the content policy.)",
    ),
    "base_resp_error_in_200": ("", "the endpoint answered an error: insufficient balance"),
    "finish_error_partial": ("", "the answer broke off (finish_reason error)"),
    "harmony_cut": ("", "empty answer (finish_reason length; only reasoning)"),
    "openrouter_raw": (
        "",
        "HTTP 400: Provider returned error: `temperature` and `top_p` cannot both be given for this model. "
        "(SomeCloud)",
    ),
}


@pytest.mark.parametrize("name", RECORDED)
def test_what_endpoints_were_seen_to_send(name: str) -> None:
    path = CASES / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    case = json.loads(path.read_text())
    body = case["body"] if isinstance(case["body"], str) else json.dumps(case["body"])
    reply = read(case["status"], body.encode())
    assert (reply.text, reply.failure) == RECORDED[name]
    assert "curious" not in reply.text
