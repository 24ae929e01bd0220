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

    from mien.stats.choice import ChoiceFit, Trials
    from mien.types import Floats


TOLERANCE: Final = 1e-3  # log odds by which scores may still move
SLACK: Final = 1e-6  # of log density, for rounding
LEAST_TAU: Final = 1e-3  # log odds
MAX_STEPS: Final = 50


class Law(NamedTuple):
    """How probable values of τ are: (G,) standard deviations, log odds, and (G,) weights with sum 1."""

    taus: Floats
    weights: Floats


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
        root = np.asarray(np.linalg.inv(np.linalg.cholesky(precision)).T, dtype=np.float64)
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


class Problem(NamedTuple):
    """What is to be estimated: see `pooling`. ``basis`` (n, n−1) is that of the contrasts."""

    contexts: Sequence[Trials]
    centre: Floats
    positions: Floats
    basis: Floats
    ridge: float
    dispersion: float

    def density(self, at: Floats, mean: Floats, tau: float) -> float:
        """Log density of (M, n) scores and the (n−1,) contrasts of their mean less the centre."""
        total = -self.ridge / 2 * float(np.sum((self.basis.T @ self.centre + mean) ** 2))
        total -= float(np.sum(((at - self.centre) @ self.basis - mean) ** 2)) / (2 * max(tau, LEAST_TAU) ** 2)
        for trials, scores in zip(self.contexts, at, strict=True):
            total += trials.log_likelihood(np.concatenate([scores, self.positions]))[0] / self.dispersion
        return total


def pooling(
    contexts: Sequence[Trials], fit: ChoiceFit, law: Law, *, n_draws: int = 1000, seed: int = 0
) -> Pooled:
    """Estimate the scores in each context, averaged over what is known of τ.

    Args:
        contexts: the trials of each context, all of the same n items and K positions.
        fit: of all of them together: Newton's method starts from its scores; its position effects are held
            fixed; its ridge lies on the contexts' mean. Log-likelihoods are divided by its inflation, by
            which variances exceed those of independent trials (quasi-likelihood: Wedderburn 1974, Biometrika
            61, 439–447).
        law: what is known of the standard deviation of a score between contexts.
        n_draws: R.
        seed: of the draws.
    """
    centre, basis = fit.scores, np.asarray(scipy.linalg.helmert(len(fit.scores)).T, dtype=np.float64)
    ridge = fit.alpha / fit.inflation + 1e-9  # regular without one, too
    problem = Problem(contexts, centre, fit.positions, basis, ridge, fit.inflation)
    model = _settled(problem, max(float(law.taus @ law.weights), LEAST_TAU))
    rng = np.random.default_rng(seed)
    first = np.zeros((len(contexts), len(centre)))
    second = np.zeros_like(first)
    draws: list[Floats] = []
    counts = rng.multinomial(n_draws, law.weights).tolist()
    for tau, weight, count in zip(law.taus.tolist(), law.weights.tolist(), counts, strict=True):
        mean, root = model.mean(tau)
        scores = centre + model.given(tau, mean[None])[0] @ basis.T
        first += weight * scores
        second += weight * (scores**2 + model.variances(tau, root, basis))
        means = mean + rng.normal(size=(count, len(mean))) @ root.T
        noise = rng.normal(size=(count, *model.values.shape))
        draws.append(centre + model.given(tau, means, noise) @ basis.T)
    return Pooled(first, np.sqrt(np.maximum(second - first**2, 0)), np.concatenate(draws))


def _touching(problem: Problem, at: Floats) -> Quadratics:
    """The quadratics that touch the contexts' log-likelihoods at (M, n) scores."""
    n, basis = len(problem.centre), problem.basis
    values: list[Floats] = []
    vectors: list[Floats] = []
    linear: list[Floats] = []
    for trials, scores in zip(problem.contexts, at, strict=True):
        _, probabilities = trials.log_likelihood(np.concatenate([scores, problem.positions]))
        information = trials.information(probabilities)[:n, :n] / problem.dispersion
        gradient = trials.gradient(probabilities)[:n] / problem.dispersion
        lengths, turned = np.linalg.eigh(basis.T @ information @ basis)
        values.append(np.maximum(lengths, 0))
        vectors.append(turned)
        linear.append(turned.T @ (basis.T @ (gradient + information @ (scores - problem.centre))))
    return Quadratics(
        np.array(values),
        np.stack(vectors, axis=1),
        np.array(linear),
        basis.T @ problem.centre,
        problem.ridge,
    )


def _settled(problem: Problem, tau: float) -> Quadratics:
    """The quadratics that touch the log-likelihoods where their own posterior mean at τ is.

    Newton's method on the joint density of the contexts and their mean, halving steps that would descend.
    """
    at = np.tile(problem.centre, (len(problem.contexts), 1))
    mean = np.zeros(len(problem.centre) - 1)
    value = problem.density(at, mean, tau)
    model = _touching(problem, at)
    for _ in range(MAX_STEPS):
        step = model.mean(tau)[0] - mean
        move = problem.centre + model.given(tau, (mean + step)[None])[0] @ problem.basis.T - at
        size = 1.0
        while (proposed := problem.density(at + size * move, mean + size * step, tau)) < value - SLACK:
            size /= 2
        at, mean, value = at + size * move, mean + size * step, proposed
        model = _touching(problem, at)
        if float(np.abs(move).max()) < TOLERANCE:
            break
    return model
