"""Ratings of planted self-reports: what is found, how sure, and what is not made up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols

from mien.errors import NotIdentified
from mien.stats import diffs
from mien.stats.inventories import Answers, inventory
from tests.stats.inventories.drawn import answers, unread

PLANTED = 3 + np.random.default_rng(1).normal(scale=0.8, size=24).clip(-1.5, 1.5)


def test_a_yea_sayer_is_rated_by_what_it_claims_and_named_for_what_it_is() -> None:
    plain, yea = (inventory(answers(PLANTED, seed=2, yes=yes), label="m") for yes in (0.0, 0.8))
    assert plain.acquiescence is not None
    assert yea.acquiescence is not None
    assert plain.acquiescence.low < 0 < plain.acquiescence.high
    assert yea.acquiescence.value == pytest.approx(0.7, abs=0.15)  # some of it is cut off at the end
    assert yea.acquiescence.low > 0.4
    for found in (plain, yea):
        assert np.corrcoef(found.estimates.values, PLANTED)[0, 1] > 0.9
        assert found.alpha["all"].value is not None
        assert found.alpha["all"].value > 0.85
        assert found.estimates.reliability == pytest.approx(found.alpha["all"].value, abs=0.05)
    assert [row["rank"] for row in yea.rows] == list(range(1, 25))
    assert [row["mean"] > 3.3 for row in yea.phrasings if row["mean"]] == [True] * 8
    assert yea.to_dict()["answers"] == {"designed": 0, "read": 192, "unreadable": 0}


def test_ratings_are_the_least_squares_of_trait_and_phrasing_whatever_could_be_read() -> None:
    some = unread(answers(PLANTED[:6], seed=3, yes=0.5), 0, 1, 9, 20, 33)
    read = some.rating > 0
    turned = np.array([one.reversed for one in some.phrasings])[some.phrasing]
    table = pd.DataFrame(
        {
            "y": np.where(turned, 6 - some.rating, some.rating)[read],
            "t": some.trait[read],
            "p": some.phrasing[read],
        }
    )
    fitted = ols("y ~ C(t) + C(p)", table).fit()
    told = [fitted.predict(pd.DataFrame({"t": [t] * 8, "p": range(8)})).mean() for t in range(6)]
    found = inventory(some)
    assert found.estimates.values == pytest.approx(told)
    assert found.unreadable == 5
    assert [row["unreadable"] for row in sorted(found.rows, key=lambda row: row["trait"])] == [
        2,
        1,
        1,
        0,
        1,
        0,
    ]
    assert found.estimates.endings is not None
    assert found.estimates.endings.values == pytest.approx([5 / 48])


def test_a_question_pulls_a_rating_by_what_leaving_it_out_takes_away() -> None:
    some = answers(PLANTED[:5], seed=4)
    whole = inventory(some).estimates
    for row in (0, 13, 39):
        without = inventory(unread(some, row)).estimates
        question = f"{some.phrasings[some.phrasing[row]].name}: {some.traits[some.trait[row]]}"
        assert whole.leave_out(question).values == pytest.approx(without.values)


def test_intervals_hold_and_a_second_reading_of_one_model_is_no_change() -> None:
    rng = np.random.default_rng(5)
    held, alarms, found = [], 0, 0
    raised = PLANTED + np.where(np.arange(24) == 7, -1.6 if PLANTED[7] > 3 else 1.6, 0)
    for seed in range(40):
        taste = rng.normal(scale=0.4, size=(24, 8))
        first, second, third = (
            inventory(answers(planted, seed=9 * seed + k, yes=0.3, taste=taste))
            for k, planted in enumerate((PLANTED, PLANTED, raised))
        )
        low, high = first.estimates.intervals()
        inside = np.abs(PLANTED - 3) < 1  # away from the ends, where what is planted is what is said
        held.append(((low <= PLANTED) & (high >= PLANTED))[inside].mean())
        alarms += bool(diffs.diff(first, second).changed.any())
        change = diffs.diff(first, third)
        assert change.paired == 192
        found += bool(change.changed[7])
    assert 0.92 < np.mean(held) < 0.985
    assert alarms <= 5
    assert found >= 36


def test_where_all_answers_are_alike_the_rating_is_not_certain() -> None:
    found = inventory(answers(np.array([5.0, 5.0, 1.0, 3.0]), seed=0, noise=0.0)).estimates
    low, high = found.intervals()
    assert found.values == pytest.approx([5, 5, 1, 3])
    assert high[:2] == pytest.approx([5, 5])
    assert (low[:2] < 4.8).all()
    assert high[2] > 1.2


def test_what_cannot_be_told_is_refused_or_left_out() -> None:
    some = answers(PLANTED[:4], seed=6)
    lone = unread(some, *range(1, 8))  # one phrasing is left of the first trait
    assert inventory(lone).estimates.unrated == ("t00",)
    straight = unread(some, *(row for row in range(32) if some.phrasing[row] >= 4))
    with pytest.raises(NotIdentified, match="no answer to a reversed phrasing"):
        inventory(straight)
    apart = unread(
        some, *(row for row in range(32) if (some.trait[row] < 2) != (some.phrasing[row] % 2 == 0))
    )
    with pytest.raises(NotIdentified, match="no phrasing rates together"):
        inventory(apart)
    one = Answers(["a"], some.phrasings, some.trait[:8], some.phrasing[:8], some.rating[:8])
    with pytest.raises(NotIdentified, match="fewer than two traits"):
        inventory(one)
