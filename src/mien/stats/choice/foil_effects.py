"""Whether a judge errs on some pairs of options more than on others, beyond what each option tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import scipy.linalg
import scipy.special

if TYPE_CHECKING:
    from mien.stats.choice.legibility import Posterior, ToldTrials
    from mien.types import Floats

N_DRAWS: Final = 499


class FoilEffects(NamedTuple):
    """Test that errors depend on the pair only through its options; ``p`` is None where no pair came twice.

    ``n`` counts the trials of pairs that were shown more than once: nothing else can tell.
    """

    p: float | None
    n: int


def foil_effects(told: ToldTrials, posterior: Posterior, *, seed: int = 0) -> FoilEffects:
    """Test that the trials of a pair, whichever of the two was told, don't err alike.

    The statistic is Σ over pairs of the products of every two residuals, in essence the score test of a
    variance component (Lin 1997, Biometrika 84, 309–326). It is held against its values on reads drawn from
    the model itself, at parameters drawn from their posterior, each refitted by one Newton step. p is (1 +
    draws that reach it)/(1 + draws).

    Args:
        told: what was told and read.
        posterior: of the model without such effects.
        seed: of the draws.
    """
    low, high = np.minimum(told.items, told.foils), np.maximum(told.items, told.foils)
    _, pair, counts = np.unique(low * told.n_items + high, return_inverse=True, return_counts=True)
    n = int(counts[counts > 1].sum())
    if not n:
        return FoilEffects(None, 0)

    def statistic(residuals: Floats) -> float:
        return float(np.sum(np.bincount(pair, residuals) ** 2) - np.sum(residuals**2))

    fitted: Floats = scipy.special.expit(told.odds(posterior.mode))
    observed = statistic(told.right - fitted)
    rng = np.random.default_rng(seed)
    root = scipy.linalg.cholesky(posterior.hessian)
    factor, pull = (root, False), posterior.precision * posterior.mode
    reached = 0
    for _ in range(N_DRAWS):
        drawn = posterior.mode + scipy.linalg.solve_triangular(root, rng.normal(size=len(root)))
        right = (rng.random(len(fitted)) < scipy.special.expit(told.odds(drawn))).astype(np.float64)
        step = scipy.linalg.cho_solve(factor, told.gradient(right - fitted) - pull)
        refitted: Floats = scipy.special.expit(told.odds(posterior.mode + step))
        reached += statistic(right - refitted) >= observed
    return FoilEffects((1 + reached) / (1 + N_DRAWS), n)
