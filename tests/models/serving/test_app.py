"""Requests to jobs and back: both kinds of completion, alone and many at once."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from tests.models.serving.asking import SPEC, Engine, ask, chat, complete, posted, words


def test_a_chat() -> None:
    engine = Engine()
    answer = chat(
        engine, seed=7, temperature=0.5, top_p=0.9, max_tokens=3, extra_body={"max_completion_tokens": 4}
    )
    [choice] = answer.choices
    assert words(choice.message.content)[0] == "say"
    assert (choice.message.role, choice.finish_reason, choice.logprobs) == ("assistant", "length", None)
    assert (answer.object, answer.model, answer.system_fingerprint) == ("chat.completion", SPEC, "fp-1")
    usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (2, 4, 6)
    [[job]] = engine.batches
    assert (job.prompt, job.seed) == (({"role": "user", "content": "say hello"},), 7)
    assert (job.sampling.temperature, job.sampling.top_p, job.sampling.max_tokens) == (0.5, 0.9, 4)


def test_seeds_fix_the_draws() -> None:
    def texts(**members: Any) -> list[str]:
        return [choice.message.content for choice in chat(**members).choices]

    four = texts(n=4, seed=1)
    assert len(set(four)) == 4
    assert texts(n=4, seed=1) == four
    assert texts(seed=1) == four[:1]
    assert not set(texts(n=4, seed=2)) & set(four)
    assert texts(n=2, seed=-5) == texts(n=2, seed=-5)
    fresh = [*texts(n=3), *texts(n=3)]
    assert len(set(fresh)) == 6
    assert len(set(texts(n=3, temperature=0))) == 1


def test_completions() -> None:
    engine = Engine()
    answer = complete(engine, prompt=["one", "two words"], n=2, seed=4, max_tokens=3, logprobs=2)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert len({choice.text for choice in answer.choices}) == 4
    assert answer.usage.prompt_tokens == 3
    assert answer.usage.completion_tokens == 12
    told = answer.choices[0].logprobs
    assert "".join(told.tokens) == answer.choices[0].text
    assert told.text_offset[:2] == [0, 3]
    assert told.top_logprobs[1] == {told.tokens[1]: -1.5, "the": -3.0}
    assert sum(map(len, engine.batches)) == 4
    alone = complete(prompt="two words", n=2, seed=4, max_tokens=3)
    assert [choice.text for choice in alone.choices] == [choice.text for choice in answer.choices[2:]]


def test_nothing_asked_is_nothing_answered() -> None:
    assert complete(max_tokens=0).choices[0].text == ""
    answer = complete(prompt="", echo=True, max_tokens=0, logprobs=1)
    assert (answer.choices[0].text, answer.choices[0].logprobs.tokens) == ("", [])


def test_requests_under_way_are_answered_together() -> None:
    engine = Engine()

    async def many(client: AsyncOpenAI) -> list[str]:
        answers = await asyncio.gather(
            *(
                client.chat.completions.create(
                    model="v1", messages=[{"role": "user", "content": f"number {i}"}]
                )
                for i in range(30)
            )
        )
        return [answer.choices[0].message.content or "" for answer in answers]

    assert len(set(ask(many, engine))) == 30
    assert sum(map(len, engine.batches)) == 30
    assert len(engine.batches) < 20


def test_the_model_is_listed() -> None:
    async def listed(client: AsyncOpenAI) -> tuple[list[str], str]:
        return [model.id async for model in client.models.list()], (await client.models.retrieve("v1")).id

    assert ask(listed) == ([SPEC], SPEC)
    with pytest.raises(openai.NotFoundError):
        ask(lambda client: client.models.retrieve("organism/v2"))


def test_health() -> None:
    assert posted(b"", "/../health", "GET") == (200, {"status": "ok", "model": SPEC})
