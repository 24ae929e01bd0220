"""How a body is read, and its refusal where it cannot be answered as asked."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from mien.models.serving.bodies import Body, ChatBody, TextBody
from mien.models.serving.refusals import Refused

Asked = TypeVar("Asked", bound=Body)

# Members that would change the answer and that no engine knows, each with the values that ask for nothing.
# Leaving them out in silence would pass off one model's answers as another's.
_UNSUPPORTED: dict[str, tuple[Any, ...]] = {
    "audio": (),
    "best_of": (1,),
    "frequency_penalty": (0,),
    "function_call": ("none", "auto"),
    "functions": ([],),
    "logit_bias": ({},),
    "min_p": (0,),
    "modalities": (["text"],),
    "presence_penalty": (0,),
    "repetition_penalty": (1,),
    "response_format": ({"type": "text"},),
    "suffix": ("",),
    "tools": ([],),
    "top_k": (-1, 0),
}


def read(raw: bytes, kind: type[Asked], models: tuple[str, ...]) -> Asked:
    """Read a body.

    Raises:
        Refused: it cannot be read, asks for another model, or asks for what no engine does.
    """
    try:
        members = msgspec.json.decode(raw)
        body = msgspec.convert(members, kind)
    except msgspec.ValidationError as problem:
        raise _misfit(str(problem)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise Refused(f"this body is no JSON: {problem}") from None
    if body.model not in models:
        message = f"the model `{body.model}` does not exist; this server has `{models[0]}`"
        raise Refused(message, status=404, param="model", code="model_not_found")
    for name, idle in _UNSUPPORTED.items():
        if members.get(name) not in (None, *idle):
            message = f"this model does not support the parameter `{name}`"
            raise Refused(message, param=name, code="unsupported_parameter")
    if isinstance(body, TextBody) and body.holds_ids:
        raise Refused("prompt: token ids are not supported; send text", param="prompt")
    if isinstance(body, ChatBody) and body.top_logprobs and not body.logprobs:
        raise Refused("top_logprobs: only with logprobs true", param="top_logprobs")
    return body


def _misfit(problem: str) -> Refused:
    """What is wrong with which member, from msgspec's words."""
    words, _, path = problem.partition(" - at `$")
    if path:
        name = path.rstrip("`").removeprefix(".")
    else:  # a member is missing: the path is the body's, and the words name it
        missing = re.search(r"missing required field `(\w+)`", words)
        name = missing[1] if missing else ""
    return Refused(f"{name}: {words}" if name else words, param=name or None)
