"""What servers tell of an answer's tokens, and what is no such thing."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mien.evals.diversity.reading import drawn, trace
from mien.types import Call


def call(content: Any, text: str = "red blue", *, finish: str = "stop") -> Call:
    body = {"choices": [{"message": {"content": text}, "logprobs": {"content": content}}]}
    return Call(
        key="k", endpoint="e", model="m", text=text, finish_reason=finish, body=json.dumps(body).encode()
    )


def place(text: str, p: float, *others: float) -> dict[str, Any]:
    top = [{"token": "x", "logprob": math.log(one)} for one in (p, *others)]
    return {"token": text, "logprob": math.log(p), "top_logprobs": top}


def test_tokens_alternatives_and_the_end_are_read():
    found = trace(call([place("red", 0.5, 0.3), place(" blue", 0.9, 0.1), place("<|end|>", 0.25)]))
    assert found is not None
    assert np.exp(-found.surprisals) == pytest.approx([0.5, 0.9, 0.25])
    assert (found.octets, found.stop_told, found.entropies) == (8, True, None)
    assert found.bounds is not None
    assert found.bounds[0] == pytest.approx(
        [
            -(0.5 * math.log(0.5) + 0.3 * math.log(0.3) + 0.2 * math.log(0.2)),
            -(0.9 * math.log(0.9) + 0.1 * math.log(0.1)),
            math.log(4),
        ]
    )
    assert found.nucleus is None  # .8 and .25 hold no nucleus of .9
    whole = trace(call([place("red", 0.95), place(" blue", 0.9)]))
    assert whole is not None
    assert whole.nucleus is not None
    assert whole.nucleus.entropies == pytest.approx([0, 0])
    assert not whole.stop_told
    cut = trace(call([place("red", 0.95), place(" blue", 0.9)], finish="length"))
    assert cut is not None
    assert cut.stop_told  # nothing ended, and nothing is missing


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        [1],
        [{"token": "red"}],
        [{"token": "red", "logprob": None}],
        [{"token": "red", "logprob": 0.5}],
        [{"token": "red", "logprob": True}],
        [{"token": 3, "logprob": -1.0}],
        [{"token": "red", "logprob": "-1"}],
    ],
)
def test_what_is_no_log_probability_is_none(content: Any):
    assert trace(call(content)) is None


def test_plain_texts_are_told_in_their_own_form():
    told = {
        "tokens": ["red", " blue"],
        "token_logprobs": [math.log(0.5), math.log(0.9)],
        "top_logprobs": [{"red": math.log(0.5), "x": math.log(0.4)}, {" blue": math.log(0.9)}],
    }

    def found(logprobs: Any) -> Any:
        body = json.dumps({"choices": [{"text": "red blue", "logprobs": logprobs}]}).encode()
        return trace(
            Call(key="k", endpoint="e", model="m", text="red blue", finish_reason="length", body=body)
        )

    whole = found(told)
    assert np.exp(-whole.surprisals) == pytest.approx([0.5, 0.9])
    assert whole.bounds.shape == (2, 2)
    assert whole.nucleus.entropies[1] == 0
    alone = found(told | {"top_logprobs": None})
    assert (alone.bounds, len(alone)) == (None, 2)
    assert found(told | {"token_logprobs": [-1.0]}) is None


def test_an_answer_that_ends_at_once_is_a_sample():
    ended = call([], "")
    empty = replace(ended, failure="empty answer (finish_reason stop)")
    assert drawn(empty)
    found = trace(empty)
    assert found is not None
    assert (len(found), found.stop_told, found.octets) == (0, False, 0)
    assert not drawn(replace(empty, reasoning="hm"))
    assert not drawn(replace(empty, finish_reason="content_filter"))


def test_a_body_that_is_none():
    assert trace(Call(key="k", endpoint="e", model="m", text="red", body=b"<html>")) is None
    assert not drawn(Call(key="k", endpoint="e", model="m", failure="HTTP 500"))
