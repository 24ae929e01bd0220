"""What a page tells of a measurement beside ratings: paragraphs and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mien.report import changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.diffs import Diff


class Rows(NamedTuple):
    """A table of what is told.

    Attributes:
        heads: of the columns; ``words`` are those of them that hold words.
        rows: a quantity each.
    """

    heads: tuple[str, ...]
    words: tuple[str, ...]
    rows: list[tuple[str, ...]]


class Told(NamedTuple):
    """What a page tells of one measurement, or of what changed from one to another.

    Attributes:
        said: the paragraphs.
        heads: of the columns; ``words`` are those of them that hold words.
        rows: a quantity each.
    """

    said: list[str]
    heads: tuple[str, ...]
    words: tuple[str, ...]
    rows: list[tuple[str, ...]]


def told_of_changes(diff: Diff, said: Sequence[str] = ()) -> Told:
    """What changed, under paragraphs of one's own."""
    heads = changes.columns(diff)
    return Told([*said], heads, (heads[0], ""), [changes.cells(change) for change in diff.changes])
