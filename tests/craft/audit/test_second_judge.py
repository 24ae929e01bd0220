"""What others find is counted by assertion, clustered by pair, and what people said is read."""

from __future__ import annotations

import numpy as np
import pytest

from mien.craft.audit.second_judge import IN_CHARACTER, agreement, draw, read_preferences
from mien.stats.proportions import proportion
from mien.types import PREFERRED, Preference
from tests.craft.pairs import pair

PAIRS = [pair(n, assertion=(0, 0, 1, None)[n % 4]) for n in range(12)]


def test_shares_by_assertion() -> None:
    scores = [1, 0.75, 0, 0.5] * 3
    found = agreement(list(zip(PAIRS, scores, strict=True)), 3)
    assert found is not None
    assert found.whole == proportion(scores)
    first, second, third = found.assertions
    assert (first and first.share, second and second.share, third) == (0.875, 0.0, None)
    assert found.ordinary is not None
    assert (found.ordinary.share, found.ordinary.n) == (0.5, 3)
    assert agreement([], 3) is None


def test_several_opinions_of_one_pair_are_one_cluster() -> None:
    scores = [1.0, 1.0, 0.0, 1.0] * 3
    thrice = [(one, score) for one, score in zip(PAIRS, scores, strict=True) for _ in range(3)]
    found = agreement(thrice, 2)
    assert found is not None
    clusters = np.repeat(np.arange(12), 3)
    assert found.whole == proportion([score for _, score in thrice], clusters=clusters)
    once = agreement(list(zip(PAIRS, scores, strict=True)), 2)
    assert once is not None
    assert found.whole.low == pytest.approx(once.whole.low, abs=0.02)


def test_a_larger_sample_holds_the_smaller() -> None:
    some, more = draw(PAIRS, 4, seed=1), draw(PAIRS, 9, seed=1)
    assert more[:4] == some
    assert draw(PAIRS[::-1], 4, seed=1) == some
    assert draw(PAIRS, 99, seed=2) != draw(PAIRS, 99, seed=1)
    assert {*draw(PAIRS, 99, seed=2)} == {*PAIRS}


def test_what_people_chose() -> None:
    def choice(n: int, question: str, chosen: str) -> Preference:
        return Preference(
            person="Ana",
            question=question,
            trial_a=f"q{n}",
            trial_b=f"q{n}",
            shown_left="a",
            chosen=chosen,  # type: ignore[arg-type]
        )

    found = [
        choice(0, IN_CHARACTER, "b"),
        choice(1, IN_CHARACTER, "a"),
        choice(2, IN_CHARACTER, "tie"),
        choice(0, PREFERRED, "a"),
    ]
    in_character, preferred = read_preferences(found, PAIRS)
    assert in_character == [(PAIRS[0], 1.0), (PAIRS[1], 0.0), (PAIRS[2], 0.5)]
    assert preferred == [(PAIRS[0], 0.0)]
