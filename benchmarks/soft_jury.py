"""Juries of judges who tell probabilities: how right the pool is, how sure, and what ratings gain.

A model of 36 traits (scores normal with standard deviation 1) answers 2,000 trials of two options. Its
answers, and those of a calibration run of 2,000 trials, are read by three judges. Each sees both options
through normal noise, some of which it shares with the others, so that it finds the right one likelier in its
share of trials; it is two and a half times as sure as it should be, and leans to options by log odds with
standard deviation 1. Beside the pool (`mien.stats.choice.pooling`) stands the best judge alone, calibrated.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np
from scipy.stats import norm

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.stats.choice.calibration import calibrate, calibrated
from mien.stats.choice.marginal import uncertain
from mien.stats.choice.pooling import pool
from mien.stats.distributions import t_half_width
from mien.stats.profiles.elo import ELO_SCALE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.choice import ChoiceFit
    from mien.types import Floats, Ints

N_TRAITS, TRIALS, N_PROMPTS = 36, 2_000, 200
ACCURACIES, SHARPNESS = (0.85, 0.80, 0.75), 2.5
#: Share of the judges' noise that they have in common.
SHARED = (0.0, 0.5, 0.9)


class Found(NamedTuple):
    """One run: shares read right, calibration error, weights, coverage, slope, RMSE in points."""

    best: float
    right: float
    off: float
    weight_1: float
    weight_2: float
    weight_3: float
    covered: float
    slope: float
    error: float
    error_best: float


def pairs(rng: np.random.Generator) -> Ints:
    rounds = -(-2 * TRIALS // N_TRAITS)
    return np.concatenate([rng.permutation(N_TRAITS).reshape(-1, 2) for _ in range(rounds)])[:TRIALS]


def readings(
    taken: Ints, options: Ints, shared: float, leanings: Floats, rng: np.random.Generator
) -> list[Floats]:
    """Each judge's log-probabilities of both options."""
    common, right = rng.normal(size=options.shape), np.arange(2) == taken[:, None]
    found: list[Floats] = []
    for accuracy, leaning in zip(ACCURACIES, leanings, strict=True):
        clear = np.sqrt(2) * norm.ppf(accuracy)
        noise = np.sqrt(shared) * common + np.sqrt(1 - shared) * rng.normal(size=options.shape)
        seen = SHARPNESS * clear * (noise + clear * right) + leaning[options]
        found.append(seen - np.logaddexp(seen[:, 0], seen[:, 1])[:, None])
    return found


def replicate(shared: float, seed: int) -> Found:
    rng, prompts = np.random.default_rng(seed), np.arange(TRIALS) % N_PROMPTS
    leanings = rng.normal(size=(len(ACCURACIES), N_TRAITS))
    told = pairs(rng)
    known = readings(np.zeros(TRIALS, dtype=np.int64), told, shared, leanings, rng)
    jury, best = pool(told, known, prompts, N_TRAITS), calibrate(told, known[0], prompts, N_TRAITS)
    scores = rng.normal(size=N_TRAITS)
    scores -= scores.mean()
    shown = pairs(rng)
    taken = (scores[shown] + rng.gumbel(size=shown.shape)).argmax(axis=1)
    read = readings(taken, shown, shared, leanings, rng)
    fitted, alone = (
        calibrated(uncertain(shown, by.likelihoods(shown, logs), N_TRAITS, clusters=prompts), by)[0]
        for by, logs in ((jury.whole, jury.logs(read)), (best, read[0]))
    )
    return Found(
        best.after.accuracy,
        jury.whole.after.accuracy,
        jury.whole.after.ece,
        *jury.weights.tolist(),
        covered=float(np.mean(np.abs(fitted.scores - scores) < half_width(fitted))),
        slope=float(fitted.scores @ scores / (scores @ scores)),
        error=off(fitted, scores),
        error_best=off(alone, scores),
    )


def half_width(fit: ChoiceFit) -> Floats:
    return t_half_width(0.95, fit.df) * fit.stderr


def off(fit: ChoiceFit, scores: Floats) -> float:
    return float(ELO_SCALE * np.sqrt(np.mean((fit.scores - scores) ** 2)))


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--replications", 40, quick=1, help="runs for each row")
    replications = options.parse_args(arguments).replications
    print(f"{describe_machine()}; {replications} runs a row.\n")
    print(
        "| noise in common | best judge right | jury right | calibration error | weights | "
        "slope on the truth | coverage | RMSE, points: jury, best judge |"
    )
    print("| ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: |")
    for shared in SHARED:
        one = Found(*np.mean([replicate(shared, seed) for seed in range(replications)], axis=0))
        weights = f"{one.weight_1:.2f}, {one.weight_2:.2f}, {one.weight_3:.2f}"
        print(
            f"| {shared:.0%} | {one.best:.1%} | {one.right:.1%} | {one.off:.3f} | {weights} | "
            f"{one.slope:.2f} | {one.covered:.1%} | {one.error:.0f}, {one.error_best:.0f} |",
            flush=True,
        )
