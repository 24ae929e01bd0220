"""Plain texts that a model goes on with, at ``/completions``, and how likely it finds given words there."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from mien.models.http.decoding import decode, items, members

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.types import Request

#: What is wrong with an endpoint that is asked to repeat a text with its log-probabilities and does not.
UNECHOED: Final = "the reply tells no log-probabilities of the text that it was to repeat"


def text_members(model: str, request: Request) -> dict[str, Any]:
    """The members of the body by which a text is gone on with, by a token or further, or words are scored.

    For a score, text and words are sent as one, to be repeated (``echo``). One token is drawn, since not all
    servers take a limit of none.
    """
    asked: dict[str, Any] = {"model": model, "max_tokens": 1, "temperature": 1.0}
    if request.alternatives is not None:
        return asked | {"prompt": request.text, "logprobs": request.alternatives}
    if request.continuation is None:
        return _drawn(model, request)
    return asked | {"prompt": request.text + request.continuation, "echo": True, "logprobs": 1}


def _drawn(model: str, request: Request) -> dict[str, Any]:
    """The members of the body by which a text is gone on with as its sampling says."""
    sampling = request.sampling
    asked = {
        "model": model,
        "prompt": request.text,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "logprobs": request.traced,
    }
    return {name: value for name, value in asked.items() if value is not None} | dict(sampling.extra)


def score(body: bytes, text: str, continuation: str) -> tuple[str, str]:
    """The log-probability of a continuation in nats, as text, or why it is not told.

    There must be as many log-probabilities as tokens, and the tokens must spell what was sent, but for a
    first one that stands for the beginning and what was drawn behind it. A token that belongs to both text
    and continuation counts to the latter.

    Args:
        body: what the endpoint sent back.
        text: what the words follow.
        continuation: the words.
    """
    decoded = decode(body)
    choices = items(members(decoded.value).get("choices")) if decoded else []
    told = members(members(choices[0]).get("logprobs")) if choices else {}
    tokens, logs = items(told.get("tokens")), items(told.get("token_logprobs"))
    if not tokens or not all(isinstance(token, str) for token in tokens):
        return "", UNECHOED
    if len(tokens) != len(logs):
        return "", f"{UNECHOED}: it has {len(tokens)} tokens and {len(logs)} log-probabilities"
    span = _span(tokens, items(told.get("text_offset")), text, continuation)
    if span is None:
        return "", f"{UNECHOED}: its {len(tokens)} tokens do not spell it"
    found = logs[slice(*span)]
    if not found or not all(_is_log(log) for log in found):
        return "", f"{UNECHOED}: those of its last words are missing"
    return f"{math.fsum(found):.4f}", ""


def _span(tokens: Sequence[str], told: Sequence[Any], text: str, continuation: str) -> tuple[int, int] | None:
    """The places of the first token of a continuation and of the one behind its last."""
    ends = [*accumulate(map(len, tokens))]
    spelt = "".join(tokens)
    begin = spelt.find(text + continuation)
    if begin >= 0:  # tokens before it are marks of a beginning
        first, last = begin + len(text), begin + len(text) + len(continuation)
        inside = [i for i, end in enumerate(ends) if end > first and end - len(tokens[i]) < last]
        return (inside[0], inside[-1] + 1) if inside else None
    # Parts of characters are spelt in many ways: what was drawn is then the last token.
    begin = spelt.find(text)
    if begin >= 0:
        return next((i for i, end in enumerate(ends) if end > begin + len(text)), len(ends)), len(tokens) - 1
    whole = (
        len(told) == len(tokens) and all(isinstance(at, int) for at in told) and list(told) == sorted(told)
    )
    if whole and told[-1] >= len(text) + len(continuation):
        return next(i for i, at in enumerate(told) if at >= len(text)), len(tokens) - 1
    return None


def _is_log(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value <= 1e-3
    )
