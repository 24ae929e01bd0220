"""Scores in each of several contexts, each leaning on the others: a normal hierarchy above the choice model.

In context c the scores are θ_c = μ + δ_c with δ_c ~ N(0, τ²) on contrasts; the choice model holds within the
context. Given τ, the contexts' log-likelihoods are taken as the quadratics that touch them at the estimate
(penalised quasi-likelihood: Breslow and Clayton 1993, J. American Statistical Association 88, 9–25). What is
left is the normal model of parametric empirical Bayes (Morris 1983, same journal 78, 47–55).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import scipy.linalg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mien.likelihood import Trials

    Floats = NDArray[np.float64]

TOLERANCE: Final = 1e-3  # log odds by which scores may still move
MAX_STEPS: Final = 50


class Pooled(NamedTuple):
    """Scores of n items in each of M contexts.

    Attributes:
        scores: (M, n) posterior means, log odds.
        stderr: (M, n) posterior standard deviations.
        draws: (R, M, n) from the posterior.
    """

    scores: Floats
    stderr: Floats
    draws: Floats


class Quadratics(NamedTuple):
    """M log-likelihoods b_cᵀx − ½ xᵀA_c x of contrasts x, scores less a centre; and the ridge on their mean.

    The n − 1 contrasts are the scores in an orthonormal basis of what sums to 0. A_c = V_c Λ_c V_cᵀ.
    """

    values: Floats  # (M, n−1) Λ
    vectors: Floats  # (n−1, M, n−1) V: contrasts, contexts, eigenvectors
    linear: Floats  # (M, n−1) b in the basis of the eigenvectors
    centre: Floats  # (n−1,) of the scores
    ridge: float

    def weight(self, tau: float) -> Floats:
        """(M, n−1) of the mean in each direction: eigenvalues of G_c = (E + τ²A_c)⁻¹."""
        return 1 / (1 + tau**2 * self.values)

    def mean(self, tau: float) -> tuple[Floats, Floats]:
        """Of the contexts' mean: (n−1,) posterior mean, and root of the posterior covariance Q⁻¹.

        Q = Σ A_c G_c + ridge · E, and the mean is Q⁻¹ (Σ G_c b_c − ridge · centre).
        """
        g, n = self.weight(tau), len(self.centre)
        flat = self.vectors.reshape(n, -1)
        precision = (flat * (self.values * g).ravel()) @ flat.T + self.ridge * np.eye(n)
        root = np.linalg.inv(np.linalg.cholesky(precision)).T
        return root @ (root.T @ (flat @ (g * self.linear).ravel() - self.ridge * self.centre)), root

    def given(self, tau: float, means: Floats, noise: Floats | float = 0.0) -> Floats:
        """(R, M, n−1) contexts where their mean is (R, n−1): G_c (mean + τ² b_c) and τ √G_c · noise."""
        g = self.weight(tau)
        turned = np.einsum("imk,ri->rmk", self.vectors, means)
        moved = g * (turned + tau**2 * self.linear) + tau * np.sqrt(g) * noise
        return np.einsum("imk,rmk->rmi", self.vectors, moved)

    def variances(self, tau: float, root: Floats, basis: Floats) -> Floats:
        """(M, n) variances of the scores, of τ²G_c + G_c Q⁻¹ G_c."""
        found = np.empty((len(self.values), len(basis)))
        for c, g in enumerate(self.weight(tau)):
            turned = basis @ self.vectors[:, c]
            spread = (turned * g) @ (self.vectors[:, c].T @ root)
            found[c] = tau**2 * (turned**2 @ g) + np.sum(spread**2, axis=1)
        return found


def pooling(
    contexts: Sequence[Trials],
    centre: Floats,
    positions: Floats,
    taus: Floats,
    weights: Floats,
    *,
    alpha: float,
    dispersion: float = 1.0,
    n_draws: int = 1000,
    seed: int = 0,
) -> Pooled:
    """Estimate the scores in each context, averaged over what is known of τ.

    Args:
        contexts: the trials of each context, all of the same n items and K positions.
        centre: (n,) scores over all contexts, from which Newton's method starts.
        positions: (K,) position effects, held fixed.
        taus: (G,) values of the standard deviation of a score between contexts, log odds.
        weights: (G,) of each, with sum 1.
        alpha: ridge strength on the contexts' mean.
        dispersion: factor ≥ 1 by which variances exceed those of independent trials, as by ties within
            prompts; log-likelihoods are divided by it (quasi-likelihood: Wedderburn 1974, Biometrika 61,
            439–447).
        n_draws: R.
        seed: of the draws.
    """
    basis = np.asarray(scipy.linalg.helmert(len(centre)).T, dtype=np.float64)
    model = _settled(contexts, centre, positions, basis, float(taus @ weights), alpha, dispersion)
    rng = np.random.default_rng(seed)
    first = np.zeros((len(contexts), len(centre)))
    second = np.zeros_like(first)
    draws: list[Floats] = []
    for tau, weight, count in zip(
        taus.tolist(), weights.tolist(), rng.multinomial(n_draws, weights).tolist(), strict=True
    ):
        mean, root = model.mean(tau)
        scores = centre + model.given(tau, mean[None])[0] @ basis.T
        first += weight * scores
        second += weight * (scores**2 + model.variances(tau, root, basis))
        means = mean + rng.normal(size=(count, len(mean))) @ root.T
        noise = rng.normal(size=(count, *model.values.shape))
        draws.append(centre + model.given(tau, means, noise) @ basis.T)
    return Pooled(first, np.sqrt(np.maximum(second - first**2, 0)), np.concatenate(draws))


def _settled(
    contexts: Sequence[Trials],
    centre: Floats,
    positions: Floats,
    basis: Floats,
    tau: float,
    alpha: float,
    dispersion: float,
) -> Quadratics:
    """The quadratics that touch the log-likelihoods where their own posterior mean at τ is."""
    at = np.tile(centre, (len(contexts), 1))
    model = _touching(contexts, at, centre, positions, basis, alpha, dispersion)
    for _ in range(MAX_STEPS):
        mean, _ = model.mean(tau)
        moved = centre + model.given(tau, mean[None])[0] @ basis.T
        step, at = float(np.abs(moved - at).max()), moved
        model = _touching(contexts, at, centre, positions, basis, alpha, dispersion)
        if step < TOLERANCE:
            break
    return model


def _touching(
    contexts: Sequence[Trials],
    at: Floats,
    centre: Floats,
    positions: Floats,
    basis: Floats,
    alpha: float,
    dispersion: float,
) -> Quadratics:
    """The quadratics that touch the contexts' log-likelihoods at (M, n) scores."""
    n = len(centre)
    values: list[Floats] = []
    vectors: list[Floats] = []
    linear: list[Floats] = []
    for trials, scores in zip(contexts, at, strict=True):
        _, probabilities = trials.log_likelihood(np.concatenate([scores, positions]))
        information = trials.information(probabilities)[:n, :n] / dispersion
        gradient = trials.gradient(probabilities)[:n] / dispersion
        lengths, turned = np.linalg.eigh(basis.T @ information @ basis)
        values.append(np.maximum(lengths, 0))
        vectors.append(turned)
        linear.append(turned.T @ (basis.T @ (gradient + information @ (scores - centre))))
    ridge = alpha / dispersion + 1e-9  # regular without a ridge, too
    return Quadratics(np.array(values), np.stack(vectors, axis=1), np.array(linear), basis.T @ centre, ridge)
