"""`mien profile` of a control: which traits an erring judge takes for one another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.end_to_end.workplace import Workplace


def test_an_erring_judge_is_found_out(place: Workplace) -> None:
    place.server.configure(judge_accuracy=0.7)
    place.mien(*place.study("--instrument", "instructed", rounds=40))
    accuracy = json.loads(place.mien("profile", "run", "--json").out)["accuracy"]
    wrong = sum(row["chosen"] == row["option_2"] for row in place.exported())
    pairs = accuracy["pairs"]
    assert sum(row["confused"] for row in pairs) == wrong > 30
    assert [row["rate"] for row in pairs] == sorted((row["rate"] for row in pairs), reverse=True)
    assert all(0 < row["low"] < row["rate"] < row["high"] < 1 for row in pairs)
    assert all(len(set(row["pair"]) & set(place.traits)) == 2 for row in pairs)
    shown = place.mien("profile", "run").out
    worst = pairs[0]
    assert f"{' and '.join(worst['pair'])}: {worst['confused']} of {worst['n']}, pooled" in shown


def test_a_judge_without_error_confuses_nothing(place: Workplace) -> None:
    place.mien(*place.study("--instrument", "instructed"))
    assert json.loads(place.mien("profile", "run", "--json").out)["accuracy"]["pairs"] == []
    assert "confused" not in place.mien("profile", "run").out
