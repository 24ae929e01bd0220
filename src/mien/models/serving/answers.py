"""What is made of an engine's outputs: texts that end where they were told to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mien.models.engine import Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mien.models.engine import Output

_END = Token(text="", logprob=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A text that goes out as one choice.

    Attributes:
        text: all of it, with the prompt where that is echoed.
        tokens: those of the text; the last may reach beyond its end, where a stop text cuts it.
        finish_reason: ``stop`` or ``length``.
        drawn: how many of the tokens were generated.
        ended: whether the model ended it itself.
    """

    text: str
    tokens: tuple[Token, ...]
    finish_reason: str
    drawn: int
    ended: bool = False

    def pieces(self) -> Iterator[tuple[str, tuple[Token, ...]]]:
        """The text by token; the pieces always join to the text."""
        at = 0
        for index, token in enumerate(self.tokens):
            end = at + len(token.text) if index < len(self.tokens) - 1 else len(self.text)
            yield self.text[at:end], (token,)
            at = end
        if self.text and not self.tokens:
            yield self.text, ()


def finished(output: Output, stops: Iterable[str]) -> Answer:
    """An output up to the first of the stop texts in it."""
    found = [at for stop in stops if (at := output.text.find(stop)) >= 0]
    if not found:
        return Answer(
            text=output.text,
            tokens=output.tokens,
            finish_reason=output.finish_reason,
            drawn=len(output.tokens),
            ended=output.finish_reason == "stop",
        )
    kept: list[Token] = []
    at = 0
    for token in output.tokens:
        if at >= min(found):
            break
        kept.append(token)
        at += len(token.text)
    text = output.text[: min(found)]
    return Answer(text=text, tokens=tuple(kept), finish_reason="stop", drawn=len(kept))


def echoed(prompt: str, scored: Output, answer: Answer) -> Answer:
    """The prompt with the answer behind it.

    Those who score a prompt ask for one token more and drop the last place: where the model set its end
    instead, that end holds the place, or they would lose the prompt's own last token.
    """
    end = (_END,) if answer.ended else ()
    return replace(answer, text=prompt + answer.text, tokens=scored.tokens + answer.tokens + end)


def usage(tokens_in: int, answers: Sequence[Answer]) -> dict[str, int]:
    """The count of tokens."""
    drawn = sum(answer.drawn for answer in answers)
    return {"prompt_tokens": tokens_in, "completion_tokens": drawn, "total_tokens": tokens_in + drawn}
