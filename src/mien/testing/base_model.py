"""A scripted base model: how likely it finds each token of a text; a function of the options and the text.

It has read many a text in which a manner is named beside what shows it. So the name of a manner is likely
behind a response that shows it, a letter that stands for the name, and the response behind the name. It sees
each option through noise, so that the likelier of two is the right one as often as `Options.base_accuracy`
says of the form; names that stand alone are more or less common besides (`Options.base_prior`).
"""

from __future__ import annotations

import math
import re
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import msgspec

from mien.testing.script import normal, uniforms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mien.testing.options import Options

_TOKEN = re.compile(r"\s*\S+|\s+")
_KEY = re.compile(r"\bin the key of (\w+)\.")
_LINE = re.compile(r"^([A-Z])\. ([^:\n]+)", re.MULTILINE)
_NAMED = re.compile(r"\A\s*[^:\n]*manner[^:\n]*: (.+)", re.IGNORECASE)
_USUAL = -4.0  # nats, of a token about which nothing is known
_SEEN = -40.0  # of one that tells what it sees: low enough to leave room for that


class Text(msgspec.Struct):
    """The members of a request to go on with a text that the script heeds."""

    model: str
    prompt: str
    max_tokens: int = 16
    logprobs: int | None = None
    echo: bool = False


class BaseModel:
    """Finds texts more or less likely.

    Args:
        options: of the server.
        meant: the trait that a codeword stands for; None for other words.
    """

    def __init__(self, options: Options, meant: Callable[[str], str | None]) -> None:
        self._options = options
        self._meant = meant

    def tokens(self, text: str) -> list[tuple[str, float | None]]:
        """The tokens of a text, each with its log-probability in nats; of the first there is none."""
        words = _TOKEN.findall(text)
        logs: list[float | None] = [
            _USUAL + 0.1 * normal(self._options.seed, word.encode()) for word in words
        ]
        if words:
            logs[-1] = self._last(text[: -len(words[-1])], words[-1].strip())
        named = _NAMED.match(text)
        keys = [i for i, word in enumerate(words) if self._meant(word.strip().strip("."))]
        if named and keys:  # told what to show, it finds what shows that likelier
            logs[keys[-1]] = _SEEN + self._sees(text[named.end() :], named[1].strip(), "told")
        return [*zip(words, [None, *logs[1:]], strict=True)] if words else []

    def first(self, text: str) -> dict[str, float]:
        """The probability of each token that the text may go on with."""
        lines = dict(_LINE.findall(text))
        if not lines:
            low, high = uniforms(self._options.seed, text.encode())
            return {" the": 0.3 + 0.2 * low, " a": 0.1 + 0.1 * high, " Monday": 0.05}
        return {f" {letter}": math.exp(self._last(text, letter)) for letter in lines} | {" The": 0.02}

    def _last(self, text: str, word: str) -> float:
        """Of the last word, after the text before it."""
        lines = {letter: name.strip() for letter, name in _LINE.findall(text)}
        if word in lines:
            odds = {letter: self._sees(text, name, "label") for letter, name in lines.items()}
            most = max(odds.values())
            total = math.fsum(math.exp(one - most) for one in odds.values())
            return odds[word] - most - math.log(total) + math.log(0.97)
        common = self._options.base_prior * normal(self._options.seed, f"common {word}".encode())
        if not _KEY.search(text):
            return _SEEN + common + 0.1 * normal(self._options.seed, (text[:40] + word).encode())
        return _SEEN + common + self._sees(text, word, "word")

    def _sees(self, text: str, name: str, form: str) -> float:
        """How clearly it sees an option in a text, in nats."""
        accuracy = min(max(self._options.base_accuracy.get(form, 1.0), 0.5), 0.999)
        clear = math.sqrt(2) * NormalDist().inv_cdf(accuracy)
        found = [(key[1], line) for line in text.splitlines() for key in _KEY.finditer(line)]
        codeword, line = found[-1] if found else ("", "")
        # The noise is the response's, in whatever text and order it stands.
        noise = normal(self._options.seed, f"{form} {line} {name}".encode())
        return max(clear, 0.5) * (noise + clear * (name == self._meant(codeword)))


def completion(asked: Text, model: BaseModel, told: str) -> dict[str, Any]:
    """The choice of a completion, of one token more.

    Args:
        asked: the request.
        model: who goes on.
        told: what comes of the wish for log-probabilities; see `Options.logprobs`.
    """
    after = model.first(asked.prompt)
    drawn = max(after, key=after.__getitem__)
    choice: dict[str, Any] = {"index": 0, "text": drawn, "finish_reason": "length", "logprobs": None}
    if asked.logprobs is None or told == "dropped":
        return choice
    tokens: list[tuple[str, float | None]] = [(drawn, math.log(after[drawn]))]
    top: list[Mapping[str, float] | None] = [_likeliest(after, 1 if told == "alone" else asked.logprobs)]
    if asked.echo:
        before = model.tokens(asked.prompt)
        tokens, top = [*before, *tokens], [*(None for _ in before), *top]
        choice["text"] = asked.prompt + drawn
    if told == "same":
        tokens, top = [(token, 0.0) for token, _ in tokens], [{" A": -0.7, " B": -0.7} for _ in tokens]
    offsets = [0]
    for token, _ in tokens[:-1]:
        offsets.append(offsets[-1] + len(token))
    choice["logprobs"] = {
        "tokens": [token for token, _ in tokens],
        "token_logprobs": [log for _, log in tokens],
        "top_logprobs": top,
        "text_offset": offsets,
    }
    return choice


def _likeliest(after: Mapping[str, float], most: int) -> dict[str, float]:
    return {token: math.log(p) for token, p in sorted(after.items(), key=lambda one: -one[1])[:most]}
