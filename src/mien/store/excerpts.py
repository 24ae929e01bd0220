"""The part of a text in which a search has found something, with what it found marked."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from contextlib import closing
from typing import TYPE_CHECKING, Final, NamedTuple

from mien.store.words import PART, TOKENIZE, parted

if TYPE_CHECKING:
    from collections.abc import Sequence

_START, _END = "\x02", "\x03"
_MARKS: Final = re.compile(f"[{_START}{_END}{PART}]")
_LEAD: Final = 0.3  # share of an excerpt that comes before the first hit


class Excerpt(NamedTuple):
    """Part of a text.

    Attributes:
        pieces: the text in order, each piece with whether it is a hit.
        begins: whether the text begins with it; ``ends`` likewise.
    """

    pieces: tuple[tuple[str, bool], ...]
    begins: bool
    ends: bool


def beginning(text: str, longest: int) -> Excerpt:
    """How a text begins, in so many characters."""
    return Excerpt(((text[:longest], False),), begins=True, ends=len(text) <= longest)


def excerpts(
    rows: Sequence[tuple[str, str]], query: str, longest: tuple[int, int]
) -> list[tuple[Excerpt, Excerpt]]:
    """The excerpts of pairs of texts around their first hits; of a text without one, how it begins.

    What is a hit is asked of FTS5 itself: what is marked is what was found.

    Args:
        rows: prompt and response of each trial.
        query: from `mien.store.words.phrase`; empty for none.
        longest: characters of an excerpt of either.
    """
    found: dict[int, tuple[str, ...]] = dict(_marked(rows, query)) if query else {}
    return [
        (_around(row[0], marked[0], longest[0]), _around(row[1], marked[1], longest[1]))
        if (marked := found.get(i))
        else (beginning(row[0], longest[0]), beginning(row[1], longest[1]))
        for i, row in enumerate(rows)
    ]


def _marked(rows: Sequence[tuple[str, str]], query: str) -> list[tuple[int, tuple[str, ...]]]:
    """Of each row that the query finds, its texts with their hits marked, as long as before but for that."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f'CREATE VIRTUAL TABLE document USING fts5(prompt, response, tokenize="{TOKENIZE}")')
        db.executemany(
            "INSERT INTO document (rowid, prompt, response) VALUES (?, ?, ?)",
            ((i, *(parted(_MARKS.sub(" ", text)) for text in row)) for i, row in enumerate(rows)),
        )
        marks = (_START, _END)
        found = db.execute(
            "SELECT rowid, highlight(document, 0, ?, ?), highlight(document, 1, ?, ?) FROM document "
            "WHERE document MATCH ?",
            (*marks, *marks, query),
        )
        return [(i, tuple(text.replace(PART, "") for text in texts)) for i, *texts in found]


def _around(text: str, marked: str, longest: int) -> Excerpt:
    hits = _hits(marked)
    if not hits:
        return beginning(text, longest)
    start = 0 if len(text) <= longest else max(0, min(hits[0][0] - int(_LEAD * longest), len(text) - longest))
    if start and (space := text.find(" ", start, hits[0][0])) >= 0:
        start = space + 1
    end = min(start + longest, len(text))
    while _goes_on(text, start) and start < hits[0][0]:
        start += 1
    while _goes_on(text, end) and end > hits[0][0] + 1:
        end -= 1
    pieces: list[tuple[str, bool]] = []
    at = start
    for first, last in hits:
        if first >= end:
            break
        pieces += [(text[at:first], False), (text[first : min(last, end)], True)]
        at = min(last, end)
    pieces.append((text[at:end], False))
    return Excerpt(tuple((t, hit) for t, hit in pieces if t), begins=start == 0, ends=end == len(text))


def _goes_on(text: str, at: int) -> bool:
    """Whether a character is a vowel or tone that belongs to the one before it."""
    return 0 < at < len(text) and unicodedata.category(text[at]).startswith("M")


def _hits(marked: str) -> list[tuple[int, int]]:
    """Where hits begin and end in the text without marks."""
    hits: list[tuple[int, int]] = []
    at = 0
    for piece in marked.split(_START)[1:] if _START in marked else ():
        if not hits:
            at = marked.index(_START)
        hit, _, rest = piece.partition(_END)
        hits.append((at, at + len(hit)))
        at += len(hit) + len(rest)
    return hits
