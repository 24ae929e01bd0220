"""Choices that are not known for sure: the marginal likelihood of what a judge saw in each trial.

Let L_k be how probable what was seen of a trial is where option k was chosen, known but for a factor of the
trial's own. Of the scores a trial then tells

    log Σ_k p_k(θ) L_k,

with p the choice model's probabilities: the choice is summed over, as any latent variable is. A judge that
tells calibrated probabilities q_k of the options, under equal ones before it read, tells L_k ∝ q_k; so do
several judges, with L_k the product of what each says where k was chosen. Where L is 1 for one option and 0
for the others, this is the choice model's likelihood.

It is not the expected log-likelihood Σ_k q_k log p_k: there a judge's doubt counts as if some of the choices
had been the other, and scores are drawn together the more it doubts.

Where L has a likelihood of none, L_0, none of the options was chosen with probability ν, the same in all
trials: log (Σ_k (1 − ν) p_k L_k + ν L_0). ν has a prior worth half a trial of either kind (Jeffreys'), and
its best value given the rest is found inside, as with `mien.stats.choice.davidson`. The rest sees a trial
whose options have likelihoods (1 − ν) L_k + ν L_0. With c_k ∝ p_k ((1 − ν) L_k + ν L_0), Σ c = 1, gradient
and negative Hessian of a trial are c − p, and the covariance of the choice under p less that under c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy
import scipy.sparse as sp

from mien.stats.choice.trials import Trials

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from mien.types import Floats


def uncertain(
    options: ArrayLike,
    likelihoods: ArrayLike,
    n_items: int,
    *,
    clusters: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> Trials:
    """Lay out trials whose choices are known by their likelihoods alone; `mien.stats.choice.fit` takes them.

    Trials in which surely none was chosen are left out where all others are sure that one was: of the scores
    they tell nothing.

    Args:
        options: (T, K) items shown, 0 … n_items−1, in the order shown; K ≥ 2.
        likelihoods: (T, K) L: how probable what was seen of the trial is where the option in this position
            was chosen. Or (T, K + 1), the last where none was. A row counts up to a factor; its entries are
            ≥ 0 and finite, and not all 0.
        n_items: n.
        clusters: (T,) labels of the units of resampling; None makes every trial its own.
        weights: (T,) multiplicity of each trial; None means 1.
        names: (n,) names of the items, for error messages.

    Raises:
        ValueError: shapes or values out of range.
    """
    shown, seen = np.asarray(options), np.asarray(likelihoods, dtype=np.float64)
    n_trials, n_options = shown.shape
    if seen.shape not in ((n_trials, n_options), (n_trials, n_options + 1)):
        raise ValueError("likelihoods must be (T, K), or (T, K + 1) with that of no choice last")
    if not np.isfinite(seen).all() or seen.min(initial=0) < 0 or not seen.any(axis=1).all():
        raise ValueError("likelihoods must be finite and ≥ 0, and not all 0 in one trial")
    seen = seen / seen.max(axis=1, keepdims=True)
    kept = np.ones(n_trials, dtype=np.bool_)
    if seen.shape[1] > n_options:
        none = ~seen[:, :n_options].any(axis=1)
        if not seen[~none, n_options].any():
            kept, seen = ~none, seen[:, :n_options]
    trials = Trials.of(
        shown[kept],
        seen[kept, :n_options].argmax(axis=1),
        n_items,
        clusters=None if clusters is None else np.asarray(clusters)[kept],
        weights=None if weights is None else np.asarray(weights)[kept],
        names=names,
    )
    return trials._replace(likelihoods=np.ascontiguousarray(seen[kept].T))


class Marginal(NamedTuple):
    """The likelihood of trials whose choices are known by their likelihoods alone.

    Probabilities are (K, T), of the options; or (K + 1, T), of the options and of none.

    Attributes:
        trials: with ``likelihoods``.
    """

    trials: Trials

    @property
    def n_items(self) -> int:
        return self.trials.n_items

    @property
    def n_inside(self) -> int:
        """Parameters that are maximised over inside: 1 where there may be no choice."""
        return len(self._seen) - len(self.trials.options)

    @property
    def _seen(self) -> Floats:
        assert self.trials.likelihoods is not None
        return self.trials.likelihoods

    def log_likelihood(self, params: Floats) -> tuple[float, Floats]:
        """The log-likelihood, at the best ν with its prior, and the probability of each outcome."""
        trials = self.trials
        utilities = trials.utilities(params)
        utilities -= utilities.max(axis=0)
        probabilities = np.exp(utilities)
        probabilities /= probabilities.sum(axis=0)
        if not self.n_inside:
            return float(trials.weights @ np.log((probabilities * self._seen).sum(axis=0))), probabilities
        of_options = (probabilities * self._seen[:-1]).sum(axis=0)
        nu = self._best(of_options)
        both = (1 - nu) * of_options + nu * self._seen[-1]
        value = trials.weights @ np.log(both) + (np.log(nu) + np.log1p(-nu)) / 2
        return float(value), np.vstack([(1 - nu) * probabilities, np.full(trials.n_trials, nu)])

    def _best(self, of_options: Floats) -> float:
        """ν at which the likelihood with its prior is greatest, given (T,) likelihoods of some choice."""
        of_none, weights = self._seen[-1], self.trials.weights
        more = of_none - of_options

        def slope(nu: float) -> float:
            """It falls from infinity to minus infinity: the logarithm is that of something linear in ν."""
            of_trials = weights @ (more / (of_options + nu * more))
            return float(of_trials) + (1 / nu - 1 / (1 - nu)) / 2

        # The prior alone keeps the slope's sign at these ends.
        edge = 0.4 / (float(weights.sum()) + 1)
        return float(scipy.optimize.brentq(slope, edge * 1e-3, 1 - edge * 1e-3, xtol=1e-15))

    def neither(self, probabilities: Floats) -> float | None:
        """ν; None where an option was chosen in all trials."""
        return float(probabilities[-1, 0]) if self.n_inside else None

    def n_chosen(self, probabilities: Floats) -> int:
        """How many trials have a choice, as far as is known of them all."""
        if not self.n_inside:
            return self.trials.n_counted
        return round(float((self.trials.weights > 0) @ (1 - self._of_none(probabilities))))

    def _of_none(self, probabilities: Floats) -> Floats:
        """(T,) the posterior probability that none was chosen."""
        joint = probabilities * self._seen
        return joint[-1] / joint.sum(axis=0)

    def _before_and_after(self, probabilities: Floats) -> tuple[Floats, Floats]:
        """(K, T) p and c: how probable each option was before the trial was seen, and is after."""
        if not self.n_inside:
            joint = probabilities * self._seen
            return probabilities, joint / joint.sum(axis=0)
        nu = probabilities[-1, 0]
        p = probabilities[:-1] / (1 - nu)
        joint = p * ((1 - nu) * self._seen[:-1] + nu * self._seen[-1])
        return p, joint / joint.sum(axis=0)

    def residuals(self, probabilities: Floats) -> Floats:
        """(K, T) weighted difference of what each option's probability is after and before."""
        p, c = self._before_and_after(probabilities)
        return (c - p) * self.trials.weights

    def gradient(self, probabilities: Floats) -> Floats:
        """(p,) of the log-likelihood."""
        return self.trials.total(self.residuals(probabilities))

    def information(self, probabilities: Floats) -> Floats:
        """(p, p) negative Hessian: what the choices would tell less what is not known of them.

        It is the observed one, as nobody knows what else might have been seen; less what is lost to ν. Far
        from the best parameters it need not be positive.
        """
        weights = self.trials.weights
        p, c = self._before_and_after(probabilities)
        own = self.trials.contrasts(lambda k, m: weights * (p[k] * p[m] - c[k] * c[m]))
        if not self.n_inside:
            return own
        shared, alone = self._with_nu(probabilities)
        return own - np.outer(shared, shared) / alone

    def bound(self, probabilities: Floats) -> Floats:
        """(p, p) what the choices would tell, were they known: positive, and no less than `information`.

        With it a step is one of EM with Newton's method inside (Lange 1995, J. R. Statist. Soc. B 57,
        425–437).
        """
        weights = self.trials.weights
        p, _ = self._before_and_after(probabilities)
        return self.trials.contrasts(lambda k, m: weights * p[k] * p[m])

    def _with_nu(self, probabilities: Floats) -> tuple[Floats, float]:
        """(p,) the information that (θ, β) share with the log odds of none, and that of these."""
        nu, none = float(probabilities[-1, 0]), self._of_none(probabilities)
        shared = self.trials.total(none * self.residuals(probabilities))
        alone = self.trials.weights @ (nu * (1 - nu) - none * (1 - none))
        return shared, float(alone) + nu * (1 - nu)

    def whole(self, bread: Floats, probabilities: Floats) -> Floats:
        """The bread of all parameters, given that of (θ, β)."""
        if not self.n_inside:
            return bread
        shared, alone = self._with_nu(probabilities)
        beside = -bread @ shared / alone
        corner = (1 - shared @ beside) / alone
        return np.block([[bread, beside[:, None]], [beside[None], np.array([[corner]])]])

    def skewness(self, probabilities: Floats, bread: Floats) -> Floats:
        """(p,) what of the first-order bias is not the penalty's, times −2; ν is taken as known.

        By Cox and Snell, Σ_t of the third derivatives of the log-likelihood, κ₃(c) − κ₃(p) of the choice, and
        of twice its second ones times the first, (Cov_c − Cov_p) B (x̄_c − x̄_p), both as they were observed.
        The part with Cov_p is left out: it is 0 on average, since c is p on average.
        """
        trials = self.trials
        p, c = self._before_and_after(probabilities)
        positions = range(len(p))
        along = np.array(
            [sum((c[m] - p[m]) * trials.product(bread, k, m) for m in positions) for k in positions]
        )
        mixed = c * (along - (c * along).sum(axis=0))
        return trials.total(trials.weights * (trials.thirds(p, bread) - trials.thirds(c, bread) - 2 * mixed))

    def gradients_by_cluster(self, probabilities: Floats) -> tuple[NDArray[Any], sp.csr_array]:
        """Labels (C,), and sparse gradients of all parameters summed within each cluster."""
        labels, gradients = self.trials.by_cluster(self.residuals(probabilities))
        if not self.n_inside:
            return labels, gradients
        excess = (self._of_none(probabilities) - probabilities[-1]) * self.trials.weights
        of_nu = self.trials.within_clusters(excess)
        return labels, sp.csr_array(sp.hstack([gradients, sp.csr_array(of_nu[:, None])], format="csr"))

    def dispersion(self, probabilities: Floats) -> tuple[float, Floats]:
        """1: no trial is tied."""
        return 1.0, np.ones(self.n_items)
