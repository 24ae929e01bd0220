from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mien.stats import frequencies

if TYPE_CHECKING:
    import pytest


def test_codes_are_counted_over_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frequencies, "AT_A_TIME", 3)
    codes = np.array([[0, 4], [4, 1], [4, 0], [1, 1]], dtype=np.uint16)
    assert frequencies.frequencies(codes, 6).tolist() == [2, 3, 0, 0, 3, 0]
    assert frequencies.frequencies(codes[:0], 2).tolist() == [0, 0]
