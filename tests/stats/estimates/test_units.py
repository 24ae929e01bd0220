from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from mien.stats.estimates import Amount, Lean, Points, Rating, Scale, Share, Unit


def ends(unit: Unit, value: float, stderr: float, quantile: float = 1.959964) -> tuple[float, float]:
    low, high = unit.interval(np.array([value]), np.array([stderr]), np.array([quantile]))
    return float(low[0]), float(high[0])


@pytest.mark.parametrize("hits", [0, 1, 3, 30, 59, 60])
def test_a_share_of_independent_responses_has_wilsons_interval(hits):
    """The oracle is statsmodels; the variance is that of the hits and of one more that is unseen."""
    share = hits / 60
    variance = share * (1 - share) / 60 + ((1 - 2 * share) / 60) ** 2
    found = ends(Share(), share, np.sqrt(variance))
    assert found == pytest.approx(proportion_confint(hits, 60, method="wilson"), abs=1e-6)


def test_an_amount_stays_above_nothing():
    low, high = ends(Amount("tokens"), 10.0, 6.0)
    assert 0 < low < 10 < high
    assert low * high == pytest.approx(100)
    assert ends(Amount(), 0.0, 0.0) == (0, 0)


def test_numbers_and_ratings_have_students_interval():
    assert ends(Unit(), -3.0, 2.0, 2.0) == (-7, 1)
    assert ends(Rating(), 40.0, 20.0, 2.0) == (0, 80)


def test_a_mean_answer_stays_on_its_scale():
    assert ends(Scale(), 4.8, 0.3, 2.0) == pytest.approx((4.2, 5))
    assert ends(Scale(), 1.0, 0.3, 2.0) == pytest.approx((1, 1.6))
    assert Scale().require(np.array([0.9])) == "an answer lies between 1 and 5"
    assert not Scale().beyond(4.0, level=False)
    assert Scale().beyond(-4.5, level=False) == "a change lies between -4 and 4"
    assert Scale().beyond(0.5, level=True) == "a mean answer lies between 1 and 5"
    assert (Scale().shown(3.456), Scale().change(-0.001), Scale().extent(-0.5)) == ("3.46", "+0.00", "0.50")


def test_numbers_as_people_read_them():
    assert (Rating().shown(-12.4), Rating().change(12.4), Rating().extent(-12.4)) == ("988", "+12", "12")
    assert (Share().shown(0.0312), Share().change(-0.0312), Share().extent(1.0)) == (".031", "-.031", "1.000")
    assert [Amount("tokens").shown(value) for value in (1234.5, 45.67, 1.234, 0.01234)] == [
        *("1,234", "45.7", "1.23", "0.0123"),
    ]
    assert Amount("tokens").change(-45.67) == "-45.7"
    assert Amount("tokens").size(45.67, 0.0, 100.4) == "45.7 tokens (0.00 … 100)"


def test_what_can_be_set_side_by_side():
    assert [unit.scaled for unit in (Unit(), Unit("bits"), Share(), Amount("tokens"), Rating())] == [
        *(False, True, True, True, True),
    ]


def test_a_share_that_does_not_vary_has_an_interval_of_no_width():
    low, high = Share().interval(np.array([0.5, 0.2]), np.zeros(2), np.array([2.0, 2.0]))
    assert low == pytest.approx([0.5, 0.2])
    assert high == pytest.approx([0.5, 0.2])


def test_a_leaning_has_a_sign():
    assert (Lean().shown(0.0), Lean().shown(-0.25), Lean().extent(-0.25)) == ("+.000", "-.250", ".250")
    assert Lean().scaled
    assert (Lean().beyond(2.1, level=True), Lean().beyond(-2.0, level=False)) == (
        "a difference of shares lies between -2 and 2",
        "",
    )


def test_differences_of_ratings_are_told_in_whole_points():
    assert (Points().shown(-0.4), Points().shown(1234.5), Points().change(-0.4)) == ("0", "1,234", "+0")
    assert Points().change(1234.5) == "+1,234"
    assert Points("points") == Points()
