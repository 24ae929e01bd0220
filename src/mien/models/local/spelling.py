"""Tokens to text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mien.models.reasoning.marks import among

if TYPE_CHECKING:
    from collections.abc import Sequence

# What stands for bytes that are no whole character yet.
_BROKEN = "�"


class Spelling:
    """How a tokenizer writes tokens.

    Args:
        tokenizer: transformers' own.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        added: dict[int, Any] = tokenizer.added_tokens_decoder
        special = {*tokenizer.all_special_ids, *(i for i, token in added.items() if token.special)}
        marks = among({str(token) for token in added.values()})
        self._special = {i for i in special if i not in added or str(added[i]) not in marks}
        # Some tokenizers write a word that comes first without the space before it.
        self._anchor: list[int] = tokenizer("a", add_special_tokens=False)["input_ids"]
        self._anchor_text = self._decode(self._anchor)
        self._names: dict[tuple[int, bool], str] = {}

    def name(self, token: int, *, first: bool) -> str:
        """A token by itself, special ones included; what is no whole character shows as U+FFFD.

        Args:
            token: which.
            first: whether it stands at the beginning of a text.
        """
        known = self._names.get((token, first))
        if known is None:
            if first:
                known = self._decode([token], special=True)
            else:
                known = self._decode([*self._anchor, token], special=True)[len(self._anchor_text) :]
            self._names[token, first] = known
        return known

    def pieces(self, tokens: Sequence[int]) -> list[str]:
        """What each token adds to the text; special ones add nothing, but for those that mark reasoning.

        Where several tokens make up a character, the last of them adds it.
        """
        quick = ["" if t in self._special else self.name(t, first=not i) for i, t in enumerate(tokens)]
        return quick if "".join(quick) == self._decode(tokens) else self._one_by_one(tokens)

    def _one_by_one(self, tokens: Sequence[int]) -> list[str]:
        """Grow the text by each token; look back only to the one before, as far as that had a text."""
        pieces: list[str] = []
        start = told = 0
        before = ""
        for end in range(1, len(tokens) + 1):
            text = self._decode(tokens[start:end])
            whole = len(text) > len(before) and (end == len(tokens) or not text.endswith(_BROKEN))
            pieces.append(text[len(before) :] if whole else "")
            if whole:
                start, told = told, end
                before = self._decode(tokens[start:told])
        return pieces

    def _decode(self, tokens: Sequence[int], *, special: bool = False) -> str:
        told = list(tokens) if special else [token for token in tokens if token not in self._special]
        return self._tokenizer.decode(told, clean_up_tokenization_spaces=False)
