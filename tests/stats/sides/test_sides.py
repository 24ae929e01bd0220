"""Sides of a character whose gaps are known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mien.errors import UsageError
from mien.stats.comparisons import Comparisons
from mien.stats.design.trials import lay_out
from mien.stats.profiles import Provenance, rate
from mien.stats.sides import sides
from mien.types import Prompt

if TYPE_CHECKING:
    from mien.stats.profiles.profile import Profile

TRAITS = tuple(f"t{i:02}" for i in range(24))
PROMPTS = tuple(Prompt(f"p{i:03}", f"Question {i}?") for i in range(150))
CHOOSES = np.random.default_rng(3).normal(size=24)
SAYS = CHOOSES + np.where(np.arange(24) == 5, 2.5, 0) - np.where(np.arange(24) == 9, 2.5, 0)


def measured(scores: np.ndarray, instrument: str, seed: int, *, rounds: int = 160) -> Profile:
    rng = np.random.default_rng(seed)
    design = lay_out(TRAITS, PROMPTS, rounds=rounds, seed=0)
    first = scores[design.options[:, 0]] - scores[design.options[:, 1]]
    chosen = (rng.random(len(first)) > 1 / (1 + np.exp(-first))).astype(np.int8)
    table = Comparisons(
        traits=TRAITS,
        options=design.options,
        chosen=chosen,
        cluster=design.prompt,
        clusters=tuple(prompt.id for prompt in PROMPTS),
    )
    return rate(table, Provenance(run=f"m-{instrument}", model="m", instrument=instrument), in_full=False)


@pytest.fixture(scope="module")
def profiles() -> list[Profile]:
    """What it says is what it chooses, twice as loud, but for two traits."""
    return [
        measured(CHOOSES, "revealed", 1),
        measured(2 * SAYS, "stated", 2, rounds=320),
        measured(0.7 * CHOOSES, "exhibited", 4),
    ]


def test_what_is_claimed_and_not_shown_is_found_and_nothing_else(profiles: list[Profile]) -> None:
    found = sides(profiles)
    assert list(found.by_side) == ["says", "chooses", "does"]
    assert [(pair.a, pair.b) for pair in found.pairs] == [
        ("says", "chooses"),
        ("says", "does"),
        ("chooses", "does"),
    ]
    assert [row["trait"] for row in found.claimed] == ["t05"]
    assert [row["trait"] for row in found.unclaimed] == ["t09"]
    assert found.says_and_shows is found.pairs[1]
    row = found.claimed[0]
    assert row["gap"] == pytest.approx(row["a"] - row["b"])
    assert row["low"] < row["gap"] < row["high"]
    alike, apart = found.pairs[2], found.pairs[1]
    assert not any(row["apart"] for row in alike.rows)
    assert alike.likeness.corrected == pytest.approx(1, abs=0.1)
    assert apart.likeness.corrected is not None
    assert apart.likeness.corrected < 0.9


def test_a_side_that_cannot_be_told_from_noise_leaves_gaps_unknown(profiles: list[Profile]) -> None:
    flat = measured(np.zeros(24), "exhibited", 5)
    found = sides([profiles[0], profiles[1], flat])
    assert [pair.gaps is None for pair in found.pairs] == [False, True, True]
    assert "m-exhibited" in found.pairs[1].why_not
    assert found.pairs[1].rows == []
    shows = found.says_and_shows
    assert shows is not None
    assert shows.b == "chooses"
    told = found.to_dict()
    assert told["shown_by"] == "chooses"
    assert told["pairs"][1]["gaps"] == []


def test_sides_that_are_none_are_refused(profiles: list[Profile]) -> None:
    other = replace(profiles[1], provenance=replace(profiles[1].provenance, model="n"))
    imported = replace(profiles[1], provenance=replace(profiles[1].provenance, instrument="mine"))
    for some, problem in (
        (profiles[:1], "these have revealed$"),
        ([profiles[0], profiles[0]], "these have revealed, revealed"),
        ([profiles[0], imported], "these have revealed, mine"),
        ([profiles[0], other], "of m, n"),
    ):
        with pytest.raises(UsageError, match=problem):
            sides(some)
