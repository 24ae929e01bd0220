"""Scores behind a judge that errs: its misreadings, from trials whose right reading is known, taken out.

Where the model takes option a of a pair with probability p, and the judge reads a response in a as b with
probability e_ab, the judge says a with probability

    m = e_ba + (1 − e_ab − e_ba) p:

a binary regression whose response is misclassified (Hausman, Abrevaya and Scott-Morton 1998, Journal of
Econometrics 87, 239–269), with rates from a validation sample. Without the correction, scores are drawn
together, the more the less is left of 1 − e_ab − e_ba; and where the errors favour some traits, these seem
preferred.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from mien.errors import UsageError
from mien.stats.choice.plackett_luce import DEFAULT_ALPHA, fit

if TYPE_CHECKING:
    from mien.stats.choice.legibility import Misreading
    from mien.stats.choice.plackett_luce import ChoiceFit
    from mien.stats.choice.trials import Trials
    from mien.types import Floats


def corrected_fit(trials: Trials, judge: Misreading, *, alpha: float = DEFAULT_ALPHA) -> ChoiceFit:
    """The choice model's fit to what was read, misreadings in the likelihood.

    The covariance is that of `mien.stats.choice.fit`, plus what the estimate owes to that of what is known
    of the judge, ω: D Var(ω) Dᵀ with D = B E[∂g/∂ω], g the gradient and B the bread (Murphy and Topel 1985,
    Journal of Business & Economic Statistics 3, 370–379; ω comes from other trials, so that there is no cross
    term).

    Args:
        trials: what was shown and read, two options each.
        judge: its misreadings, of the same items.
        alpha: ridge strength.

    Raises:
        UsageError: there are more than two options a trial, or the judge reads no pair better than chance.
        NotIdentified: as `mien.stats.choice.fit` does.
    """
    trials = read_by(trials, judge)
    fitted = fit(trials, alpha=alpha)
    _, probabilities = trials.log_likelihood(np.concatenate([fitted.scores, fitted.positions]))
    slope = fitted.bread @ gradient_by_judge(trials, probabilities)
    added = slope @ judge.covariance @ slope.T
    noise = fitted.noise + np.diag(added)[: trials.n_items]
    return replace(fitted, covariance=fitted.covariance + added, noise=noise)


def read_by(trials: Trials, judge: Misreading) -> Trials:
    """The same trials, with the judge's errors in their likelihood.

    Raises:
        UsageError: as `corrected_fit`.
    """
    if len(trials.options) != 2:
        raise UsageError(f"a judge can be corrected for 2 options a trial; here are {len(trials.options)}")
    if judge.illegible(trials.options).all():
        raise UsageError(
            f"the judge reads traits no better than chance in run {judge.run!r} ({judge.accuracy:.0%} of "
            f"{judge.n:,} right), so that its verdicts cannot be corrected; use a better judge"
        )
    return trials.misread_by(judge.errors(trials.options))


def gradient_by_judge(trials: Trials, probabilities: Floats) -> Floats:
    """(p, 2n) E[∂g/∂ω], ω what is known of the judge: (told, pull) of `mien.stats.choice.legibility`.

    Of one trial z · s p_a p_b/(m_a m_b) · (p_a at e_ab, −p_b at e_ba), z = x_a − x_b, and by the chain rule
    e(1 − e) times −1 at what was taken, 1 at its foil.
    """
    assert trials.misread is not None
    n, kept = trials.n_items, 1 - trials.misread.sum(axis=0)
    scale = trials.weights * kept * probabilities.prod(axis=0) / trials.read(probabilities).prod(axis=0)
    sign = np.array([[1.0], [-1.0]])
    by_odds = sign * probabilities * scale * trials.misread * (1 - trials.misread)
    rows, ones = np.tile(np.arange(trials.n_trials), 2), np.ones(trials.n_trials)
    items, places = trials.options.ravel(), np.repeat([0, 1], trials.n_trials) + n
    contrasts = sp.csr_array(
        (np.tile((sign * ones).ravel(), 2), (np.tile(rows, 2), np.concatenate([items, places]))),
        shape=(trials.n_trials, trials.n_parameters),
    )
    columns = np.concatenate([items, n + trials.options[::-1].ravel()])
    by_judge = sp.csr_array(
        (np.concatenate([-by_odds.ravel(), by_odds.ravel()]), (np.tile(rows, 2), columns)),
        shape=(trials.n_trials, 2 * n),
    )
    return np.asarray((contrasts.T @ by_judge).toarray(), dtype=np.float64)
