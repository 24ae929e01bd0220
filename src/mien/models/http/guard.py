"""The limit on an answer's length that is sent where nobody set one: a guard against answers without end.

It is no part of what is asked. No key of a call holds it, so that another one finds the same calls again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.models.http.providers import Endpoint

#: Among what is learnt of a model: it takes no such limit.
REFUSED: Final = "default_limit"

#: What servers call the limit on an answer's length. The first two are theirs by OpenAI's interface.
LIMITS: Final = ("max_tokens", "max_completion_tokens")
_LIMITS: Final = (*LIMITS, "max_new_tokens", "max_output_tokens", "num_predict", "n_predict")

# What a limit is to fit in, where a refusal does not name it.
_ROOM = re.compile(
    r"context[\ _-]?(?:length|window|size) | (?:output|completion|new)\ tokens | too\ many\ tokens"
    r"| max_model_len | n_ctx",
    re.VERBOSE,
)
# More than the server gives within a minute, whenever it is asked: it counts the limit and not the answer.
_TOO_LARGE = re.compile(r"request (?:is )?too large")
_OTHER_REASONS = frozenset((401, 402, 403, 408, 503, 529))


def guarded(
    asked: Mapping[str, Any], longest: int | None, endpoint: Endpoint, learnt: Mapping[str, str]
) -> dict[str, Any]:
    """What is asked, with a limit on the answer where it has none and the endpoint takes one.

    Args:
        asked: members of the body.
        longest: tokens; None for no limit.
        endpoint: where it is asked.
        learnt: quirks of the model there.
    """
    if longest is None or endpoint.counts_limits or REFUSED in learnt or _limit(asked):
        return dict(asked)
    return {**asked, endpoint.max_tokens: longest}


def guard(asked: Mapping[str, Any], sent: Mapping[str, Any]) -> int | None:
    """The limit that was sent and not asked for, in tokens; None where there was none."""
    return None if _limit(asked) else _limit(sent)


def refuses_guard(status: int, failure: str, limit: int) -> bool:
    """Whether a refusal may be for a limit: it names it, its value, or what it is to fit in.

    Without the limit there is always one, the server's own: what is refused as too large is larger than that.

    Args:
        status: HTTP status.
        failure: what the server said.
        limit: what was sent, in tokens.
    """
    said = failure.lower().replace(",", "")
    if status in _OTHER_REASONS:
        return False
    if status == 429:
        return bool(_TOO_LARGE.search(said))
    named = any(re.search(rf"\b{word}\b", said) for word in (*_LIMITS, limit))
    return named or bool(_ROOM.search(said) or _TOO_LARGE.search(said))


def cut_by(limit: int) -> str:
    """What is said of an answer that the limit cut off, with the way on, to follow the failure."""
    return (
        f" (cut at {limit:,} tokens, the limit where none is set; judge.sampling.max_tokens in the protocol "
        "or --max-tokens of mien judge sets another)"
    )


def _limit(members: Mapping[str, Any]) -> Any:
    return next((members[name] for name in _LIMITS if members.get(name) is not None), None)
