"""Scores behind a judge that errs: its misreadings, from trials whose right reading is known, taken out.

Where the model takes option a of a pair with probability p, and the judge misreads a response in trait t with
probability e_t, the judge says a with probability

    m = e_b + (1 − e_a − e_b) p:

a binary regression whose response is misclassified (Hausman, Abrevaya and Scott-Morton 1998, Journal of
Econometrics 87, 239–269), with rates from a validation sample. Without the correction, scores are drawn
together, the more the less is left of 1 − e_a − e_b.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy.sparse as sp
import scipy.special

from mien.errors import UsageError
from mien.stats.choice.confusions import STRENGTH_BOUNDS, log_likelihood
from mien.stats.choice.plackett_luce import DEFAULT_ALPHA, fit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mien.stats.choice.likelihood import Trials
    from mien.stats.choice.plackett_luce import ChoiceFit
    from mien.types import Floats, Ints


N_STRENGTHS: Final = 60  # of the prior, over which rates are averaged


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Misreading:
    """How probably a judge reads the other of two options, by what was told.

    Attributes:
        run: name of the run that it was estimated on.
        rate: (n,) e, drawn towards the mean of all traits.
        covariance: (n, n) of ``rate``.
        accuracy: share of all trials that were read right.
        n: trials counted.
    """

    run: str
    rate: Floats
    covariance: Floats
    accuracy: float
    n: int


def misreading(options: ArrayLike, read: ArrayLike, n_items: int, *, run: str = "") -> Misreading:
    """Estimate by trait how often the other option was read, pooled over traits.

    Rates are taken to be Beta(s·m, s·(1 − m)) as in `mien.stats.choice.confusions`, with m the mean over all
    trials. Given s, ``rate`` is the posterior mean, and ``covariance`` holds the variance of each posterior
    and what its mean owes to the estimate of m: (s/(n_t + s)) (s/(n_u + s)) Var(m), with Var(m) = m(1 − m) Σ
    n_t (1 + (n_t − 1)/(s + 1))/N². s is averaged over, by its beta-binomial likelihood and a uniform prior on
    s^(−½), to which the standard deviation of the rates is nearly proportional: at its best value alone,
    traits that differ would often pass for all the same, and intervals be too narrow. Trials count as
    independent. Where no trial was misread all rates are 0, without error.

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
    told, wrong = shown[named, 0], verdict[named] == 1
    n = np.bincount(told, minlength=n_items).astype(np.int64)
    confused = np.bincount(told[wrong], minlength=n_items).astype(np.int64)
    total = int(n.sum())
    if not total:
        raise UsageError(f"in run {run!r} the judge named no option, so that its errors are not known")
    mean = float(confused.sum()) / total
    if mean in (0.0, 1.0):
        rate, covariance = np.full(n_items, mean), np.zeros((n_items, n_items))
        return Misreading(run=run, rate=rate, covariance=covariance, accuracy=1 - mean, n=total)
    low, high = STRENGTH_BOUNDS
    strengths: Floats = np.exp(np.linspace(low, high, N_STRENGTHS, dtype=np.float64))
    likelihoods = np.array([log_likelihood(confused, n, mean, float(s)) for s in strengths], dtype=np.float64)
    weights: Floats = scipy.special.softmax(likelihoods - np.log(strengths) / 2)
    given = [_given(confused, n, mean, float(s)) for s in strengths]
    rates = np.array([rate for rate, _ in given])
    rate = weights @ rates
    within = np.tensordot(weights, np.array([covariance for _, covariance in given]), 1)
    covariance = within + (rates - rate).T @ (weights[:, None] * (rates - rate))
    return Misreading(run=run, rate=rate, covariance=covariance, accuracy=1 - mean, n=total)


def _given(confused: Ints, n: Ints, mean: float, strength: float) -> tuple[Floats, Floats]:
    """(n,) rates and their (n, n) covariance, given the strength of the prior."""
    trials = n + strength
    rate = (confused + strength * mean) / trials
    shared = mean * (1 - mean) * float(np.sum(n * (1 + (n - 1) / (strength + 1)))) / float(n.sum()) ** 2
    pull = strength / trials
    return rate, np.diag(rate * (1 - rate) / (trials + 1)) + shared * np.outer(pull, pull)


def corrected_fit(trials: Trials, judge: Misreading, *, alpha: float = DEFAULT_ALPHA) -> ChoiceFit:
    """The choice model's fit to what was read, misreadings in the likelihood.

    The covariance is that of `mien.stats.choice.fit`, plus what the estimate owes to that of e:
    D Var(e) Dᵀ with D = B E[∂g/∂e], g the gradient and B the bread (Murphy and Topel 1985, Journal of
    Business & Economic Statistics 3, 370–379; e comes from other trials, so that there is no cross term).

    Args:
        trials: what was shown and read, two options each.
        judge: its misreadings, of the same items.
        alpha: ridge strength.

    Raises:
        UsageError: there are more than two options a trial, or the judge reads some pair no better than
            chance: e_a + e_b ≥ 1.
        NotIdentified: as `mien.stats.choice.fit` does.
    """
    _require_readable(trials, judge)
    trials = trials.misread_by(judge.rate)
    fitted = fit(trials, alpha=alpha)
    _, probabilities = trials.log_likelihood(np.concatenate([fitted.scores, fitted.positions]))
    slope = fitted.bread @ gradient_by_rate(trials, probabilities)
    added = slope @ judge.covariance @ slope.T
    noise = fitted.noise + np.diag(added)[: trials.n_items]
    return replace(fitted, covariance=fitted.covariance + added, noise=noise)


def gradient_by_rate(trials: Trials, probabilities: Floats) -> Floats:
    """(p, n) E[∂g/∂e]: of one trial z · s p_a p_b/(m_a m_b) · (p_a at e_a, −p_b at e_b), z = x_a − x_b."""
    assert trials.misread is not None
    kept = 1 - trials.misread.sum(axis=0)
    scale = kept * probabilities.prod(axis=0) / trials.read(probabilities).prod(axis=0)
    signs = np.array([[1.0], [-1.0]])
    rows = np.tile(np.arange(trials.n_trials), 2)
    items, places = trials.options.ravel(), np.repeat([0, 1], trials.n_trials) + trials.n_items
    sign = np.repeat(signs.ravel(), trials.n_trials)
    contrasts = sp.csr_array(
        (np.tile(sign, 2), (np.tile(rows, 2), np.concatenate([items, places]))),
        shape=(trials.n_trials, trials.n_parameters),
    )
    by_rate = sp.csr_array(
        ((signs * probabilities * scale).ravel(), (rows, items)), shape=(trials.n_trials, trials.n_items)
    )
    return np.asarray((contrasts.T @ by_rate).toarray(), dtype=np.float64)


def _require_readable(trials: Trials, judge: Misreading) -> None:
    if len(trials.options) != 2:
        raise UsageError(f"a judge can be corrected for 2 options a trial; here are {len(trials.options)}")
    together = judge.rate[trials.options].sum(axis=0)
    worst = int(together.argmax())
    if together[worst] >= 1:
        pair = trials.options[:, worst]
        a, b = (trials.named(pair[[i]]) for i in (0, 1))
        raise UsageError(
            f"the judge reads {a} and {b} no better than chance in run {judge.run!r} (errors of "
            f"{judge.rate[pair[0]]:.0%} and {judge.rate[pair[1]]:.0%}), so that its verdicts "
            "on them cannot be corrected; use a better judge"
        )
