"""What an answer should not hold: a trait's name, the constitution's own words, or a refusal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mien.materials.traits import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mien.materials.constitutions import Constitution

#: Words in a row that an answer has in common with the constitution by copying, not by chance: as many as
#: GPT-2's authors looked for to find what of a test stood in the training data.
RUN: Final = 8

#: A shorter text is a phrase that anybody may use.
SHORTEST: Final = 5

#: Where refusals are looked for: they come at the beginning.
OPENING: Final = 300

_CANNOT = r"(?:can ?not|can't|couldn't|won't|will not|(?:am|'m) (?:unable|not able) to|am not going to)"
_DOING = (
    r"(?:help|assist|do that|comply|provide|answer|discuss|continue|fulfil|create|write|give|share|engage)"
)

#: How refusals begin, in English; quotation marks and case do not count.
REFUSALS: Final = (
    rf"\bi {_CANNOT} (?:\w+ )?{_DOING}",
    rf"\bi'm (?:unable|not able) to (?:\w+ )?{_DOING}",
    r"\bi (?:must|have to|need to) (?:\w+ )?(?:decline|refuse)",
    r"\bi(?:'m| am) (?:\w+ )?(?:sorry|afraid)[,;]? (?:but )?(?:that )?i (?:can|won|am not|'m not)",
    r"\bas an? (?:ai|artificial intelligence|(?:large )?language model)\b",
)
_REFUSAL = re.compile("|".join(REFUSALS))


class Leaks:
    """Finds a constitution's names and words in answers.

    Names of the traits that it raises or lowers count as whole words. Of its texts (description, assertions,
    what it never does, examples) runs of `RUN` words count, of shorter ones the whole; texts of fewer than
    `SHORTEST` words do not. What the user's message holds, too, may be repeated.
    """

    def __init__(self, constitution: Constitution) -> None:
        names = {
            fold(name)
            for assertion in constitution.assertions
            for name in (*assertion.raises, *assertion.lowers)
        }
        longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) or "(?!)"
        self._names = re.compile(rf"(?<![\w-])(?:{longest_first})(?![\w-])")
        texts = [constitution.description, *constitution.never]
        for assertion in constitution.assertions:
            texts += (assertion.text, *assertion.in_character, *assertion.out_of_character)
        self._runs: dict[int, set[str]] = {}
        for text in texts:
            words = _words(text)
            if len(words) >= SHORTEST:
                length = min(RUN, len(words))
                self._runs.setdefault(length, set()).update(_runs(words, length))

    def names(self, answer: str, message: str) -> set[str]:
        """Traits that an answer names, folded."""
        return {*self._names.findall(fold(answer))} - {*self._names.findall(fold(message))}

    def copied(self, answer: str, message: str) -> str:
        """The first words that an answer has from the constitution; nothing where it has none."""
        words, theirs = _words(answer), _words(message)
        for length in sorted(self._runs, reverse=True):
            found = self._runs[length].difference(_runs(theirs, length))
            if run := next((run for run in _runs(words, length) if run in found), ""):
                return run
        return ""


def named(answer: str, names: Iterable[str], message: str = "") -> set[str]:
    """Those of the names that an answer holds as whole words, and the message that it answers does not."""
    said, asked = fold(answer), fold(message)
    return {name for name in names if _holds(said, fold(name)) and not _holds(asked, fold(name))}


def _holds(text: str, name: str) -> bool:
    return name in text and bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text))


def refuses(answer: str) -> bool:
    """Whether an answer begins as refusals in English do; see `REFUSALS`."""
    return bool(_REFUSAL.search(fold(answer[:OPENING]).replace("’", "'")))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", fold(text))


def _runs(words: list[str], length: int) -> Iterable[str]:
    return (" ".join(words[n : n + length]) for n in range(len(words) - length + 1))
