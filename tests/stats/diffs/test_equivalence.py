from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from mien.stats.diffs.equivalence import growth, within


def test_within_is_two_one_sided_tests():
    """The oracle is statsmodels' TOST of one mean."""
    rng = np.random.default_rng(0)
    means = np.linspace(-1, 1, 21)
    samples = [rng.normal(mean, 1, size=30) for mean in means]
    described = [DescrStatsW(sample) for sample in samples]
    ends = np.array([d.tconfint_mean(alpha=0.1) for d in described]).T
    larger_p = np.array(
        [max(d.ttest_mean(-0.5, "larger")[1], d.ttest_mean(0.5, "smaller")[1]) for d in described]
    )
    np.testing.assert_array_equal(within(*ends, 0.5), larger_p < 0.05)
    assert within(*ends, 0.5).any()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), found=st.integers(0, 8), df=st.floats(5, 500))
def test_after_so_many_rounds_no_change_is_undecided(seed, found, df):
    rng = np.random.default_rng(seed)
    n, margin, fdr = 8, 50.0, 0.05
    stderr = rng.uniform(10, 80, size=n)
    factor = growth(stderr, np.full(n, df), margin, found=found, fdr=fdr, confidence_level=0.95)
    later = stderr / np.sqrt(factor)
    t, t_q = scipy.stats.t.ppf(0.975, df), scipy.stats.t.isf(fdr * min(found + 1, n) / n / 2, df)
    for delta in np.linspace(0, 2 * margin, 50):
        unchanged = within(delta - t * later, delta + t * later, margin * (1 + 1e-9))
        assert (unchanged | (delta * (1 + 1e-9) >= t_q * later)).all()
    # And no fewer: just where the two regions meet, a change would be undecided.
    shorter = stderr / np.sqrt(0.98 * factor)
    edge = margin - t * shorter
    assert not within(edge - t * shorter, edge + t * shorter, margin * (1 - 1e-9)).any()
    assert (edge < t_q * shorter).all()


def test_half_the_margin_takes_four_times_the_rounds():
    stderr, df = np.array([20.0, 40.0]), np.array([30.0, 30.0])
    wide, narrow = (
        growth(stderr, df, margin, found=0, fdr=0.05, confidence_level=0.95) for margin in (50.0, 25.0)
    )
    np.testing.assert_allclose(narrow, 4 * wide)
    assert wide[1] == pytest.approx(4 * wide[0])
