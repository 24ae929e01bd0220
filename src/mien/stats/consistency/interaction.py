"""Do scores vary between contexts, and by how much? A test and a variance, from the prompts' pulls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from mien.stats.consistency.pooling import Law
from mien.stats.distributions import chi2_ppf

if TYPE_CHECKING:
    from mien.stats.consistency.influence import Pulls
    from mien.types import Floats


#: Values of τ, log odds, for which the mean of the statistic is found; between them it is near linear in τ².
TAUS: Final = np.array([0.0, 0.15, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0])
BATCH: Final = 64  # resamples at a time
N_DRAWS: Final = 8  # of what is averaged well enough by few


class Interaction(NamedTuple):
    """How n scores vary between contexts.

    Attributes:
        p: of the test that none does.
        p_items: (n,) of each score.
        tau: standard deviation of a score between contexts, log odds; 0 where none is seen.
        low: lower end of the interval of ``tau``.
        high: its upper end.
        law: what is known of τ.
    """

    p: float
    p_items: Floats
    tau: float
    low: float
    high: float
    law: Law


class Variance(NamedTuple):
    """What is known of τ: a statistic over its noise, on ``df`` degrees of freedom.

    The ratio over its mean is taken for χ²/df, as in the intervals of variance components of Williams (1962,
    Biometrika 49, 278–281). Below 1 it is not let fall: it would say that nothing varies the more surely,
    the less its prompts agree.
    """

    ratio: float
    df: float
    means: Floats  # of the ratio under `TAUS`, rising from 1

    def tau(self, quantile: float) -> float:
        """The τ under which the ratio over its mean is ``quantile``, or 0."""
        return float(np.sqrt(np.interp(self.ratio / quantile, self.means, TAUS**2)))

    def law(self, n_nodes: int = 17) -> Law:
        """Values of τ, and their weights: the likelihood of the ratio, τ uniform beforehand.

        Uniform as Gelman (2006, Bayesian Analysis 1, 515–534) advises. The best τ alone would make intervals
        vanish where it is 0.
        """
        furthest = self.tau(chi2_ppf(1e-4, self.df) / self.df)
        taus = np.linspace(0.0, furthest, n_nodes)
        relative = self.ratio / np.interp(taus**2, TAUS**2, self.means)
        heights = self.df / 2 * (np.log(relative) - relative)
        weights = np.exp(heights - heights.max())
        return Law(taus, weights / weights.sum())


def interaction(
    pulls: Pulls, *, confidence_level: float = 0.95, n_resamples: int = 1999, seed: int = 0
) -> Interaction:
    """Test that no score varies between contexts, and estimate by how much they do.

    Each prompt pulls the score of each trait its own way. Where contexts matter, prompts of one context pull
    alike. With h_p the pulls of prompt p and s_c the share of context c in the trials, the statistic of a
    trait is

        T_i = Σ_c (1/s_c) Σ_{p ≠ q in c} h_pi h_qi,

    the between-groups sum of squares of an analysis of variance less what each prompt gives alone: however
    much prompts differ, its mean is that of the null unless those of one context agree. For all traits it is
    Σ_i T_i/Σ_p h_pi², in essence the score test of a variance component (Lin 1997, Biometrika 84, 309–326).

    Its law under the null is that of pulls with random signs, fitted anew by one Newton step (score
    bootstrap: Kline and Santos 2012, J. Econometric Methods 1, 23–41). Contexts stay with their prompts, for
    a design deals them evenly to traits: permuted over prompts, they lie less evenly, and with 28 trials of
    a trait in 15 contexts the test at 5 % called equal contexts different in 5 of 25 runs.

    τ is that under which the statistic has the mean that was observed (method of moments, as DerSimonian and
    Laird 1986, Controlled Clinical Trials 7, 177–188); means under some values of τ are found by drawing
    deviations of the scores from the estimate.

    Args:
        pulls: of C prompts on n scores, in M contexts.
        confidence_level: of the interval of τ.
        n_resamples: of the signs.
        seed: of the signs.
    """
    h = pulls.centred(pulls.of_prompts)
    scale = np.sqrt(np.maximum(np.sum(h**2, axis=0), np.finfo(float).tiny))
    rng = np.random.default_rng(seed)
    observed = pulls.agreement(h) / scale**2
    alone = np.mean([pulls.alone(pulls.centred(h * _signs(rng, len(h), 1))) for _ in range(N_DRAWS)], axis=0)
    above = np.zeros(len(scale), dtype=np.int64)
    totals: list[float] = []
    for start in range(0, n_resamples, BATCH):
        signs = _signs(rng, min(BATCH, n_resamples - start), len(h))
        found = (pulls.between(pulls.resampled(signs, h)) - alone) / scale**2
        above += np.count_nonzero(found >= observed - 1e-9, axis=0)
        totals += found.sum(axis=1).tolist()
    total, null = float(observed.sum()), np.array(totals)
    noise = float(len(scale) * (len(pulls.share) - 1))
    variance = Variance(
        ratio=max(1 + (total - float(null.mean())) / noise, 1.0),
        df=2 * noise**2 / float(null.var(ddof=1)),
        means=1 + np.maximum.accumulate(_signal(pulls, scale, rng)) / noise,
    )
    tail = (1 - confidence_level) / 2
    far, near = (chi2_ppf(at, variance.df) / variance.df for at in (1 - tail, tail))
    return Interaction(
        p=(1 + int(np.count_nonzero(null >= total - 1e-9))) / (n_resamples + 1),
        p_items=(1 + above) / (n_resamples + 1),
        tau=variance.tau(1.0),
        low=variance.tau(far),
        high=variance.tau(near),
        law=variance.law(),
    )


def _signs(rng: np.random.Generator, *shape: int) -> Floats:
    return rng.choice([-1.0, 1.0], size=shape)


def _signal(pulls: Pulls, scale: Floats, rng: np.random.Generator) -> Floats:
    """What deviations of each of `TAUS` add to the statistic of all traits, the mean over draws of them."""
    added = np.zeros(len(TAUS))
    for _ in range(N_DRAWS):
        deviations = rng.normal(size=(len(pulls.share), len(scale)))
        deviations /= np.sqrt(np.mean(deviations**2))  # as they are on the average
        deviations -= pulls.share @ deviations  # the estimate on all trials goes with them
        for i, tau in enumerate(TAUS.tolist()):
            moved = pulls.moved(tau * deviations)
            added[i] += float(np.sum(pulls.agreement(moved) / scale**2)) / N_DRAWS
    return added
