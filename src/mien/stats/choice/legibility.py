"""How a judge errs between two options, from trials in which the right reading is known.

Of a response in trait a, beside a foil b, a judge names a with probability 1 − e_ab,

    logit(1 − e_ab) = μ + λ_a + c_a − c_b,     λ ~ N(0, σ_λ²),  c ~ N(0, σ_c²):

its leaning c towards each trait, right or wrong, and the legibility λ of each. It is the choice model of a
run in which the first option is always the one to be read, with two scores to a trait in place of one: as
told, and as a foil. A judge without leanings errs by the trait told alone; one for whom all traits are
equally legible errs by its leanings alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import scipy.special

from mien.errors import NotIdentified, UsageError
from mien.stats.choice.foil_effects import FoilEffects, foil_effects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from mien.types import Floats, Ints

MOST_ERRORS: Final = 0.95  # together, of the two options of a trial: beyond it a verdict tells nothing
SPREADS: Final = (0.05, 0.3, 0.55, 0.8, 1.05, 1.4, 1.8, 2.3)  # σ, log odds, that are averaged over
#: By how much σ_c is taken to be larger than it seems. A leaning that is overlooked makes favourites of the
#: judge's into favourites of the model's, and few favourites make a small σ_c, which draws them in most.
CAUTION: Final = 1.5
_NEGLIGIBLE: Final = 7.0  # log evidence below the best
_SLIGHT: Final = 0.01  # weight of a pair of spreads that is left out of the average
_TOLERANCE: Final = 1e-6  # of the Newton decrement
_MOST_STEPS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Misreading:
    """How probably a judge reads the other of two options, by what was told and what stood beside it.

    Attributes:
        run: name of the run that it was estimated on.
        told: (n,) μ + λ + c, log odds that a trait is read where it was told, beside a foil of no pull.
        pull: (n,) c, by how much a trait lowers these as a foil.
        covariance: (2n, 2n) of (``told``, ``pull``).
        accuracy: share of all trials that were read right.
        n: trials counted.
        foils: whether errors depend on the pair beyond what this tells; None where that was not tested.
    """

    run: str
    told: Floats
    pull: Floats
    covariance: Floats
    accuracy: float
    n: int
    foils: FoilEffects | None = None

    @classmethod
    def known(cls, errors: ArrayLike, *, run: str = "") -> Misreading:
        """A judge that errs at (n,) known rates, whatever the foil."""
        rate = np.asarray(errors, dtype=np.float64)
        n = len(rate)
        return cls(
            run=run,
            told=-np.asarray(scipy.special.logit(rate), dtype=np.float64),
            pull=np.zeros(n),
            covariance=np.zeros((2 * n, 2 * n)),
            accuracy=float(1 - rate.mean()),
            n=0,
        )

    def errors(self, options: Ints) -> Floats:
        """(2, T) how probably each of (2, T) options is read as the other, where it is the one taken.

        Bounded: where both together come to more than `MOST_ERRORS`, they are drawn down to it in proportion.
        A judge cannot tell such a pair at all, and its verdicts on it are left next to no weight.
        """
        raw = self._unbounded(options)
        together = raw.sum(axis=0)
        return raw * np.minimum(1, MOST_ERRORS / np.maximum(together, MOST_ERRORS))

    def illegible(self, options: Ints) -> NDArray[np.bool_]:
        """(T,) where the errors of (2, T) options had to be bounded."""
        return np.asarray(self._unbounded(options).sum(axis=0) > MOST_ERRORS)

    def illegible_pairs(self) -> Ints:
        """(P, 2) pairs of items whose errors have to be bounded, the worst first."""
        pairs: Ints = np.array(np.triu_indices(len(self.told), 1), dtype=np.int64)
        together = self._unbounded(pairs).sum(axis=0)
        worst = np.argsort(-together, kind="stable")[: int(np.count_nonzero(together > MOST_ERRORS))]
        return pairs.T[worst].astype(np.int64)

    def _unbounded(self, options: Ints) -> Floats:
        return np.asarray(scipy.special.expit(self.pull[options[::-1]] - self.told[options]))


class ToldTrials(NamedTuple):
    """Trials in which an option was read: (T,) what was told, the foil, and whether it was read right.

    Parameters are one vector of p = 2n + 1: λ, c, μ.
    """

    items: Ints
    foils: Ints
    right: Floats
    n_items: int

    def odds(self, params: Floats) -> Floats:
        """(T,) log odds that the trait told is read."""
        n = self.n_items
        legibility, pull = params[:n], params[n : 2 * n]
        return legibility[self.items] + pull[self.items] - pull[self.foils] + params[-1]

    def gradient(self, residuals: Floats) -> Floats:
        """(p,) of the log-likelihood."""
        told = np.bincount(self.items, residuals, self.n_items)
        foil = np.bincount(self.foils, residuals, self.n_items)
        return np.concatenate([told, told - foil, [residuals.sum()]])

    def information(self, weights: Floats) -> Floats:
        """(p, p) negative Hessian of the log-likelihood, trials weighted p (1 − p)."""
        n = self.n_items
        pairs = np.bincount(self.items * n + self.foils, weights, n * n)
        met = np.asarray(pairs, dtype=np.float64).reshape(n, n)
        told, foil = met.sum(axis=1), met.sum(axis=0)
        mixed = np.diag(told) - met
        both = np.diag(told + foil) - met - met.T
        ends = np.concatenate([told, told - foil])
        items = np.block([[np.diag(told), mixed], [mixed.T, both]])
        whole = np.block([[items, ends[:, None]], [ends, np.array([[told.sum()]])]])
        return np.asarray(whole, dtype=np.float64)


class Posterior(NamedTuple):
    """Under given spreads: log evidence but for a constant, mode, and negative Hessian there."""

    evidence: float
    mode: Floats
    hessian: Floats
    precision: Floats  # (p,) of the priors


def misreading(options: ArrayLike, read: ArrayLike, n_items: int, *, run: str = "") -> Misreading:
    """Estimate how a judge errs, each trait drawn towards all: it has too few trials to speak for itself.

    λ and c are posterior modes under normal priors, with their normal posterior (Laplace). The spreads σ_λ
    and σ_c are averaged over, by the Laplace approximation of their likelihood, the prior uniform on
    `SPREADS`: at their best values alone, traits that differ would often pass for all the same, and intervals
    be too narrow. σ_c is then taken `CAUTION` times as large. Trials count as independent. Where no trial was
    misread all errors are 0, without error.

    Args:
        options: (T, 2) items shown; the first is the one told.
        read: (T,) position of the option read, 0 or 1; trials with any other verdict are left out.
        n_items: n.
        run: name of the run.

    Raises:
        UsageError: there are not two options a trial, or no trial in which one of them was read.
    """
    shown, verdict = np.asarray(options, dtype=np.int64), np.asarray(read, dtype=np.int64)
    if shown.shape[1:] != (2,):
        raise UsageError(f"a judge can be corrected for 2 options a trial; run {run!r} has {shown.shape[-1]}")
    named = verdict >= 0
    total = int(np.count_nonzero(named))
    if not total:
        raise UsageError(f"in run {run!r} the judge named no option, so that its errors are not known")
    told = ToldTrials(shown[named, 0], shown[named, 1], (verdict[named] == 0).astype(np.float64), n_items)
    accuracy = float(told.right.mean())
    if accuracy in (0.0, 1.0):
        return replace(Misreading.known(np.full(n_items, 1 - accuracy), run=run), n=total)
    posteriors = _posteriors(told)
    estimate, covariance = _averaged(told, posteriors)
    # From (λ, c, μ) to (μ + λ + c, c).
    each, none = np.eye(n_items), np.zeros((n_items, n_items))
    change = np.block([[each, each, np.ones((n_items, 1))], [none, each, np.zeros((n_items, 1))]])
    both = change @ estimate
    return Misreading(
        run=run,
        told=both[:n_items],
        pull=both[n_items:],
        covariance=change @ covariance @ change.T,
        accuracy=accuracy,
        n=total,
        foils=foil_effects(told, max(posteriors.values(), key=lambda given: given.evidence)),
    )


def _averaged(told: ToldTrials, found: Mapping[tuple[int, int], Posterior]) -> tuple[Floats, Floats]:
    """(p,) estimate of (λ, c, μ) and its covariance, averaged over the spreads, c drawn in with `CAUTION`."""
    evidence = np.array([given.evidence for given in found.values()])
    weights: Floats = scipy.special.softmax(evidence)
    kept = [
        (weight, posterior(told, _precision(told, SPREADS[i], CAUTION * SPREADS[j]), given.mode))
        for ((i, j), given), weight in zip(found.items(), weights.tolist(), strict=True)
        if weight > _SLIGHT
    ]
    weights = np.array([weight for weight, _ in kept])
    weights /= weights.sum()
    modes = np.array([given.mode for _, given in kept])
    mean = weights @ modes
    within = sum(w * np.linalg.inv(given.hessian) for w, (_, given) in zip(weights, kept, strict=True))
    return mean, within + (modes - mean).T @ (weights[:, None] * (modes - mean))


def _precision(told: ToldTrials, legibility: float, leaning: float) -> Floats:
    """(p,) of the priors under given spreads."""
    return np.repeat([legibility**-2.0, leaning**-2.0, 0.0], [told.n_items, told.n_items, 1])


def _posteriors(told: ToldTrials) -> dict[tuple[int, int], Posterior]:
    """By place in the grid of both spreads; walked from its lower end as far as the evidence bears."""
    found: dict[tuple[int, int], Posterior] = {}
    start = np.zeros(2 * told.n_items + 1)
    start[-1] = scipy.special.logit(told.right.mean())
    best, waiting = -np.inf, [(1, 1)]
    while waiting:
        i, j = waiting.pop(0)
        if (i, j) in found or not (0 <= i < len(SPREADS) and 0 <= j < len(SPREADS)):
            continue
        found[i, j] = given = posterior(told, _precision(told, SPREADS[i], SPREADS[j]), start)
        start, best = given.mode, max(best, given.evidence)
        if given.evidence > best - _NEGLIGIBLE:
            waiting += [(i + 1, j), (i, j + 1), (i - 1, j), (i, j - 1)]
    return found


def posterior(told: ToldTrials, precision: Floats, start: Floats) -> Posterior:
    """Newton's method on the log-likelihood less its penalty, halving steps that would descend."""

    def value(params: Floats) -> float:
        odds = told.odds(params)
        return float(told.right @ odds - np.logaddexp(0, odds).sum() - params @ (precision * params) / 2)

    params, reached = start, value(start)
    for _ in range(_MOST_STEPS):
        p: Floats = scipy.special.expit(told.odds(params))
        gradient = told.gradient(told.right - p) - precision * params
        hessian = told.information(p * (1 - p)) + np.diag(precision)
        step = np.linalg.solve(hessian, gradient)
        if float(gradient @ step) < _TOLERANCE:
            spread = np.log(precision[:-1]).sum() - np.linalg.slogdet(hessian)[1]
            return Posterior(reached + float(spread) / 2, params, hessian, precision)
        proposed = value(params + step)
        while proposed < reached:
            step = step / 2
            proposed = value(params + step)
        params, reached = params + step, proposed
    raise NotIdentified("the judge's errors cannot be estimated: Newton's method does not converge")
