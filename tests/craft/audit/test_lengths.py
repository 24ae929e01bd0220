"""What lengths tell, and selections in which they tell nothing."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.craft.audit.lengths import CLASS, lengths, match_lengths
from mien.stats.proportions import proportion
from tests.craft.pairs import pair

if TYPE_CHECKING:
    from mien.craft.data.recipes import Pair


def of(*both: tuple[int, int]) -> list[Pair]:
    return [pair(n, "x" * chosen, "y" * rejected) for n, (chosen, rejected) in enumerate(both)]


def test_lengths_are_counted() -> None:
    found = lengths(of((10, 20), (30, 20), (20, 20), (40, 20)))
    assert (found.chosen, found.rejected, found.ratio) == (25, 20, 1.25)
    assert found.longer == proportion([0, 1, 0.5, 1])
    assert not found.one_sided
    assert lengths(of(*[(30, 20)] * 40, *[(10, 20)] * 6)).one_sided
    assert lengths(of(*[(10, 20)] * 40)).one_sided
    with pytest.raises(ValueError, match="no pairs"):
        lengths([])


LENGTHS = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), max_size=40)


@given(LENGTHS, st.integers(0, 3))
def test_a_selection_is_the_largest_with_both_signs_alike(both: list[tuple[int, int]], seed: int) -> None:
    def klass(one: Pair) -> int:
        return int(abs(math.log(len(one.chosen) / len(one.rejected))) / CLASS)

    pairs = of(*both)
    kept = match_lengths(pairs, seed=seed)
    assert kept == [one for one in pairs if one in kept]
    assert kept == match_lengths(pairs[::-1], seed=seed)[::-1]
    longer = Counter(klass(one) for one in kept if len(one.chosen) > len(one.rejected))
    shorter = Counter(klass(one) for one in kept if len(one.chosen) < len(one.rejected))
    assert longer == shorter
    for n in {klass(one) for one in pairs}:
        here = [one for one in pairs if klass(one) == n and len(one.chosen) != len(one.rejected)]
        most = sum(len(one.chosen) > len(one.rejected) for one in here)
        assert longer[n] == min(most, len(here) - most)
    assert sum(len(one.chosen) == len(one.rejected) for one in pairs) == len(kept) - 2 * longer.total()


def test_no_guess_from_lengths_beats_chance() -> None:
    # The longer one is mostly chosen, but the shorter one where they are far apart: a rule that a share of
    # pairs cannot show.
    draw = random.Random(1)
    both: list[tuple[int, int]] = []
    for _ in range(2000):
        a, b = draw.randint(20, 200), draw.randint(20, 200)
        short, long = min(a, b), max(a, b)
        chosen = long if (long < 2 * short) == (draw.random() < 0.8) else short
        both.append((chosen, short + long - chosen))
    pairs = of(*both)

    def right(pairs: list[Pair]) -> float:
        """How often the rule finds the chosen answer among those that differ."""
        guesses = [
            (len(one.chosen) > len(one.rejected)) == (max(map(len, one[1:3])) < 2 * min(map(len, one[1:3])))
            for one in pairs
            if len(one.chosen) != len(one.rejected)
        ]
        return sum(guesses) / len(guesses)

    kept = match_lengths(pairs, seed=0)
    assert right(pairs) == pytest.approx(0.8, abs=0.03)
    assert right(kept) == pytest.approx(0.5, abs=0.02)
    assert lengths(kept).longer.share == 0.5
    assert len(kept) > 600
