from __future__ import annotations

import math

import numpy as np
import pytest

from mien.stats.diversity.traces import Trace
from mien.stats.diversity.windows import windows


def test_each_window_has_the_factor_of_those_alive_in_it():
    def trace(entropies: list[float]) -> Trace:
        return Trace(surprisals=np.zeros(len(entropies)), entropies=np.array(entropies), octets=1)

    prompts = {
        "a": [trace([2.0, 1.0, 0.5, 0.1]), trace([1.0])],
        "b": [trace([1.0, 1.0, 0.1]), trace([0.0, 1.0])],
        "c": [trace([1.0, 1.0, 0.0, 0.0, 9.0])],
    }
    found = windows(prompts)
    assert [(one.first, one.last) for one in found] == [(1, 1), (2, 2), (3, 4)]  # 5 is of one prompt alone
    assert [one.bf for one in found] == pytest.approx([math.e, math.e, math.exp(0.7 / 5)])
    assert [one.alive for one in found] == [5, 4, 3]
    assert [one.prompts for one in found] == [3, 3, 3]
    assert all(one.low <= one.bf <= one.high for one in found)
