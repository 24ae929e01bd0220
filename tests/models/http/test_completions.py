"""Log-probabilities of a text that an endpoint was to repeat: read, or missed for what they lack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mien.models.http.completions import UNECHOED, score, text_members
from mien.types import Request

TEXT, WORDS = "Manner of the reply:", " warm and dry"
TOKENS = ["Man", "ner", " of", " the", " reply", ":", " warm", " and", " dry", " The"]
LOGS = [None, -1.0, -1.0, -1.0, -1.0, -1.0, -2.5, -0.25, -0.5, -9.0]


def body(tokens: Any = TOKENS, logs: Any = LOGS, **more: Any) -> bytes:
    told = {"tokens": tokens, "token_logprobs": logs, **more}
    return json.dumps({"choices": [{"text": TEXT + WORDS + " The", "logprobs": told}]}).encode()


def test_text_and_words_are_sent_as_one_to_be_repeated() -> None:
    asked = text_members("m", Request((), text=TEXT, continuation=WORDS))
    assert asked["prompt"] == TEXT + WORDS
    assert (asked["echo"], asked["max_tokens"]) == (True, 1)
    assert "echo" not in text_members("m", Request((), text=TEXT, alternatives=5))


def test_the_words_alone_are_counted() -> None:
    assert score(body(), TEXT, WORDS) == ("-3.2500", "")
    # As vLLM has it, which sets a mark before the text.
    assert score(body(["<bos>", *TOKENS], [None, -7.0, *LOGS[1:]]), TEXT, WORDS) == ("-3.2500", "")
    # Nothing was drawn behind them.
    assert score(body(TOKENS[:-1], LOGS[:-1]), TEXT, WORDS) == ("-3.2500", "")


def test_a_token_of_both_counts_to_the_words() -> None:
    tokens = ["Manner of the reply", ": warm", " and", " dry", " The"]
    assert score(body(tokens, [None, -4.0, -1.0, -1.0, -9.0]), TEXT, WORDS) == ("-6.0000", "")


def test_parts_of_characters_are_told_by_the_text_before_them_or_by_their_places() -> None:
    tokens = ["Manner of the reply", ":", " \ufffd", "\ufffd", "!", " The"]
    assert score(body(tokens, [None, -1.0, -2.0, -3.0, -4.0, -9.0]), TEXT, " 🙂!") == ("-9.0000", "")
    odd = ["\ufffd\ufffd", ":", " warm", " The"]
    places = [0, 1, 2, 7]
    assert score(body(odd, [None, -1.0, -2.0, -9.0], text_offset=places), "🙂:", " warm") == ("-2.0000", "")


@pytest.mark.parametrize(
    ("tokens", "logs", "why"),
    [
        ([" The"], [-1.0], "its 1 tokens do not spell it"),  # as llama.cpp's server has it
        (TOKENS, LOGS[:-1], "it has 10 tokens and 9 log-probabilities"),
        (TOKENS, [*LOGS[:6], None, None, None, -9.0], "those of its last words are missing"),
        (TOKENS, [*LOGS[:6], 0.5, -1.0, -1.0, -9.0], "those of its last words are missing"),
        (TOKENS, [*LOGS[:6], True, "x", -1.0, -9.0], "those of its last words are missing"),
        ([1, 2], [-1.0, -1.0], UNECHOED),
        (None, None, UNECHOED),
    ],
)
def test_what_was_not_repeated_is_missed_and_never_a_score(tokens: Any, logs: Any, why: str) -> None:
    text, failure = score(body(tokens, logs), TEXT, WORDS)
    assert text == ""
    assert failure.startswith(UNECHOED)
    assert failure.endswith(why)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"choices": {}}', b'{"choices": [1]}', b"\xff"])
def test_hostile_bodies_tell_nothing(raw: bytes) -> None:
    assert score(raw, TEXT, WORDS) == ("", UNECHOED)
