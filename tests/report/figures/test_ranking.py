"""The ends of a ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mien.report import figures
from mien.report.saving import specification
from mien.stats.comparisons import Comparisons
from mien.stats.profiles import Provenance, rate
from tests.report.drawing import collisions, words

if TYPE_CHECKING:
    from mien.stats.profiles.profile import Profile


def test_ranking_shows_the_ends_that_it_is_told(profiles: list[Profile]) -> None:
    rows = profiles[0].rows
    expected = {row["trait"] for row in (*rows[:3], *rows[-2:])}
    said = {word["text"] for word in words(figures.ranking(profiles[:1], top=3, bottom=2))}
    assert said & set(profiles[0].traits) == expected


def test_more_models_than_a_row_holds_have_panels_of_their_own(profiles: list[Profile]) -> None:
    found = specification(figures.ranking(profiles))
    assert len(found["concat"]) == len(profiles)
    heads = [" ".join(panel["title"]["text"]).strip() for panel in found["concat"]]
    assert heads == [profile.run.replace("-", "- ") for profile in profiles] or heads == [
        profile.run for profile in profiles
    ]
    assert collisions(words(figures.ranking(profiles))) == []


def test_a_long_ranking_is_set_in_columns() -> None:
    long = rated(144)
    columns = specification(figures.ranking([long]))["hconcat"]
    assert len(columns) == 3
    assert "hconcat" not in specification(figures.ranking([long], columns=1))
    placed = words(figures.ranking([long]))
    assert {word["text"] for word in placed} >= {*long.traits}
    assert max(word["y"] for word in placed) < 900  # so that a printed page holds it


def rated(n: int) -> Profile:
    """A profile of so many traits."""
    rng = np.random.default_rng(0)
    options = np.array([rng.permutation(n) for _ in range(12)]).reshape(-1, 2).astype(np.int32)
    return rate(
        Comparisons(
            traits=tuple(f"trait {i:03}" for i in range(n)),
            options=options,
            chosen=rng.integers(0, 2, len(options)).astype(np.int32),
            cluster=np.arange(len(options), dtype=np.int32) % 40,
            clusters=tuple(f"p{i}" for i in range(40)),
        ),
        Provenance(run="long"),
    )
