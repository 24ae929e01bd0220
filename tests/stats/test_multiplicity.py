from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mien.stats.multiplicity import discoveries_at_least, false_discovery


@given(p=arrays(float, array_shapes(max_dims=2), elements=st.floats(0, 1)))
def test_q_is_scipys(p: np.ndarray) -> None:
    np.testing.assert_allclose(
        false_discovery(p), scipy.stats.false_discovery_control(p, axis=-1), atol=1e-15
    )


def test_of_no_test_there_is_no_q() -> None:
    assert false_discovery([]).shape == (0,)


@pytest.mark.parametrize("p", [[0.5, np.nan], [-0.1], [1.1]])
def test_what_is_no_probability_is_refused(p: list[float]) -> None:
    with pytest.raises(ValueError, match="not between 0 and 1"):
        false_discovery(p)
    with pytest.raises(ValueError, match="not between 0 and 1"):
        discoveries_at_least(p, 0.05)


def simes(p: list[float], alpha: float) -> bool:
    return any(one <= (i + 1) * alpha / len(p) for i, one in enumerate(sorted(p)))


@given(p=st.lists(st.floats(0, 1) | st.floats(0, 0.1), max_size=6), alpha=st.floats(0.01, 0.3))
def test_discoveries_are_those_of_the_whole_closed_test(p: list[float], alpha: float) -> None:
    """The slow twin: the largest set of hypotheses that Simes' test leaves standing together."""
    sets = (some for size in range(len(p) + 1) for some in combinations(p, size))
    standing = max((len(some) for some in sets if not simes(list(some), alpha)), default=0)
    assert discoveries_at_least(p, alpha) == len(p) - standing
