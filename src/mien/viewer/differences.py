"""In which words two responses differ."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from mien.formatting import visible
from mien.store.words import PART, parted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Words of a text that are compared one by one; of longer ones lines are.
LONGEST: Final = 4000
#: Pairs of like words in two texts up to which each is matched with each.
MOST_PAIRS: Final = 100_000
# A word with the space behind it, or a sign; a character by itself where the script has no spaces.
_SPACE: Final = rf"[^\S{PART}]"
_WORD: Final = re.compile(rf"\w+{_SPACE}*|[^\w\s]{_SPACE}*|{_SPACE}+")


class Piece(NamedTuple):
    """A stretch of two texts: in both, or ``gone`` from the first, or ``new`` in the second."""

    kind: Literal["same", "gone", "new"]
    text: str


def differences(first: str, second: str) -> list[Piece]:
    """What makes the second text of the first, word by word, in the order of reading."""
    first, second = visible(first), visible(second)
    a, b = _words(first), _words(second)
    if max(len(a), len(b)) > LONGEST:
        a, b = first.splitlines(keepends=True), second.splitlines(keepends=True)
    return [piece for piece in _pieces(a, b) if piece.text]


def _pieces(a: Sequence[str], b: Sequence[str]) -> Iterator[Piece]:
    space = ""
    for tag, first, last, start, end in _matched([*map(str.rstrip, a)], [*map(str.rstrip, b)]):
        if tag == "equal":
            yield Piece("same", "".join(b[start:end]))
            space = _space(a[last - 1]) if not _space(b[end - 1]) else ""
        else:
            yield Piece("gone", space + "".join(a[first:last]))
            yield Piece("new", "".join(b[start:end]))
            space = ""


def _matched(a: Sequence[str], b: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    often = Counter(b)
    # Where many words are alike, as where a model repeats itself, those that are common are matched beside
    # rarer ones only (difflib's rule for junk): to match each with each would take minutes.
    junk = sum(n * often[word] for word, n in Counter(a).items()) > MOST_PAIRS
    return SequenceMatcher(None, a, b, autojunk=junk).get_opcodes()


def _space(word: str) -> str:
    """The space behind a word."""
    return word[len(word.rstrip()) :]


def _words(text: str) -> list[str]:
    """The words of a text; together they are the text."""
    cut, words, at = parted(text.replace(PART, " ")), list[str](), 0
    for found in _WORD.finditer(cut):
        words.append(text[at : at + len(found[0])])
        at += len(found[0])
    return words
