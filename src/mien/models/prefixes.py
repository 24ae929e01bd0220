"""What stands before a model's spec where it is asked otherwise than by a chat."""

from __future__ import annotations

from typing import Final

from mien.errors import UsageError

#: Its answers' probabilities are wanted, and not its answers.
LOGPROBS: Final = "logprobs:"

#: It goes on with plain texts, without a chat template.
BASE: Final = "base:"

#: How a base model may read, from the most direct to the least; see `mien.instruments.judges.base`.
FORMS: Final = ("label", "word", "lift", "told")


def bare(spec: str) -> str:
    """The spec of the model itself."""
    if spec.startswith(BASE):
        form = base_form(spec)
        return spec.removeprefix(BASE).removeprefix(f"{form}:" if form else "")
    return spec.removeprefix(LOGPROBS)


def require_text(spec: str, text: str) -> None:
    """Refuse to ask a base model in a conversation.

    Raises:
        UsageError: there is no text for it to go on with.
    """
    if spec.startswith(BASE) and not text:
        raise UsageError(
            f"{spec}: a base model goes on with texts, and cannot be asked: leave out {BASE}, or give "
            "another model"
        )


def base_form(spec: str) -> str:
    """The form that a base model's spec names, such as ``word`` in ``base:word:hf/gemma``; empty for none."""
    named, colon, _ = spec.removeprefix(BASE).partition(":")
    return named if spec.startswith(BASE) and colon and named in FORMS else ""


def with_form(spec: str, form: str) -> str:
    """A base model's spec with a form named."""
    return f"{BASE}{form}:{bare(spec)}"
