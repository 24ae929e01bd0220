"""What a judge reads in answers whose right reading is known."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from mien.measurement.told_answers import Readings


@pytest.mark.parametrize("options", [2, 3, 5])
@pytest.mark.parametrize(("right", "wrong"), [(0, 24), (12, 12), (17, 7), (24, 0), (5, 0), (0, 0)])
def test_their_p_is_that_of_the_binomial_test(right: int, wrong: int, options: int) -> None:
    found = Readings(options=options, right=right, wrong=wrong, undecided=3)
    n = right + wrong
    expected = binomtest(right, n, 1 / options, alternative="greater").pvalue if n else 1.0
    assert found.p == pytest.approx(expected)
    assert found.n == n + 3
