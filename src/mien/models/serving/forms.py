"""How the two kinds of completion word their choices, whole and in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mien.models.engine import Token
    from mien.models.serving.answers import Answer

_LOWEST = -9999.0  # as OpenAI writes what has no probability; JSON has no infinity


@dataclass(frozen=True, slots=True)
class ChatForm:
    """The choices of ``/chat/completions``.

    Attributes:
        logprobs: whether to tell log-probabilities.
        kind: what the ``object`` of a finished answer is.
        chunk_kind: what it is of a chunk of a stream.
        prefix: how ids begin.
    """

    logprobs: bool
    kind: ClassVar = "chat.completion"
    chunk_kind: ClassVar = "chat.completion.chunk"
    prefix: ClassVar = "chatcmpl"

    def choice(self, index: int, answer: Answer) -> dict[str, Any]:
        """A finished choice."""
        message = {"role": "assistant", "content": answer.text, "refusal": None}
        logprobs = self._logprobs(answer.tokens)
        return {
            "index": index,
            "message": message,
            "logprobs": logprobs,
            "finish_reason": answer.finish_reason,
        }

    def chunks(self, index: int, answer: Answer) -> Iterator[dict[str, Any]]:
        """The same choice in pieces."""

        def chunk(delta: dict[str, str], tokens: tuple[Token, ...] = (), end: str | None = None) -> Any:
            logprobs = self._logprobs(tokens) if tokens else None
            return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": end}

        yield chunk({"role": "assistant", "content": ""})
        for text, tokens in answer.pieces():
            yield chunk({"content": text}, tokens)
        yield chunk({}, end=answer.finish_reason)

    def _logprobs(self, tokens: tuple[Token, ...]) -> dict[str, Any] | None:
        if not self.logprobs:
            return None
        content = [
            _chat_token(token.text, token.logprob)
            | {"top_logprobs": [_chat_token(text, logprob) for text, logprob in token.top]}
            for token in tokens
        ]
        return {"content": content, "refusal": None}


@dataclass(frozen=True, slots=True)
class TextForm:
    """The choices of ``/completions``.

    Attributes:
        logprobs: whether to tell log-probabilities.
    """

    logprobs: bool
    kind: ClassVar = "text_completion"
    chunk_kind: ClassVar = "text_completion"
    prefix: ClassVar = "cmpl"

    def choice(self, index: int, answer: Answer) -> dict[str, Any]:
        """A finished choice."""
        logprobs = self._logprobs(answer.tokens)
        return {
            "index": index,
            "text": answer.text,
            "logprobs": logprobs,
            "finish_reason": answer.finish_reason,
        }

    def chunks(self, index: int, answer: Answer) -> Iterator[dict[str, Any]]:
        """The same choice in pieces."""
        at = 0
        for text, tokens in answer.pieces():
            logprobs = self._logprobs(tokens, at)
            yield {"index": index, "text": text, "logprobs": logprobs, "finish_reason": None}
            at += len(text)
        yield {"index": index, "text": "", "logprobs": None, "finish_reason": answer.finish_reason}

    def _logprobs(self, tokens: tuple[Token, ...], at: int = 0) -> dict[str, Any] | None:
        if not self.logprobs:
            return None
        offsets: list[int] = []
        for token in tokens:
            offsets.append(at)
            at += len(token.text)
        return {
            "tokens": [token.text for token in tokens],
            "token_logprobs": [_finite(token.logprob) for token in tokens],
            "top_logprobs": [_table(token) for token in tokens],
            "text_offset": offsets,
        }


def _chat_token(text: str, logprob: float | None) -> dict[str, Any]:
    # Where a token is a piece of a character, its text does not tell which; the protocol allows null.
    octets = None if "\ufffd" in text else list(text.encode())
    return {"token": text, "logprob": _finite(logprob), "bytes": octets}


def _table(token: Token) -> dict[str, float] | None:
    """The likeliest tokens and the token itself, which may not be among them."""
    if token.logprob is None:
        return None
    table: dict[str, float] = {}
    for text, logprob in (*token.top, (token.text, token.logprob)):
        # Two tokens may have one text, as halves of a character do: the likelier, which comes first, counts.
        table.setdefault(text, max(logprob, _LOWEST))
    return table


def _finite(logprob: float | None) -> float | None:
    return None if logprob is None else max(logprob, _LOWEST)
