"""Several judges' probabilities read as one's: a weighted sum of what they are worth in log odds.

Where judge j gives option k the log-probability ℓ_jk, and 1/a_j is its temperature
(`mien.stats.choice.calibration`), the pool's is

    ℓ_k = Σ_j w_j a_j ℓ_jk,  w ≥ 0,

with the weights by which trials whose right reading is known are likeliest, each judge's biases taken off (a
logarithmic opinion pool, Genest and Zidek 1986, Statistical Science 1, 114–135; here a conditional logit).
Judges who err by themselves have weights near 1, and their log odds add up; two who make the same errors
share the weight of one, so that a pool of alike judges is no surer than it is right. What comes of it is
calibrated once more, as one judge's: that takes off what the judges' biases add up to, and knows how well it
is known. The noise of the weights is left out of the covariance; they are few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy
import scipy.special

from mien.stats.choice.calibration import FARTHEST, Calibration, calibrate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from mien.types import Floats


class Pool(NamedTuple):
    """How the log-probabilities of J judges become one's.

    Attributes:
        judges: each judge's own calibration.
        weights: (J,) w.
        whole: the calibration of the weighted sum.
    """

    judges: tuple[Calibration, ...]
    weights: Floats
    whole: Calibration

    def logs(self, logs: Sequence[ArrayLike]) -> Floats:
        """(T, K) the pool's log-probabilities, up to a constant of each trial.

        Args:
            logs: of each judge (T, K) log-probabilities; a row of NaN where it told none, which then says
                nothing of the trial.
        """
        return np.tensordot(self.weights, _scaled(self.judges, logs), axes=1)


def pool(
    options: ArrayLike, logs: Sequence[ArrayLike], clusters: ArrayLike, n_items: int, *, run: str = ""
) -> Pool:
    """Learn of J judges from trials whose first option is the right one.

    Args:
        options: (T, K) items, 0 … n_items−1; the first is the one told.
        logs: of each judge (T, K) log-probabilities; NaN where it told none.
        clusters: (T,) labels of the prompts.
        n_items: n.
        run: name of the run.

    Raises:
        UsageError: as `mien.stats.choice.calibration.calibrate`, of one of the judges or of the pool.
    """
    shown, labels = np.asarray(options, dtype=np.int64), np.asarray(clusters)
    judges: list[Calibration] = []
    for one in map(np.asarray, logs):
        told = ~np.isnan(one).any(axis=1)
        judges.append(calibrate(shown[told], one[told], labels[told], n_items, run=run))
    scaled = _scaled(judges, logs)
    bias = np.array([judge.bias[shown] for judge in judges])
    unbiased = scaled + np.where((scaled != 0).any(axis=2, keepdims=True), bias, 0.0)
    some = (scaled != 0).any(axis=(0, 2))
    weights = _weights(unbiased[:, some])
    pooled = np.tensordot(weights, scaled[:, some], axes=1)
    return Pool(tuple(judges), weights, calibrate(shown[some], pooled, labels[some], n_items, run=run))


def _scaled(judges: Sequence[Calibration], logs: Sequence[ArrayLike]) -> Floats:
    """(J, T, K) log-probabilities at each judge's temperature, with mean 0 over options; 0 where none."""
    given = np.array([np.asarray(one, dtype=np.float64) for one in logs])
    given = np.maximum(given - given.max(axis=2, keepdims=True), -FARTHEST)
    slopes = np.array([judge.slope for judge in judges])
    return np.nan_to_num(slopes[:, None, None] * (given - given.mean(axis=2, keepdims=True)))


def _weights(evidence: Floats) -> Floats:
    """(J,) the weights under which the first options are likeliest."""

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = np.tensordot(weights, evidence, axes=1)
        q = scipy.special.softmax(odds, axis=1)
        left = (evidence * q).sum(axis=2) - evidence[:, :, 0]
        value = float((scipy.special.logsumexp(odds, axis=1) - odds[:, 0]).sum())
        return value, left.sum(axis=1)

    n_judges = len(evidence)
    found = scipy.optimize.minimize(
        loss, np.full(n_judges, 1 / n_judges), jac=True, method="L-BFGS-B", bounds=[(0, None)] * n_judges
    )
    return np.asarray(found.x, dtype=np.float64)
