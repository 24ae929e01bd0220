from __future__ import annotations

import numpy as np
import pytest

from mien.errors import NotIdentified
from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.comparisons import Comparisons
from mien.stats.profiles import rate
from mien.stats.profiles.precision import growth


@pytest.fixture(scope="module")
def comparisons() -> Comparisons:
    rng = np.random.default_rng(1)
    scores = np.linspace(-1, 1, 8)
    options = np.array([rng.choice(8, 2, replace=False) for _ in range(600)], dtype=np.int32)
    chosen = (scores[options] + rng.gumbel(size=options.shape)).argmax(axis=1).astype(np.int32)
    chosen[::50] = -1
    return Comparisons(
        traits=tuple("abcdefgh"),
        options=options,
        chosen=chosen,
        cluster=np.arange(600, dtype=np.int32) % 40,
        clusters=tuple(f"p{i:02}" for i in range(40)),
    )


def test_the_last_point_is_the_profile(comparisons: Comparisons) -> None:
    profile = rate(comparisons)
    last = growth(comparisons)[-1]
    widths = [(row["high"] - row["low"]) / 2 for row in profile.rows]
    assert last["trials"] == profile.n_trials == 600
    assert last["margin"] == pytest.approx(np.median(widths))
    assert last["lower"] < last["margin"] < last["upper"]
    assert last["model_based"] == pytest.approx(profile.reliability["model_based"])
    assert last["split_half"] == pytest.approx(profile.reliability["split_half"])


def test_intervals_narrow_as_the_root_of_the_trials(comparisons: Comparisons) -> None:
    found = growth(comparisons, n_points=4)
    assert [point["trials"] for point in found] == [150, 300, 450, 600]
    assert found[1]["margin"] / found[3]["margin"] == pytest.approx(2**0.5, rel=0.15)


def test_parts_too_short_for_all_traits_are_left_out(comparisons: Comparisons) -> None:
    found = growth(comparisons, n_points=60)
    first = found[0]["trials"]
    assert 10 < first < 60
    part = comparisons.options[: first - 10][comparisons.chosen[: first - 10] >= 0]
    with pytest.raises(NotIdentified):
        choice.fit(Trials.of(part, np.zeros(len(part), dtype=int), 8))
