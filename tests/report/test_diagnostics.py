from __future__ import annotations

import numpy as np

from mien.report.diagnostics import diagnostics
from mien.stats.comparisons import Comparisons
from mien.stats.profiles import rate

TRAITS = ("airy", "bold", "calm", "drab", "eager", "frank")


def profile(*, always: int | None = None, never: int | None = None):
    """Coin flips over 30 prompts, but for a trait that is always chosen, or never."""
    rng = np.random.default_rng(0)
    options = np.argsort(rng.random((240, len(TRAITS))), axis=1)[:, :2]
    chosen = rng.integers(2, size=240)
    for trait, won in ((always, True), (never, False)):
        shown = options == trait
        chosen = np.where(
            shown.any(axis=1), np.where(won, shown.argmax(axis=1), shown.argmin(axis=1)), chosen
        )
    return rate(
        Comparisons(
            traits=TRAITS,
            options=options.astype(np.int32),
            chosen=chosen.astype(np.int32),
            cluster=(np.arange(240) % 30).astype(np.int32),
            clusters=tuple(f"p{i}" for i in range(30)),
        )
    )


def test_traits_that_nothing_bounds_are_named():
    told = dict(diagnostics(profile(always=1, never=3)))
    assert told["no bound"] == (
        "bold always chosen; drab never chosen: may lie farther out than the intervals say"
    )
    assert "no bound" not in dict(diagnostics(profile()))
