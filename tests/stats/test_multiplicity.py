from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mien.stats.multiplicity import false_discovery


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
