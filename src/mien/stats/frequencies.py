"""How often each of n codes comes, of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.types import Ints

AT_A_TIME: Final = 1 << 20


def frequencies(codes: NDArray[np.integer[Any]], n: int) -> Ints:
    """(n,) how often each of 0 … n−1 is among the codes, an array of any shape.

    NumPy's own count widens all codes to eight bytes first.
    """
    found = np.zeros(n, dtype=np.int64)
    for begin in range(0, len(codes), AT_A_TIME):
        found += np.bincount(codes[begin : begin + AT_A_TIME].ravel(), minlength=n)
    return found
