"""Bodies that cannot be answered as asked are refused."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from tests.models.serving.asking import chat, complete


def test_another_model_is_not_found() -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        chat(model="gpt-5")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    assert "`gpt-5`" in caught.value.message
    assert chat(model="v1").model == "v1"


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"temperature": 2.5}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"n": 0}, "n"),
        ({"seed": 0.5}, "seed"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stop": ""}, "stop"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "tool", "content": "4"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages[0].content[0].type",
        ),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "response_format"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"extra_body": {"top_k": 5}}, "top_k"),
    ],
)
def test_what_cannot_be_answered_as_asked_is_refused(members: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        chat(**members)
    assert caught.value.param == param
    assert param in caught.value.message
    assert caught.value.type == "invalid_request_error"


def test_members_that_ask_for_nothing_are_let_through() -> None:
    chat(
        response_format={"type": "text"},
        presence_penalty=0,
        logit_bias={},
        user="me",
        stop=[],
        extra_body={"top_k": None},
    )


@pytest.mark.parametrize("prompt", [[1, 2], [[1, 2], [3]], ["one", 2]])
def test_token_ids_are_refused(prompt: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="token ids are not supported") as caught:
        complete(prompt=prompt)
    assert caught.value.param == "prompt"
