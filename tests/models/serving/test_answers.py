"""Texts that end where they were told to, and prompts that are scored."""

from __future__ import annotations

from tests.models.serving.asking import Engine, chat, complete, words


def test_a_stop_text_ends_the_answer() -> None:
    whole = chat(seed=3, logprobs=True).choices[0].message.content
    third = words(whole)[2].strip()
    cut = chat(seed=3, logprobs=True, stop=["no such word", third])
    [choice] = cut.choices
    assert choice.message.content == whole[: whole.index(third)]
    assert choice.finish_reason == "stop"
    assert cut.usage.completion_tokens == len(choice.logprobs.content) < 8
    [short] = chat(seed=3, stop="say", max_tokens=2).choices
    assert (short.message.content, short.finish_reason) == ("", "stop")


def test_a_prompt_is_scored() -> None:
    engine = Engine()
    answer = complete(engine, prompt=["one two three", "four"], echo=True, max_tokens=0, logprobs=1)
    first, second = answer.choices
    assert (first.text, first.finish_reason, second.text) == ("one two three", "length", "four")
    assert first.logprobs.tokens == ["one", " two", " three"]
    assert first.logprobs.token_logprobs == [None, -1.5, -2.5]
    assert first.logprobs.top_logprobs == [None, {" two": -1.5}, {" three": -2.5}]
    assert first.logprobs.text_offset == [0, 3, 7]
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (4, 0)
    assert [job.continuation for [*jobs] in engine.batches for job in jobs] == ["one two three", "four"]


def test_a_prompt_is_scored_as_evaluation_harnesses_ask() -> None:
    """They ask for one more token and leave it out of their sums."""
    [choice] = complete(prompt="one two three", echo=True, max_tokens=1, logprobs=1, temperature=0).choices
    assert choice.text == "one two threesay"
    assert sum(choice.logprobs.token_logprobs[1:-1]) == -4.0
    assert [max(top.values()) for top in choice.logprobs.top_logprobs[1:-1]] == [-1.5, -2.5]


def test_an_end_takes_the_place_of_the_token_that_was_asked_for() -> None:
    engine = Engine()
    engine.silent = True
    answer = complete(engine, prompt="one two", echo=True, max_tokens=1, logprobs=1)
    [choice] = answer.choices
    assert (choice.text, choice.finish_reason, answer.usage.completion_tokens) == ("one two", "stop", 0)
    assert choice.logprobs.token_logprobs[1:-1] == [-1.5]
    assert choice.logprobs.tokens == ["one", " two", ""]
