"""Log-probabilities of given continuations, against the model itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mien.models.engine import Job
from mien.types import Message
from tests.models.local.tiny import close, log_p, prompt_ids, say

if TYPE_CHECKING:
    from mien.models.local import Local


def test_a_continuation_is_scored_with_the_end_of_the_turn(
    engine: Local, oracle: Any, tokenizer: Any
) -> None:
    messages = say("how are you?", "be brief")
    output = engine.run(
        [
            Job(prompt=messages, continuation="well, thank you", top_logprobs=2),
            Job(prompt="a", continuation="b"),
        ]
    )[0]
    whole = tokenizer.apply_chat_template(
        [*messages, Message(role="assistant", content="well, thank you")], tokenize=False
    )
    ids = tokenizer(whole.removesuffix("\n"), add_special_tokens=False)["input_ids"]
    start = len(prompt_ids(tokenizer, messages))
    table = log_p(oracle, ids)
    exact = [float(table[i - 1, ids[i]]) for i in range(start, len(ids))]
    assert [token.logprob for token in output.tokens] == pytest.approx(exact, abs=1e-4)
    assert output.text == "well, thank you" == "".join(token.text for token in output.tokens)
    assert output.tokens[-1].text == ""
    assert output.tokens_in == start
    assert [v for _, v in output.tokens[0].top] == pytest.approx(
        table[start - 1].topk(2).values.tolist(), abs=1e-4
    )


def test_a_plain_continuation_follows_the_tokens_of_its_prompt(engine: Local, tokenizer: Any) -> None:
    """Also where the two would be tokenised differently as one text."""
    prompts = ("the quick", "the ", "")
    outputs = engine.run([Job(prompt=prompt, continuation="quick fox") for prompt in prompts])
    assert tokenizer("the quick")["input_ids"] != [
        *tokenizer("the ")["input_ids"],
        *tokenizer("quick")["input_ids"],
    ]
    for prompt, output in zip(prompts, outputs, strict=True):
        assert output.text == "quick fox"
        assert output.tokens_in == len(tokenizer(prompt)["input_ids"])
        assert [token.logprob is None for token in output.tokens] == [
            not prompt and not i for i in range(len(output.tokens))
        ]


def test_prompts_that_are_shared_are_read_once_and_change_nothing(
    engine: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts: list[Any] = [say("hello"), say("how are you, the quick brown fox?", "be brief"), "the lazy dog"]
    words = ("well", "I am well, thank you", "", "jumps over the dog")
    asked = [Job(prompt=p, continuation=w, top_logprobs=2) for w in words for p in prompts]
    alone = [engine.run([job])[0] for job in asked]
    read: list[int] = []
    forward = engine._network.read

    def counting(texts: Any, keep: int, *, remember: bool) -> Any:
        read.append(len(texts))
        return forward(texts, keep, remember=remember)

    monkeypatch.setattr(engine._network, "read", counting)
    together = engine.run(asked)
    assert read == [len(prompts)]
    for one, other in zip(alone, together, strict=True):
        assert close(one, other)
        for mine, theirs in zip(one.tokens, other.tokens, strict=True):
            assert [text for text, _ in mine.top] == [text for text, _ in theirs.top]
