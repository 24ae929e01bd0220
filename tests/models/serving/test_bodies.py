"""What a body says, and what it leaves to the model."""

from __future__ import annotations

from tests.models.serving.asking import Engine, chat, complete


def test_what_is_not_said_is_left_to_the_model() -> None:
    engine = Engine()
    assert chat(engine).choices[0].finish_reason == "stop"
    [[job]] = engine.batches
    assert (job.sampling.temperature, job.sampling.top_p, job.sampling.max_tokens) == (None, None, None)


def test_a_chat_of_parts_and_roles() -> None:
    engine = Engine()
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    chat(engine, messages=[{"role": "developer", "content": "be brief"}, {"role": "user", "content": parts}])
    [[job]] = engine.batches
    assert job.prompt == (
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "one\ntwo"},
    )


def test_completions_are_sixteen_tokens_long_unless_told() -> None:
    engine = Engine()
    complete(engine)
    assert engine.batches[0][0].sampling.max_tokens == 16
