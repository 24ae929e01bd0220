"""Whether one strength a trait describes the choices: tests against what pairs have of their own.

The choice model says of any two options a and b that their log odds are θ_a − θ_b, up to their places. It is
transitive: who beats those who beat b, beats b. Departures γ_ab of pairs from it may be of two kinds. Those
of *each pair by itself* show only where pairs meet again, on another prompt. Those of *a second dimension*,
γ_ab = u_a v_b − v_a u_b, with which rock, paper and scissors go round, are shared by many pairs, and show
even where each meets but once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np
import scipy.sparse as sp

from mien.stats.profiles.pair_residuals import contests
from mien.stats.sign_flips import FEWEST

if TYPE_CHECKING:
    from mien.stats.choice import ChoiceFit, Trials
    from mien.stats.profiles.pair_residuals import Contests
    from mien.types import Floats, Ints

N_DRAWS: Final = 499
BATCH: Final = 50  # draws at a time
N_PLANTED: Final = 40  # runs with departures, by which power is told
PLANTED: Final = 0.5  # their size: standard deviation, over that of the differences of scores
POWERFUL: Final = 0.8
LEVEL: Final = 0.05
_MOST: Final = 0.9  # leverage of a trial

Kind = Literal["pairs", "second dimension"]
Finding = Literal["departs", "no sign", "undecided"]
KINDS: Final[tuple[Kind, Kind]] = ("pairs", "second dimension")


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A test that pairs have nothing of their own of one kind.

    Attributes:
        kind: of the departures.
        p: adjusted for there being two tests; None where nothing can tell.
        power: share of runs like this in which departures half as large as the differences of scores
            would be found; None where nothing can tell.
    """

    kind: Kind
    p: float | None
    power: float | None

    @property
    def finding(self) -> Finding:
        """No sign is found only where one would probably have been."""
        if self.p is None or self.power is None:
            return "undecided"
        if self.p < LEVEL:
            return "departs"
        return "no sign" if self.power >= POWERFUL else "undecided"

    def to_dict(self) -> dict[str, Any]:
        """The test as JSON holds it."""
        return {"kind": self.kind, "p": self.p, "power": self.power, "finding": self.finding}


class _Pulls(NamedTuple):
    """How C clusters pull the log odds of P pairs, and the scores, at the estimate.

    Attributes:
        by_pair: (C, P) sums of residuals.
        by_score: (C, p) gradients of the parameters.
        explained: (p, P) what the scores explain of the pairs' pulls: B times their information in common.
        repeated: (P,) whether a pair met in two clusters or more.
        scale: (P,) by which a pair's pull is measured in the matrix of traits by traits.
        pairs: (P, 2) items.
        n: traits.
    """

    by_pair: sp.csr_array
    by_score: sp.csr_array
    explained: sp.csr_array
    bread: Floats
    repeated: Floats
    scale: Floats
    pairs: Ints
    n: int

    def statistics(self, by_pair: Floats, by_score: Floats) -> Floats:
        """(2, D) of D draws of sums over the clusters, (D, P) and (D, p)."""
        left = by_pair - _product(by_score @ self.bread, self.explained)
        square = np.zeros((len(left), self.n, self.n))
        square[:, self.pairs[:, 0], self.pairs[:, 1]] = left * self.scale
        square -= square.transpose(0, 2, 1)
        largest = np.linalg.eigvalsh(square @ square.transpose(0, 2, 1))[:, -1]
        return np.stack([left**2 @ self.repeated, np.asarray(largest, dtype=np.float64)])


def one_dimension(trials: Trials, fit: ChoiceFit, *, seed: int = 0) -> tuple[Departure, ...]:
    """Test for departures of pairs from their scores: of each pair by itself, and of a second dimension.

    Both are score tests. A pair's residuals, less what the scores explain of them, sum to h_ab over the
    clusters. The first statistic is Σ h_ab² over the pairs that met in several clusters, that of a variance
    component (Lin 1997, Biometrika 84, 309–326). The second is the largest singular value of the
    antisymmetric matrix h_ab/√(d_a d_b), with d_a the information on a's pairs and their mean: the steepest
    direction u ∧ v. Both are held against their values with each cluster's part turned around at random (the
    score bootstrap of Kline and Santos 2012, J. Econometric Methods 1, 23–41), so that ties within clusters
    count in full and sparse pairs do not matter. What is turned around is first divided by √(1 − leverage):
    residuals at an estimate are smaller than errors.

    Power is told by choices that are simulated from the estimate with departures of either kind planted.

    Args:
        trials: what was shown and chosen.
        fit: of the choice model to them, under a ridge.
        seed: of the signs and of the planted departures.
    """
    params = np.concatenate([fit.scores, fit.positions])
    whole = trials.only(trials.chosen >= 0)  # a tie is won by neither
    n_clusters = len(np.unique(whole.clustered()[1]))
    if trials.n_items < 3 or n_clusters < FEWEST:
        return tuple(Departure(kind=kind, p=None, power=None) for kind in KINDS)
    pulls = _pulls(whole, fit, params)
    rng = np.random.default_rng(seed)
    null = np.concatenate([_turned(pulls, rng, n) for n in _batches(N_DRAWS)], axis=1)
    seen = pulls.statistics(*_sums(whole, params, pulls)) * (1 - 1e-9)
    reached = 1 + np.count_nonzero(null >= seen, axis=1)
    adjusted: list[float] = np.minimum(1.0, len(KINDS) * reached / (1 + N_DRAWS)).tolist()
    critical = np.quantile(null, 1 - LEVEL / len(KINDS), axis=1, method="inverted_cdf")
    found: list[Departure] = []
    for i, kind in enumerate(KINDS):
        if kind == "pairs" and not pulls.repeated.any():
            found.append(Departure(kind=kind, p=None, power=None))
            continue
        planted = _planted(whole, params, pulls, kind, rng)[i]
        power = np.count_nonzero(planted > critical[i]) / N_PLANTED
        found.append(Departure(kind=kind, p=adjusted[i], power=power))
    return tuple(found)


def _pulls(trials: Trials, fit: ChoiceFit, params: Floats) -> _Pulls:
    _, probabilities = trials.log_likelihood(params)
    found, (labels, cluster) = contests(trials, params), trials.clustered()
    of_contest = _lengths(trials, fit.bread, found.places[:, 0], found.places[:, 1], found.trial)
    of_trial = np.zeros(trials.n_trials)
    each = np.arange(trials.n_trials)
    for k, m, _ in trials.pairs:
        there = _lengths(trials, fit.bread, np.full_like(each, k), np.full_like(each, m), each)
        of_trial += probabilities[k] * probabilities[m] * there / (len(trials.options) - 1)
    wider = trials.weights * _widened(of_trial)
    n_pairs, n_clusters = len(found.pairs), len(labels)
    where = (cluster[found.trial], found.pair)
    errors = found.residual * _widened(found.variance * of_contest)
    by_pair = sp.csr_array(sp.coo_array((errors, where), shape=(n_clusters, n_pairs)))
    met = sp.csr_array(sp.coo_array((np.ones(len(found.pair)), where), shape=(n_clusters, n_pairs)))
    information = np.bincount(found.pair, found.variance, n_pairs)
    degree = np.bincount(found.pairs.ravel(), np.repeat(information, 2), trials.n_items)
    degree = degree + degree.mean()
    return _Pulls(
        by_pair=by_pair,
        by_score=trials._replace(weights=wider).gradients_by_cluster(probabilities)[1],
        explained=_explained(found, trials),
        bread=fit.bread,
        repeated=(np.bincount(met.indices, minlength=n_pairs) > 1).astype(np.float64),
        scale=1 / np.sqrt(degree[found.pairs[:, 0]] * degree[found.pairs[:, 1]]),
        pairs=found.pairs,
        n=trials.n_items,
    )


def _explained(found: Contests, trials: Trials) -> sp.csr_array:
    """(p, P) information in common of the parameters and the pairs' own log odds."""
    signed = np.concatenate([found.variance, -found.variance])
    items = found.pairs[found.pair].T.ravel()
    places = found.places.T.ravel() + trials.n_items
    entries = (np.tile(signed, 2), (np.concatenate([items, places]), np.tile(found.pair, 4)))
    return sp.csr_array(sp.coo_array(entries, shape=(trials.n_parameters, len(found.pairs))))


def _lengths(trials: Trials, bread: Floats, k: Ints, m: Ints, each: Ints) -> Floats:
    """(x_k − x_m)ᵀ B (x_k − x_m) of the options that stand in places k and m of the trials ``each``."""
    n, a, b = trials.n_items, trials.options[k, each], trials.options[m, each]
    at_k, at_m = n + k, n + m
    items = bread[a, a] + bread[b, b] - 2 * bread[a, b]
    places = bread[at_k, at_k] + bread[at_m, at_m] - 2 * bread[at_k, at_m]
    return items + places + 2 * (bread[a, at_k] - bread[a, at_m] - bread[b, at_k] + bread[b, at_m])


def _widened(leverage: Floats) -> Floats:
    """By how much an error is larger than its residual."""
    return 1 / np.sqrt(1 - np.clip(leverage, 0, _MOST))


def _sums(trials: Trials, params: Floats, pulls: _Pulls) -> tuple[Floats, Floats]:
    """(1, P) and (1, p) pulls of all clusters together, of any choices in the same trials."""
    found = contests(trials, params)
    by_pair = np.bincount(found.pair, found.residual, len(pulls.pairs)).astype(np.float64)
    return by_pair[None], trials.gradient(trials.log_likelihood(params)[1])[None]


def _turned(pulls: _Pulls, rng: np.random.Generator, n_draws: int) -> Floats:
    """(2, n_draws) statistics with the clusters turned around at random."""
    signs = rng.choice([-1.0, 1.0], size=(n_draws, pulls.by_pair.shape[0]))
    return pulls.statistics(_product(signs, pulls.by_pair), _product(signs, pulls.by_score))


def _product(rows: Floats, matrix: sp.csr_array) -> Floats:
    return np.asarray((matrix.T @ rows.T).T, dtype=np.float64)


def _batches(n: int) -> list[int]:
    return [min(BATCH, n - start) for start in range(0, n, BATCH)]


def _planted(trials: Trials, params: Floats, pulls: _Pulls, kind: Kind, rng: np.random.Generator) -> Floats:
    """(2, N_PLANTED) statistics of runs simulated with departures."""
    n = trials.n_items
    utilities = trials.utilities(params)
    between = params[:n][pulls.pairs]
    size = PLANTED * float(np.sqrt(np.mean((between[:, 0] - between[:, 1]) ** 2)))
    found: list[Floats] = []
    for _ in range(N_PLANTED):
        if kind == "pairs":
            own = np.triu(rng.normal(size=(n, n)), 1)
            own -= own.T
        else:
            u, v = rng.normal(size=(2, n))
            own = np.outer(u, v) - np.outer(v, u)
        own *= size / np.sqrt(np.mean(own[pulls.pairs[:, 0], pulls.pairs[:, 1]] ** 2))
        # Half to either option, so that their log odds move by all of it.
        moved = np.array([sum(own[mine, other] for other in trials.options) / 2 for mine in trials.options])
        chosen = (utilities + moved + rng.gumbel(size=utilities.shape)).argmax(axis=0)
        found.append(pulls.statistics(*_sums(trials._replace(chosen=chosen), params, pulls)))
    return np.concatenate(found, axis=1)
