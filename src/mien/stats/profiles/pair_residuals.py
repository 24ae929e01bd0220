"""What was chosen between the two options of each pair, against what their scores make likely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import scipy.sparse as sp
import scipy.special

from mien.stats.multiplicity import false_discovery

if TYPE_CHECKING:
    from mien.stats.choice import Trials
    from mien.types import Floats, Ints

_ROUNDING: Final = 1e-9  # of a count of wins


class Contests(NamedTuple):
    """M contests: in each trial, the chosen option against each of the others.

    Given that one of two options is chosen, in the choice model neither the others nor their number matter.

    Attributes:
        pairs: (P, 2) items of the pairs that were shown together, the smaller first, sorted.
        pair: (M,) index into ``pairs``.
        won: (M,) 1.0 where the pair's first item was chosen, 0.0 where its second was.
        chance: (M,) how probable the former was.
        places: (M, 2) where the two items stood.
        trial: (M,) index of the trial.
    """

    pairs: Ints
    pair: Ints
    won: Floats
    chance: Floats
    places: Ints
    trial: Ints

    @property
    def residual(self) -> Floats:
        """(M,) ``won`` less its probability."""
        return self.won - self.chance

    @property
    def variance(self) -> Floats:
        """(M,) of ``won``."""
        return self.chance * (1 - self.chance)


class PairResiduals(NamedTuple):
    """A row a pair that met, in the order of ``Contests.pairs``; arrays (P,).

    Attributes:
        n: contests.
        won: of them, by the pair's first item.
        expected: the same by the scores.
        residual: standardised, (won − expected)/its standard deviation.
        p: two-sided, that scores explain the pair.
        q: adjusted for the number of pairs that met.
    """

    n: Ints
    won: Floats
    expected: Floats
    residual: Floats
    p: Floats
    q: Floats


def contests(trials: Trials, params: Floats) -> Contests:
    """The contests of trials, under (n + K,) parameters θ, β."""
    n, n_trials = trials.n_items, trials.n_trials
    shown = [np.minimum(i // n, i % n) * n + np.maximum(i // n, i % n) for _, _, i in trials.pairs]
    known = np.unique(np.concatenate(shown))
    each, utilities = np.arange(n_trials), trials.utilities(params)
    trial = np.tile(each, len(trials.options))
    place = np.repeat(np.arange(len(trials.options)), n_trials)
    lost = place != trials.chosen[trial]
    trial, place = trial[lost], place[lost]
    winner, loser = trials.options[trials.chosen[trial], trial], trials.options[place, trial]
    first = winner < loser
    better = utilities[trials.chosen[trial], trial] - utilities[place, trial]
    return Contests(
        pairs=np.stack([known // n, known % n], axis=1),
        pair=np.searchsorted(known, np.minimum(winner, loser) * n + np.maximum(winner, loser)),
        won=first.astype(np.float64),
        chance=scipy.special.expit(np.where(first, better, -better)),
        places=np.where(
            first[:, None],
            np.stack([trials.chosen[trial], place], axis=1),
            np.stack([place, trials.chosen[trial]], axis=1),
        ),
        trial=trial,
    )


def pair_residuals(found: Contests, cluster: Ints) -> PairResiduals:
    """Hold each pair's wins against what its scores make likely.

    p is exact for independent contests, whose number of wins is a sum of unlike Bernoulli variables: most
    pairs meet a few times, where a standardised residual is far from normal. Where a pair meets several times
    in one cluster, its deviation is first divided by the root of the design effect 1 + (m − 1) ρ (Kish
    1965, Survey Sampling, § 5.4), m being the mean number of a contest's like in its cluster and ρ the
    correlation within clusters, pooled over all pairs. q is adjusted after Benjamini and Hochberg.

    Args:
        found: the contests.
        cluster: (T,) index of each trial's cluster.
    """
    n_pairs = len(found.pairs)
    n = np.bincount(found.pair, minlength=n_pairs).astype(np.int64)
    won: Floats = np.bincount(found.pair, found.won, n_pairs).astype(np.float64)
    expected: Floats = np.bincount(found.pair, found.chance, n_pairs).astype(np.float64)
    variance = np.bincount(found.pair, found.variance, n_pairs)
    effect = _design_effect(found, cluster[found.trial], n)
    deviation = (won - expected) / np.sqrt(effect)
    order = np.argsort(found.pair, kind="stable")
    ends = np.cumsum(n)
    chances = found.chance[order]
    p = np.ones(n_pairs)
    for i in np.flatnonzero(n).tolist():
        p[i] = _two_sided(chances[ends[i] - n[i] : ends[i]], float(expected[i] + deviation[i]))
    q = np.ones(n_pairs)
    q[n > 0] = false_discovery(p[n > 0])
    standardised = np.divide(deviation, np.sqrt(variance), out=np.zeros(n_pairs), where=variance > 0)
    return PairResiduals(n, won, expected, standardised, p, q)


def _design_effect(found: Contests, cluster: Ints, n: Ints) -> Floats:
    """(P,) how many times wider than by independent contests a pair's wins vary."""
    n_pairs = len(n)
    shape = (int(cluster.max(initial=-1)) + 1, n_pairs)
    where = (cluster, found.pair)

    def by_cluster(values: Floats) -> sp.csr_array:
        return sp.csr_array(sp.coo_array((values, where), shape=shape))

    scaled = found.residual / np.sqrt(np.maximum(found.variance, np.finfo(float).tiny))
    weight = found.variance  # or one surprise would tell as much as many contests
    alike = by_cluster(scaled * weight).power(2).sum() - float(np.sum((scaled * weight) ** 2))
    most = by_cluster(weight).power(2).sum() - float(np.sum(weight**2))
    rho = max(0.0, float(alike / most)) if most > 0 else 0.0
    together = np.asarray(by_cluster(np.ones(len(cluster))).power(2).sum(axis=0)).ravel()
    return 1 + (together / np.maximum(n, 1) - 1) * min(rho, 1.0) * (n > 0)


def _two_sided(chances: Floats, seen: float) -> float:
    """Twice the smaller tail, of a sum of Bernoulli variables, at ``seen`` or beyond."""
    law = np.ones(1)
    for chance in chances.tolist():
        law = np.convolve(law, (1 - chance, chance))
    counts = np.arange(len(law))
    below, above = law[counts <= seen + _ROUNDING].sum(), law[counts >= seen - _ROUNDING].sum()
    return min(1.0, 2 * float(min(below, above)))
