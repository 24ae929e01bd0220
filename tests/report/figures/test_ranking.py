"""The ends of a ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.report import figures
from tests.report.drawing import words

if TYPE_CHECKING:
    from mien.stats.profiles.profile import Profile


def test_ranking_shows_the_ends_that_it_is_told(profiles: list[Profile]) -> None:
    rows = profiles[0].rows
    expected = {row["trait"] for row in (*rows[:3], *rows[-2:])}
    said = {word["text"] for word in words(figures.ranking(profiles[:1], top=3, bottom=2))}
    assert said & set(profiles[0].traits) == expected
