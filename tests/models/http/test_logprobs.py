from __future__ import annotations

import json
import math

import pytest

from mien.models.http.logprobs import first_word, read_first_word
from mien.models.prefixes import bare


def body(logprobs):
    return json.dumps({"choices": [{"message": {"content": "A"}, "logprobs": logprobs}]}).encode()


def test_alternatives_are_read_in_both_forms():
    top = [{"token": "A", "logprob": -0.1}, {"token": " B", "logprob": -2.5}]
    newer = first_word(body({"content": [{"token": "A", "logprob": -0.1, "top_logprobs": top}]}))
    older = first_word(body({"tokens": ["A"], "top_logprobs": [{"A": -0.1, " B": -2.5}]}))
    assert read_first_word(newer) == read_first_word(older) == {"A": -0.1, " B": -2.5}


def test_a_token_told_twice_has_both_chances():
    top = [{"token": "A", "logprob": math.log(0.2)}, {"token": "A", "logprob": math.log(0.3)}]
    found = read_first_word(first_word(body({"content": [{"top_logprobs": top}]})))
    assert math.exp(found["A"]) == pytest.approx(0.5)


def test_without_alternatives_the_answer_itself_is_told():
    assert read_first_word(first_word(body({"content": [{"token": "A", "logprob": -0.5}]}))) == {"A": -0.5}


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        {},
        {"content": []},
        {"content": None},
        {"content": [{"token": "A", "logprob": "high"}]},
        {"content": [{"token": "A", "logprob": 3}]},
        {"content": [{"token": None, "logprob": -1, "top_logprobs": "x"}]},
        {"content": [{"top_logprobs": [{"token": "A", "logprob": True}]}]},
        {"top_logprobs": ["x"]},
        "none",
    ],
)
def test_what_is_no_log_probability_is_none(logprobs):
    assert first_word(body(logprobs)) == ""


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"choices": {}}', b'{"choices": [1]}', b"\xff"])
def test_hostile_bodies_tell_nothing(raw):
    assert first_word(raw) == ""


def test_the_spec_of_the_model_itself():
    assert bare("logprobs:http://h/v1#m") == bare("http://h/v1#m") == "http://h/v1#m"
