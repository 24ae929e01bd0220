"""Against SciPy's own laws, which are too heavy for a command to load."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from mien.stats.distributions import (
    beta_ppf,
    binomial_at_least,
    chi2_ppf,
    chi2_sf,
    f_ppf,
    norm_ppf,
    t_half_width,
    t_ppf,
    t_sf,
    t_two_sided,
)

probabilities = st.floats(1e-6, 1 - 1e-6)
degrees = st.floats(0.5, 1e6)
values = st.floats(-50, 50)


@given(p=probabilities, df=degrees | st.just(np.inf), x=values)
def test_t(p: float, df: float, x: float) -> None:
    assert t_ppf(p, df) == pytest.approx(scipy.stats.t.ppf(p, df))
    assert t_sf(x, df) == pytest.approx(scipy.stats.t.sf(x, df))
    assert t_two_sided(x, df) == pytest.approx(2 * scipy.stats.t.sf(abs(x), df))
    assert t_half_width(p, df) == pytest.approx(scipy.stats.t.isf((1 - p) / 2, df))


@given(p=probabilities, a=st.floats(0.1, 1e4), b=st.floats(0.1, 1e4), x=values)
def test_the_others(p: float, a: float, b: float, x: float) -> None:
    assert norm_ppf(p) == pytest.approx(scipy.stats.norm.ppf(p))
    assert chi2_ppf(p, a) == pytest.approx(scipy.stats.chi2.ppf(p, a))
    assert f_ppf(p, max(a, 1), max(b, 1)) == pytest.approx(scipy.stats.f.ppf(p, max(a, 1), max(b, 1)))
    assert chi2_sf(x, a) == pytest.approx(scipy.stats.chi2.sf(x, a))
    assert beta_ppf(p, a, b) == pytest.approx(scipy.stats.beta.ppf(p, a, b))


def test_arrays_go_in_and_come_out() -> None:
    assert t_two_sided(np.zeros((2, 3)), np.full((2, 3), 5.0)).shape == (2, 3)
    assert np.isnan(t_sf(1.0, 0))


@given(k=st.integers(0, 12), n=st.integers(0, 12), p=probabilities)
def test_binomial(k: int, n: int, p: float) -> None:
    expected = scipy.stats.binom.sf(k - 1, n, p)
    assert binomial_at_least(k, n, p) == pytest.approx(expected, nan_ok=True) or k > n
