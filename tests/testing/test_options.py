"""Options, and scores to plant."""

from __future__ import annotations

import math
from typing import Any

import pytest

from mien.errors import InputError
from mien.testing import ScriptedServer, planted_scores
from tests.testing.asking import SCORES


@pytest.mark.parametrize(
    "options",
    [
        {"faults": {"gremlins": 0.1}},
        {"faults": {"399": 0.1}},
        {"faults": {"429": 0.6, "500": 0.6}},
        {"judge_accuracy": 1.2},
        {"scores": {"warm": math.nan}},
        {"judge_leanings": {"(": {"warm": 1.0}}},
        {"leanings": {"(": {"warm": 1.0}}},
        {"scores": {" ": 0.0}},
    ],
)
def test_options_without_meaning_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        ScriptedServer(**options)


def test_planted_scores_are_seeded_and_centred() -> None:
    scores = planted_scores(SCORES, seed=3, spread=2.0)
    assert scores == planted_scores(SCORES, seed=3, spread=2.0) != planted_scores(SCORES, seed=4, spread=2.0)
    assert sum(scores.values()) == pytest.approx(0)
