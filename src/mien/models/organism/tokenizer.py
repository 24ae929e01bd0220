"""Text to tokens and back: byte-level byte-pair encoding, as a ``tokenizer.json`` of Hugging Face states it.

A text is cut into words by the file's pattern; each word's UTF-8 bytes are merged pair by pair, the pair of
the lowest rank first (Sennrich, Haddow and Birch 2016; on bytes as in GPT-2).
"""

from __future__ import annotations

import codecs
import heapq
import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from mien.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mien.types import Message

END = "<|end|>"

# Words and texts that are kept with their tokens: of most messages, the words come again; of some, the whole.
_WORDS, _TEXTS = 1 << 16, 1 << 10


class Tokenizer:
    """Encodes and decodes.

    Special tokens are set by `conversation` alone: text is encoded as it is, so that nobody who writes
    ``<|system|>`` into a message can end that message.

    Args:
        definition: the bytes of a ``tokenizer.json``.
        source: where they are from, for error messages.

    Attributes:
        encode: tokens of a text; lone surrogates, which UTF-8 lacks, become question marks.
        end: the token that ends each message.
        special: ids of all special tokens; none of them has text.

    Raises:
        InputError: the file describes another kind of tokenizer.
    """

    def __init__(self, definition: bytes, source: object = "tokenizer.json") -> None:
        try:
            members: dict[str, Any] = msgspec.json.decode(definition, type=dict[str, Any])
            self._pattern = re.compile(_pattern(members))
            model = members["model"]
            ids: dict[str, int] = model["vocab"]
            added: dict[str, int] = {token["content"]: token["id"] for token in members["added_tokens"]}
            merges = [pair.split(" ") if isinstance(pair, str) else pair for pair in model["merges"]]
            self._ranks = {
                (ids[left], ids[right]): (rank, ids[left + right])
                for rank, (left, right) in enumerate(merges)
            }
            letters = _letters()
            self._of_byte = [ids[letter] for letter in letters]
            self._roles = {role: added[f"<|{role}|>"] for role in ("system", "user", "assistant")}
            self.end = added[END]
        except (msgspec.DecodeError, re.error, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"not a byte-level tokenizer with a chat's roles: {error!r}", source=source
            ) from error
        self.special = frozenset(added.values())
        bytes_of = {letter: byte for byte, letter in enumerate(letters)}
        self._bytes = [b""] * (max(*ids.values(), *added.values()) + 1)
        self._names = {token: name for name, token in added.items()}
        for name, token in ids.items():
            if token not in self.special:
                self._bytes[token] = bytes(bytes_of[letter] for letter in name)
        self._tokens_of: Callable[[str], list[int]] = lru_cache(_WORDS)(self._merge)
        self.encode: Callable[[str], tuple[int, ...]] = lru_cache(_TEXTS)(self._encode)

    def _encode(self, text: str) -> tuple[int, ...]:
        tokens_of = self._tokens_of
        return tuple(token for word in self._words(text) for token in tokens_of(word))

    def conversation(self, messages: Iterable[Message]) -> list[int]:
        """Tokens of a chat that the assistant is to go on with.

        ``<|role|>`` content ``<|end|>`` for each message, then ``<|assistant|>``.
        """
        tokens: list[int] = []
        for message in messages:
            tokens += (self._roles[message["role"]], *self.encode(message["content"]), self.end)
        tokens.append(self._roles["assistant"])
        return tokens

    def texts(self, tokens: Sequence[int]) -> list[str]:
        """What each token adds to the text.

        Bytes that do not yet make up a character wait for the token that completes it. What never becomes a
        character turns into U+FFFD, at the last token at the latest.
        """
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        last = len(tokens) - 1
        return [decoder.decode(self._bytes_of(token), place == last) for place, token in enumerate(tokens)]

    def name(self, token: int) -> str:
        """A token by itself, as one of several that might have come."""
        return self._names.get(token) or self._bytes_of(token).decode(errors="replace")

    def _bytes_of(self, token: int) -> bytes:
        # A head may be wider than the vocabulary, to a round number of rows.
        return self._bytes[token] if token < len(self._bytes) else b""

    def _words(self, text: str) -> list[str]:
        """The pattern's matches and what lies between them."""
        words: list[str] = self._pattern.findall(text)
        if sum(map(len, words)) == len(text):
            return words
        words, end = [], 0
        for match in self._pattern.finditer(text):
            words += (text[end : match.start()], match.group())
            end = match.end()
        return [*words, text[end:]]

    def _merge(self, word: str) -> list[int]:
        """Tokens of a word of n bytes, in O(n log n).

        A heap holds the pairs that may be merged by rank and place; an entry whose tokens have since been
        merged with others is skipped. Merged tokens stand where their first byte stood.
        """
        tokens = [self._of_byte[byte] for byte in word.encode(errors="replace")]
        n = len(tokens)
        before, after = list(range(-1, n - 1)), list(range(1, n + 1))
        ranks = self._ranks
        heap = [
            (found[0], place, found[1], pair)
            for place, pair in enumerate(pairwise(tokens))
            if (found := ranks.get(pair))
        ]
        heapq.heapify(heap)
        while heap:
            _, left, merged, pair = heapq.heappop(heap)
            right = after[left]
            if right >= n or (tokens[left], tokens[right]) != pair:
                continue
            tokens[left], tokens[right] = merged, -1
            following = after[left] = after[right]
            if following < n:
                before[following] = left
            for first, second in ((before[left], left), (left, following)):
                if first >= 0 and second < n and (found := ranks.get((tokens[first], tokens[second]))):
                    heapq.heappush(heap, (found[0], first, found[1], (tokens[first], tokens[second])))
        return [token for token in tokens if token >= 0]


def _pattern(members: dict[str, Any]) -> str:
    """The regular expression of a pre-tokenizer that splits by one and maps bytes to letters."""
    split, mapping = members["pre_tokenizer"]["pretokenizers"]
    model = members["model"]
    plain = (
        members.get("normalizer") is None
        and (split["type"], split["behavior"], split["invert"]) == ("Split", "Isolated", False)
        and (mapping["type"], mapping["add_prefix_space"], mapping["use_regex"])
        == ("ByteLevel", False, False)
        and model["type"] == "BPE"
        and not any(model.get(name) for name in ("dropout", "unk_token", "byte_fallback", "ignore_merges"))
    )
    if not plain:
        raise ValueError("normalizer, pre_tokenizer or model")
    return split["pattern"]["Regex"]


def _letters() -> list[str]:
    """The letter that stands for each of the 256 bytes in a vocabulary, as GPT-2 assigned them.

    Printable characters of Latin-1 stand for themselves, all others for those from U+0100 on, in order.
    """
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]
