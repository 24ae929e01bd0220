from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from mien.stats.diversity.semantic import spread


def test_it_is_the_mean_over_pairs():
    points = np.random.default_rng(1).normal(size=(7, 5))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    pairs = [1 - float(a @ b) for a, b in combinations(points, 2)]
    assert spread(points) == pytest.approx(np.mean(pairs))
    assert spread(np.tile(points[0], (4, 1))) == pytest.approx(0, abs=1e-12)
    assert math.isnan(spread(points[:1]))
