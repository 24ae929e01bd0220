"""How probable a model behind an endpoint finds the words that its answer may begin with."""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec

from mien.models.http.decoding import decode, items, members, storable

MISSING: Final = "the reply has no log-probabilities"

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, float]).decode


def first_word(body: bytes) -> str:
    """The likeliest tokens at an answer's first place with their log-probabilities, as JSON; empty for none.

    Of chat completions (``logprobs.content[0].top_logprobs``), or of completions as older servers word them
    (``logprobs.top_logprobs[0]``). A token that is told twice has both its chances. What is no log-
    probability is left out.

    Args:
        body: what the endpoint sent back.
    """
    decoded = decode(body)
    choices = items(members(decoded.value).get("choices")) if decoded else []
    told = members(members(choices[0]).get("logprobs")) if choices else {}
    content, older = items(told.get("content")), items(told.get("top_logprobs"))
    found: dict[str, float] = {}
    if content:
        place = members(content[0])
        for one in [*items(place.get("top_logprobs")), *([place] if not place.get("top_logprobs") else [])]:
            _add(found, members(one).get("token"), members(one).get("logprob"))
    elif older:
        for token, log in members(older[0]).items():
            _add(found, token, log)
    return _encode(found).decode() if found else ""


def read_first_word(text: str) -> dict[str, float]:
    """What `first_word` wrote."""
    return _decode(text)


def _add(found: dict[str, float], token: Any, log: Any) -> None:
    if not isinstance(token, str) or isinstance(log, bool) or not isinstance(log, int | float):
        return
    if not math.isfinite(log) or log > 1e-3:
        return
    token = storable(token)
    before = found.get(token)
    found[token] = float(log) if before is None else math.log(math.exp(before) + math.exp(log))
