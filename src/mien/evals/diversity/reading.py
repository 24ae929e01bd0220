"""From the call that drew a sample to its text, and to the trace of its steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np

from mien.models.http.decoding import decode, items, members
from mien.stats.diversity.bounds import entropy_bounds, nucleus
from mien.stats.diversity.published import TOP_P
from mien.stats.diversity.traces import Nucleus, Trace

if TYPE_CHECKING:
    from mien.types import Call, Floats

#: How a model in this process begins to tell of an answer without text: it ended at once.
_STEPS: Final = b'"steps":'
_EMPTY: Final = "empty answer"  # as `mien.models.http.replies` calls it


_LISTS: Final = ("content", "tokens")  # of an answer's tokens, in the two forms of completions


class Place(NamedTuple):
    """A token of an answer, as an endpoint tells it: log-probabilities of it, and of the likeliest there."""

    text: str
    drawn: float
    likeliest: list[float]


def drawn(call: Call) -> bool:
    """Whether a call brought a sample. An answer that ends at once is one, too, though nobody can read it."""
    if call.answered or _STEPS in call.body:
        return True
    return call.finish_reason == "stop" and call.failure.startswith(_EMPTY) and not call.reasoning


def trace(call: Call) -> Trace | None:
    """What is known of the steps in which a sample was drawn; None where nothing is.

    Endpoints tell of the model's own distribution: whoever draws at another temperature, or cuts it by
    ``top_p``, takes no notice of it.
    """
    decoded = decode(call.body)
    told = members(decoded.value) if decoded else {}
    if "steps" in told:
        return _of_steps(told)
    choices = items(told.get("choices"))
    choice = members(choices[0]) if choices else {}
    logs = members(choice.get("logprobs"))
    content = items(logs.get("content")) or _of_plain_text(logs)
    places = _places(content)
    text = choice.get("text", members(choice.get("message")).get("content"))
    text = text if isinstance(text, str) else call.text
    at_once = not (content or text) and any(isinstance(logs.get(name), list) for name in _LISTS)
    return _of_places(places, text, call.finish_reason == "stop") if places or at_once else None


def _of_steps(told: dict[str, Any]) -> Trace:
    steps = np.array(msgspec.convert(told["steps"], list[tuple[float, float, float, float]]), np.float64)
    return Trace(
        surprisals=steps[:, 0],
        entropies=steps[:, 1],
        nucleus=Nucleus(surprisals=steps[:, 2], entropies=steps[:, 3]),
        octets=len(str(told.get("text", "")).encode()),
    )


def _places(content: list[Any]) -> list[Place]:
    """The tokens of an answer; none where any of them has no log-probability."""
    found: list[Place] = []
    for one in map(members, content):
        log, text = _log(one.get("logprob")), one.get("token")
        if log is None or not isinstance(text, str):
            return []
        told = (_log(members(other).get("logprob")) for other in items(one.get("top_logprobs")))
        found.append(Place(text, log, sorted((other for other in told if other is not None), reverse=True)))
    return found


def _of_plain_text(told: dict[str, Any]) -> list[Any]:
    """The tokens as ``/chat/completions`` would tell them, of what ``/completions`` tells."""
    tokens, logs, top = (items(told.get(name)) for name in ("tokens", "token_logprobs", "top_logprobs"))
    if len(tokens) != len(logs):
        return []
    others = [[{"logprob": log} for log in members(one).values()] for one in top]
    others += [[]] * (len(tokens) - len(others))
    return [
        {"token": token, "logprob": log, "top_logprobs": likeliest}
        for token, log, likeliest in zip(tokens, logs, others, strict=False)
    ]


def _log(told: Any) -> float | None:
    """A log-probability; None where it is none."""
    if isinstance(told, bool) or not isinstance(told, int | float) or not math.isfinite(told) or told > 1e-3:
        return None
    return min(float(told), 0.0)


def _of_places(places: list[Place], text: str, ended: bool) -> Trace:
    surprisals = np.array([-place.drawn for place in places])
    stop_told = ended and bool(places) and "".join(place.text for place in places[:-1]) == text
    bounds: Floats | None = None
    cut: Nucleus | None = None
    if all(place.likeliest for place in places):
        told = [entropy_bounds(np.array(place.likeliest)) for place in places]
        bounds = np.array(told).reshape(-1, 2).T
        inside = [nucleus(place.likeliest, place.drawn, TOP_P) for place in places]
        held = np.array([one for one in inside if one is not None]).reshape(-1, 2)
        cut = Nucleus(surprisals=held[:, 0], entropies=held[:, 1]) if len(held) == len(inside) else None
    return Trace(
        surprisals=surprisals,
        bounds=bounds,
        nucleus=cut,
        octets=len(text.encode()),
        stop_told=stop_told or not ended,
    )
