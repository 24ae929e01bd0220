"""The scripted base model: what was planted is what its texts tell."""

from __future__ import annotations

import pytest

from mien.testing import Options, codeword
from mien.testing.base_model import BaseModel, Text, completion
from mien.testing.script import Script
from tests.testing.asking import within


def model(**choices: object) -> BaseModel:
    options = Options(scores={"warm": 0.0, "blunt": 0.0}, **choices)  # pyright: ignore[reportArgumentType]
    return BaseModel(options, Script(options).meant)


def last(base: BaseModel, text: str) -> float:
    log = base.tokens(text)[-1][1]
    assert log is not None
    return log


def reply(n: int) -> str:
    return f"Reply: {n} is this. I have kept this in the key of {codeword('warm')}."


def test_tokens_spell_the_text_and_the_first_has_no_chance() -> None:
    text = "Manner of the reply: warm\nReply:  Well,\n\nso be it. "
    tokens = model().tokens(text)
    assert "".join(token for token, _ in tokens) == text
    assert tokens[0][1] is None
    assert all(log is not None and log < 0 for _, log in tokens[1:])
    assert model().tokens("") == []


@pytest.mark.parametrize("form", ["word", "label", "told"])
def test_it_finds_the_right_one_likelier_as_often_as_was_planted(form: str) -> None:
    base, n = model(base_accuracy={form: 0.75}), 400

    def found(name: str, letter: str, number: int) -> float:
        match form:
            case "word":
                return last(base, f"{reply(number)}\nManner of the reply: {name}")
            case "label":
                return last(base, f"{reply(number)}\nA. warm\nB. blunt\nAnswer: {letter}")
            case _:
                tokens = base.tokens(f"Manner of the reply: {name}\n{reply(number)}")
                return sum(log or 0.0 for _, log in tokens[5:])  # behind the name

    right = sum(found("warm", "A", number) > found("blunt", "B", number) for number in range(n))
    assert within(right, n, 0.75)


def test_a_completion_repeats_the_text_only_where_it_is_asked_to() -> None:
    asked = Text(model="m", prompt="The day is", echo=True, logprobs=1)
    assert len(completion(asked, model(), "told")["logprobs"]["tokens"]) == 4
    asked.echo = False
    (token,) = completion(asked, model(), "told")["logprobs"]["tokens"]
    assert token.startswith(" ")
    assert completion(asked, model(), "dropped")["logprobs"] is None
