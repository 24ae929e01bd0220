"""Errors in the words of the protocol."""

from __future__ import annotations

import openai
import pytest
from openai import AsyncOpenAI

from tests.models.serving.asking import SPEC, ask, chat, complete, posted


@pytest.mark.parametrize(
    ("body", "path", "method", "status", "words"),
    [
        (b"{not json", "/chat/completions", "POST", 400, "no JSON"),
        (b"\xff\xfe", "/chat/completions", "POST", 400, "no JSON"),
        (b"[" * 100_000, "/chat/completions", "POST", 400, "no JSON"),
        (b"[]", "/chat/completions", "POST", 400, "Expected `object`"),
        (b'{"model": "v1"}', "/chat/completions", "POST", 400, "messages"),
        (b'{"model": "v1"}', "/completions", "POST", 400, "prompt"),
        (b"{}", "/embeddings", "POST", 404, "POST /v1/embeddings"),
        (b"", "/completions", "GET", 405, "Not Allowed"),
        (b" " * (17 * 2**20), "/completions", "POST", 413, "Too Large"),
    ],
)
def test_every_error_has_openais_form(body: bytes, path: str, method: str, status: int, words: str) -> None:
    got, answer = posted(body, path, method)
    assert got == status
    assert set(answer["error"]) == {"message", "type", "param", "code"}
    assert words in answer["error"]["message"]


def test_a_prompt_beyond_the_context() -> None:
    for call in (
        lambda: chat(messages=[{"role": "user", "content": "word " * 50}]),
        lambda: complete(prompt=["short", "word " * 50]),
    ):
        with pytest.raises(openai.BadRequestError, match="50 tokens") as caught:
            call()
        assert caught.value.code == "context_length_exceeded"


def test_an_engine_that_breaks_is_a_server_error(caplog: pytest.LogCaptureFixture) -> None:
    async def twice(client: AsyncOpenAI) -> str | None:
        with pytest.raises(openai.InternalServerError, match="ZeroDivisionError"):
            await client.completions.create(model=SPEC, prompt=["BREAK", "also"])
        return (await client.completions.create(model=SPEC, prompt="go on")).choices[0].text

    assert ask(twice)
    assert "ZeroDivisionError" in caplog.text
