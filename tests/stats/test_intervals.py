from __future__ import annotations

import pytest

from mien.stats.intervals import quantile


def test_the_quantile_of_many_clusters_is_the_normal_one_and_that_of_few_is_wider():
    assert quantile(0.95, 1_000_000) == pytest.approx(1.95996, abs=1e-4)
    assert quantile(0.95, 11) == pytest.approx(2.22814, abs=1e-5)  # 10 degrees of freedom
    assert quantile(0.9, 11) < quantile(0.95, 11)
