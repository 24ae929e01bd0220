"""A text in which marks are looked for: which are meant, and which only written of."""

from __future__ import annotations

import re
from bisect import bisect
from typing import TYPE_CHECKING

from mien.models.reasoning.marks import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mien.models.reasoning.marks import Marks

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_QUOTES = "\"'“”‘’«»`"
_SENTENCE_ENDS = '.!?…。！？)"”'
_SIGHT = 2000  # characters around a mark that tell how it is meant


class Page:
    """A text in which marks are looked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._fences = [fence.start() for fence in _FENCE.finditer(text)]

    def quotes(self, mark: re.Match[str]) -> bool:
        """Whether the text writes of a mark instead of using it: in code, or between quotation marks."""
        return self.fences(mark) or self.names(mark)

    def fences(self, mark: re.Match[str]) -> bool:
        """Whether a mark stands in a block of code."""
        return bisect(self._fences, mark.start()) % 2 == 1

    def names(self, mark: re.Match[str]) -> bool:
        """Whether a mark stands in code within its line, or right between quotation marks."""
        line = self._before(mark).rpartition("\n")[2]
        after = self._after(mark)
        if line.count("`") % 2 and "`" in after.partition("\n")[0]:
            return True
        return bool(line) and line[-1] in _QUOTES and after[:1] in tuple(_QUOTES)

    def ends(self, marks: Marks, at: int) -> re.Match[str] | None:
        """Where reasoning that began before ``at`` ends: at the first mark that it does not name."""
        return next((end for end in marks.closing.finditer(self.text, at) if not self.names(end)), None)

    def opens(self) -> Iterator[tuple[Marks, re.Match[str]]]:
        """Marks at which reasoning may begin in the middle, in their order.

        They open or end a line, outside of code, and no colon announces them.
        """
        found = [
            (marks, mark) for marks in KNOWN if not marks.leads for mark in marks.opening.finditer(self.text)
        ]
        for marks, mark in sorted(found, key=lambda one: one[1].start()):
            before = self._before(mark)
            parted = not before.rpartition("\n")[2].strip() or self._after(mark).startswith(("\n", "\r"))
            if parted and not before.rstrip().endswith((":", "：")) and not self.quotes(mark):
                yield marks, mark

    def closed_alone(self) -> re.Match[str] | None:
        """The first mark that ends what nothing opened."""
        found: list[re.Match[str]] = []
        for marks in KNOWN:
            opening = marks.opening.search(self.text)
            until = opening.start() if opening else len(self.text)
            closing = marks.closes_alone.finditer(self.text) if marks.closes_alone else ()
            ends = (end for end in closing if not self.quotes(end) and self._parts(end))
            if (end := next(ends, None)) and end.start() <= until:
                found.append(end)
        return min(found, key=lambda end: end.start(), default=None)

    def _parts(self, mark: re.Match[str]) -> bool:
        """Whether a mark is more than a word: a line or sentence ends at it, or no space is around it."""
        before, after = self._before(mark), self._after(mark)
        line = before.rpartition("\n")[2]
        return (
            not line.strip()
            or not after.partition("\n")[0].strip()
            or before.rstrip()[-1] in _SENTENCE_ENDS
            or not (before[-1].isspace() or after[0].isspace())
        )

    def _before(self, mark: re.Match[str]) -> str:
        return self.text[max(0, mark.start() - _SIGHT) : mark.start()]

    def _after(self, mark: re.Match[str]) -> str:
        return self.text[mark.end() : mark.end() + _SIGHT]
