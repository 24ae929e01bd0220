"""Which place the model prefers and which the judge: two orders of the options behind one verdict.

A verdict has gone through two hands. The model saw the options in the order of the trial; the judge saw them
in an order of its own, and each may prefer what it sees first. With pos(i) the place of option i before the
model and seen(i) its place before the judge, option i of the options S is read with probability

    P(i) = exp(θ_i + β_pos(i) + γ_seen(i)) / Σ_{j ∈ S} exp(θ_j + β_pos(j) + γ_seen(j)),
    Σθ = Σβ = Σγ = 0,

a conditional logit (McFadden 1974, in: Zarembka, Frontiers in Econometrics, 105–142) with the order effect of
Davidson and Beaver (1977, Biometrics 33, 693–702) once for the model and once for the judge.

The verdict alone is known, not what the model chose. β and γ can be told apart as far as the two orders
differ: where the judge's order follows from the trial's, only their sum is known, and no number is given for
either. γ is free of the model, which has answered before the judge's order matters. β is what the judge's
errors leave of the model's preference: one that errs at random draws β, like the scores, towards 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import scipy.sparse as sp
import scipy.special

from mien.errors import NotIdentified
from mien.stats import choice
from mien.stats.choice.likelihood import Penalty, inverse_on_contrasts, maximise, penalised
from mien.stats.profiles.first_place import Position, first_place

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mien.stats.choice import Trials
    from mien.types import Floats, Ints


CLEAR: Final = 20.0  # times the ridge, that the comparisons must say of every contrast of the places


class PositionEffects(NamedTuple):
    """Probability that the option shown first is read among equals, to the model and to the judge.

    Attributes:
        model: of the option first in the trial.
        judge: of the option first before the judge.
        n: trials with a choice.
    """

    model: Position
    judge: Position
    n: int


class TwoOrders(NamedTuple):
    """Trials with both orders, as `mien.stats.choice.likelihood.maximise` takes them: θ, then β, then γ.

    Attributes:
        marks: (T·K, n + 2K) the item and the two places of each option, option by option within a trial.
        chosen: (T,) which of its trial's options was read.
        n_items: n.
    """

    marks: sp.csr_array
    chosen: Ints
    n_items: int

    @classmethod
    def of(cls, trials: Trials, seen: Ints) -> TwoOrders:
        options, n_items = trials.options.T, trials.n_items
        n_trials, k = options.shape
        places: Ints = np.broadcast_to(np.arange(k, dtype=np.int64), options.shape)
        columns = np.stack([options, n_items + places, n_items + k + seen], axis=2).ravel()
        rows = np.repeat(np.arange(n_trials * k, dtype=np.int64), 3)
        entries = (np.ones(len(columns)), (rows, columns))
        return cls(sp.csr_array(entries, shape=(n_trials * k, n_items + 2 * k)), trials.chosen, n_items)

    def log_likelihood(self, params: Floats) -> tuple[float, Floats]:
        """The log-likelihood, and (T, K) the probability of each option."""
        utilities = np.asarray(self.marks @ params).reshape(len(self.chosen), -1)
        logs: Floats = scipy.special.log_softmax(utilities, axis=1)
        return float(logs[np.arange(len(logs)), self.chosen].sum()), np.exp(logs)

    def residuals(self, probabilities: Floats) -> Floats:
        """(T·K,) difference of what was read and its probability."""
        residuals = -probabilities
        residuals[np.arange(len(residuals)), self.chosen] += 1
        return residuals.ravel()

    def gradient(self, probabilities: Floats) -> Floats:
        """(p,) of the log-likelihood."""
        return np.asarray(self.marks.T @ self.residuals(probabilities))

    def information(self, probabilities: Floats) -> Floats:
        """(p, p) negative Hessian, Σ_t Σ_k P_k x_k x_kᵀ − x̄ x̄ᵀ, with x̄ = Σ_k P_k x_k."""
        weighted = self.marks.multiply(probabilities.ravel()[:, None]).tocsr()
        means = _within(probabilities.shape) @ weighted
        return _dense(self.marks.T @ weighted) - _dense(means.T @ means)

    def skewness(self, probabilities: Floats, bread: Floats) -> Floats:
        """(p,) third cumulants contracted with B, as in `mien.stats.choice.trials.Trials.skewness`."""
        within = _within(probabilities.shape)
        means = within @ self.marks.multiply(probabilities.ravel()[:, None])
        centred = (self.marks - within.T @ means).tocsr()
        lengths = np.asarray(centred.multiply(centred @ bread).sum(axis=1)).reshape(probabilities.shape)
        excess = lengths - np.sum(probabilities * lengths, axis=1, keepdims=True)
        return np.asarray(self.marks.T @ (probabilities * excess).ravel())

    def gradients_by_cluster(self, probabilities: Floats, codes: Ints) -> sp.csr_array:
        """(C, p) sparse gradients summed within each cluster, given (T,) indices of the trials' clusters."""
        n_trials, k = probabilities.shape
        entries = (
            self.residuals(probabilities),
            (np.repeat(codes, k), np.arange(n_trials * k, dtype=np.int64)),
        )
        return (sp.csr_array(entries) @ self.marks).tocsr()


def position_effects(
    trials: Trials,
    seen: ArrayLike,
    *,
    alpha: float = choice.DEFAULT_ALPHA,
    confidence_level: float = 0.95,
) -> PositionEffects:
    """Estimate both position effects at once.

    Fit, covariance clustered by prompt, and bias of the places are those of
    `mien.stats.choice.fit`, with γ beside β; the share among equals and its interval are those
    of `mien.stats.profiles.first_place.first_place`.

    Args:
        trials: which options were shown, in the order of the trial, and which was read.
        seen: (T, K) the place, 0 … K−1, at which the judge saw each of these.
        alpha: ridge strength > 0.
        confidence_level: of the intervals.

    Raises:
        NotIdentified: as `mien.stats.choice.fit`; or the judge's order follows from the
            trial's, or differs from it in too few trials; or there is one prompt alone.
        ValueError: shapes or values out of range.
    """
    shown, places = trials.options.T, np.asarray(seen, dtype=np.int64)
    k = shown.shape[1]
    if places.shape != shown.shape or np.any(np.sort(places, axis=1) != np.arange(k, dtype=np.int64)):
        raise ValueError("seen must hold the places 0 … K − 1 of each trial's options")
    alone = choice.fit(trials, alpha=alpha)
    if alone.n_clusters < 2:
        raise NotIdentified("all choices were made on one prompt, which gives no intervals")
    n_items, orders = trials.n_items, TwoOrders.of(trials, places)
    penalty = Penalty.ridge(alpha, n_items + 2 * k)
    _require_apart(orders, places, penalty)
    optimum = maximise(orders, penalty, np.concatenate([alone.scores, alone.positions, np.zeros(k)]))
    information = orders.information(optimum.probabilities)
    bread = inverse_on_contrasts(information, n_items, penalty)
    gradients = orders.gradients_by_cluster(optimum.probabilities, trials.clustered()[1])
    covariance = choice.sandwich(bread, gradients, trials.n_trials, float(np.sum(bread * information)))[0]
    corrected = optimum.params - choice.first_order_bias(orders, optimum.params, penalty)
    bias = choice.first_order_bias(orders, corrected, penalty)

    def first(start: int) -> Position:
        block = slice(start, start + k)
        return first_place(
            optimum.params[block],
            bias[block],
            covariance[block, block],
            confidence_level=confidence_level,
            df=alone.n_clusters - 1,
        )

    return PositionEffects(model=first(n_items), judge=first(n_items + k), n=trials.n_trials)


def _require_apart(trials: TwoOrders, seen: Ints, penalty: Penalty) -> None:
    """What the comparisons say of the places, scores known to nobody, must outweigh the ridge by far.

    Where the orders hardly differ, the ridge would split the sum of both effects evenly, and call it sure.
    """
    n, k = trials.n_items, seen.shape[1]
    even = np.full(seen.shape, 1 / k)
    nothing = Penalty.ridge(0.0, n + 2 * k)
    hessian = penalised(trials.information(even), n, nothing)
    places = hessian[n:, n:] - hessian[n:, :n] @ np.linalg.solve(hessian[:n, :n], hessian[:n, n:])
    contrasts = np.kron(np.eye(2), np.linalg.svd(np.ones((1, k)))[2][1:])  # (2(K − 1), 2K)
    least = float(np.linalg.eigvalsh(contrasts @ places @ contrasts.T)[0])
    if least >= CLEAR * penalty.alpha:
        return
    alike = np.all(seen == np.arange(k, dtype=np.int64), axis=1)
    if alike.all():
        raise NotIdentified(
            "the judge saw the options in the order of the trial, so that its position effect cannot be told "
            "from the model's"
        )
    raise NotIdentified(
        f"the judge's order follows too closely from the trial's (the same in {int(alike.sum()):,} of "
        f"{len(alike):,} trials), or the verdicts are too few, to tell its position effect from the model's"
    )


def _within(shape: tuple[int, ...]) -> sp.csr_array:
    """(T, T·K) sums over the options of each trial."""
    n_trials, k = shape
    columns = np.arange(n_trials * k)
    return sp.csr_array((np.ones(len(columns)), (columns // k, columns)))


def _dense(matrix: Any) -> Floats:
    return np.asarray(matrix.toarray(), dtype=np.float64)
