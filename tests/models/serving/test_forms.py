"""How answers are worded, whole and in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.models.serving.asking import HELLO, SPEC, ask, chat, complete

if TYPE_CHECKING:
    from openai import AsyncOpenAI


def test_log_probabilities_of_a_chat() -> None:
    [choice] = chat(logprobs=True, top_logprobs=3).choices
    told = choice.logprobs.content
    assert "".join(token.token for token in told) == choice.message.content
    assert [token.logprob for token in told] == [-0.5 - i for i in range(8)]
    assert bytes(told[-1].bytes) == " é.".encode()
    assert [(top.token, top.logprob) for top in told[0].top_logprobs] == [
        ("say", -0.5),
        ("the", -3.0),
        ("a", -9999.0),  # JSON has no infinity
    ]
    [piece] = chat(logprobs=True, max_tokens=1, messages=[{"role": "user", "content": "HALF"}]).choices
    assert piece.logprobs.content[0].bytes is None  # half a character: which half, its text does not tell
    assert all(token.top_logprobs == [] for token in chat(logprobs=True).choices[0].logprobs.content)


async def streamed(client: AsyncOpenAI, **members: Any) -> list[Any]:
    stream = await client.chat.completions.create(model=SPEC, messages=HELLO, stream=True, **members)
    return [chunk async for chunk in stream]


def test_a_stream_says_the_same_in_pieces() -> None:
    members: dict[str, Any] = {"seed": 5, "n": 2, "logprobs": True, "stop": "é"}
    whole = chat(**members)
    chunks = ask(lambda client: streamed(client, **members, stream_options={"include_usage": True}))
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    for choice in whole.choices:
        mine = [chunk.choices[0] for chunk in chunks[:-1] if chunk.choices[0].index == choice.index]
        assert mine[0].delta.role == "assistant"
        assert "".join(piece.delta.content or "" for piece in mine) == choice.message.content
        assert [piece.finish_reason for piece in mine] == [None] * (len(mine) - 1) + ["stop"]
        told = [token for piece in mine if piece.logprobs for token in piece.logprobs.content]
        assert told == choice.logprobs.content
        assert len(mine) == len(told) + 2


def test_a_stream_without_usage_and_of_completions() -> None:
    chunks = ask(lambda client: streamed(client, max_tokens=2))
    assert all(chunk.usage is None for chunk in chunks)

    async def completions(client: AsyncOpenAI) -> list[Any]:
        stream = await client.completions.create(
            model=SPEC, prompt="say hello", seed=1, echo=True, logprobs=0, stream=True
        )
        return [chunk async for chunk in stream]

    chunks = ask(completions)
    [whole] = complete(seed=1, echo=True, logprobs=0).choices
    pieces = [chunk.choices[0] for chunk in chunks]
    assert "".join(piece.text for piece in pieces) == whole.text
    offsets = [offset for piece in pieces if piece.logprobs for offset in piece.logprobs.text_offset]
    assert offsets == whole.logprobs.text_offset
