"""An answer's own prose: words, sentences, syllables, and how its vocabulary recurs."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.instruments.manner.phrases import Phrases

WORD: Final = re.compile(r"\w+(?:['’]\w+)*")

#: Words of a window in which types are counted; shorter texts have no ratio.
WINDOW: Final = 50

#: Words below which a text says little of how easy it reads.
LEAST_READ: Final = 30

#: Words in a row from which a sentence that the user wrote, too, is taken for an echo.
ECHO: Final = 5

_END: Final = re.compile(r"[.!?…]+[\"”’'»)\]]*(?=\s|$)|[。！？]+[”’」』]*|\n")
_QUOTED: Final = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”|„[^“”\n]*[“”]|«[^»\n]*»|»[^«\n]*«|「[^」\n]*」")
_LAST_WORD: Final = re.compile(r"[\w.]+$")


def words(text: str) -> list[str]:
    """The words of a text; apostrophes belong to them."""
    return WORD.findall(text)


def sentences(prose: str, abbreviations: frozenset[str] = frozenset()) -> list[str]:
    """The sentences of a prose, in which each line is a paragraph; those without a word are none.

    A full stop ends no sentence after an initial, a number that counts something, or one of the
    abbreviations.
    """
    found: list[str] = []
    start = 0
    for end in _END.finditer(prose):
        if (
            end[0].startswith(".")
            and len(end[0]) == 1
            and _goes_on(prose, end.start(), end.end(), abbreviations)
        ):
            continue
        found.append(prose[start : end.end()].strip())
        start = end.end()
    found.append(prose[start:].strip())
    return [sentence for sentence in found if WORD.search(sentence)]


def _goes_on(prose: str, stop: int, after: int, abbreviations: frozenset[str]) -> bool:
    before = _LAST_WORD.search(prose, max(0, stop - 20), stop)
    last = before[0] if before else ""
    if last.lower() in abbreviations or (len(last) == 1 and last.isupper() and last != "I"):
        return True
    return last.isdigit() and prose[after : after + 2].strip()[:1].islower()


def own(sentence: str) -> str:
    """A sentence without what stands in quotation marks."""
    return _QUOTED.sub(" ", sentence)


def is_echo(sentence: str, message: str) -> bool:
    """Whether a sentence repeats words of the user, given as `run_of_words` of the message."""
    said = run_of_words(sentence)
    return said in message and said.count(" ") > ECHO


def run_of_words(text: str) -> str:
    """The words of a text in lower case, each between spaces, to look for one run in another."""
    return f" {' '.join(words(text.lower()))} "


def type_token_ratio(said: Sequence[str]) -> float:
    """The mean share of different words in windows of `WINDOW`; NaN where there is none.

    A plain ratio falls with length (Covington and McFall 2010).
    """
    n = len(said) - WINDOW + 1
    if n < 1:
        return float("nan")
    recurring = 0
    before: dict[str, int] = {}
    for i, word in enumerate(map(str.lower, said)):
        at = before.get(word, -WINDOW)
        if i - at < WINDOW:
            # It is no further type in those windows that hold it where it stood before, too.
            recurring += min(at, n - 1) - max(i - WINDOW, -1)
        before[word] = i
    return 1 - recurring / (n * WINDOW)


def reading_ease(said: Sequence[str], n_sentences: int, language: Phrases) -> float:
    """Flesch's reading ease, with the numbers of the language: 100 reads easily, 0 hardly at all.

    NaN below `LEAST_READ` words. Syllables are the places where pyphen may hyphenate, and one more.
    """
    if len(said) < LEAST_READ or not n_sentences:
        return float("nan")
    syllables = sum(_syllables(word, language.hyphenation) for word in said)
    numbers = language.reading_ease
    per_sentence, per_word = len(said) / n_sentences, syllables / len(said)
    return numbers["base"] - numbers["sentence"] * per_sentence - numbers["word"] * per_word


@cache
def _dictionary(name: str) -> Any:
    import pyphen

    return pyphen.Pyphen(lang=name, left=1, right=1)


@cache
def _syllables(word: str, dictionary: str) -> int:
    return len(_dictionary(dictionary).positions(word)) + 1
