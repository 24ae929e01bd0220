"""How far a character holds: shares with a known truth."""

from __future__ import annotations

import numpy as np
import pytest

from mien.stats.consistency.persistence import Persistence, turn_rows
from mien.types import NEITHER, REFUSED


def test_shares_are_counted_and_sum_to_one() -> None:
    rows = turn_rows(
        2,
        ["warm", "warm", "blunt", "warm", "blunt"],
        ["warm", "blunt", "blunt", NEITHER, REFUSED],
        kinds=["plain", "plain", "role", "role", "role"],
        clusters=list("abcde"),
    )
    assert [(row.kind, row.n) for row in rows] == [("all", 5), ("plain", 2), ("role", 3)]
    shares = [(row.held.share, row.faded.share, row.switched.share) for row in rows]
    assert shares[0] == (0.4, 0.4, 0.2)
    assert shares[1] == (0.5, 0.0, 0.5)
    assert shares[2] == pytest.approx((1 / 3, 2 / 3, 0))
    found = Persistence(run="r", pressure="drop", confidence_level=0.95, rows=tuple(rows))
    assert found.to_dict()["rows"][0] | {"held_low": 0, "held_high": 0} == {
        "turn": 2, "kind": "all", "n": 5, "held": 0.4, "held_low": 0, "held_high": 0,
        "faded": 0.4, "faded_low": pytest.approx(rows[0].faded.low),
        "faded_high": pytest.approx(rows[0].faded.high), "switched": 0.2,
        "switched_low": pytest.approx(rows[0].switched.low),
        "switched_high": pytest.approx(rows[0].switched.high),
    }  # fmt: skip
    assert list(found.table["kind"]) == ["all", "plain", "role"]


def test_one_kind_has_no_rows_of_its_own() -> None:
    rows = turn_rows(3, ["a", "b"], ["a", "a"], kinds=["neutral"] * 2, clusters=["p", "q"])
    assert [(row.turn, row.kind) for row in rows] == [(3, "all")]


def test_intervals_cover_where_prompts_decide() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        chances = rng.beta(4, 2, size=60)  # of holding, by prompt: 2/3 on average
        clusters = np.repeat(np.arange(60), 5)
        held = rng.random(300) < chances[clusters]
        rows = turn_rows(
            2, ["a"] * 300, np.where(held, "a", NEITHER).tolist(), kinds=[""] * 300, clusters=clusters
        )
        covered += rows[0].held.low <= 2 / 3 <= rows[0].held.high
    assert 0.92 <= covered / 300 <= 0.98


def test_no_trials_have_no_shares() -> None:
    with pytest.raises(ValueError, match="no trials"):
        turn_rows(2, [], [], kinds=[], clusters=[])
