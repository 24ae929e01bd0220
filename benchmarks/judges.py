"""Judges that err: scores recovered with and without `mien.misreading`, where the truth is known.

A model of 144 traits (scores normal with standard deviation 1) is read by a judge that names the wrong one
of two options at a rate of its own for each trait: the same for all, or Beta with a standard deviation of
0.07. Its errors are estimated on a calibration run of 2,000 trials, in which the model always shows what it
was told. What is given of a fit is the mean over tournaments.

Run: python benchmarks/judges.py [--replications 50]
"""

from __future__ import annotations

import argparse
import os
from typing import NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np

from machine import describe_machine
from mien import choice, ratings
from mien.misreading import corrected_fit, misreading

ACCURACIES = (0.7, 0.8, 0.9, 1.0)
BUDGETS = (2_000, 5_000)
CALIBRATION = 2_000
N_TRAITS, N_PROMPTS = 144, 720
FIRST = 0.4  # log odds in favour of the first option
SPREAD = 0.07  # standard deviation of the errors by trait, where they vary


class Recovery(NamedTuple):
    """One tournament: slope on the truth, share of traits covered, and mean standard error, of each fit."""

    slope: tuple[float, float]
    coverage: tuple[float, float]
    stderr: tuple[float, float]


def rates(accuracy: float, varying: bool, rng: np.random.Generator) -> np.ndarray:
    error = 1 - accuracy
    if not varying or not error:
        return np.full(N_TRAITS, error)
    strength = error * accuracy / SPREAD**2 - 1
    return np.minimum(rng.beta(strength * error, strength * accuracy, N_TRAITS), 0.48)


def pairs(n_trials: int, rng: np.random.Generator) -> np.ndarray:
    """Rounds in which every trait is shown once."""
    rounds = -(-2 * n_trials // N_TRAITS)
    order = [rng.permutation(N_TRAITS).reshape(-1, 2) for _ in range(rounds)]
    return np.concatenate(order)[:n_trials]


def reading(
    options: np.ndarray, taken: np.ndarray, errors: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(T,) position read of the position taken."""
    wrong = rng.random(len(taken)) < errors[options[np.arange(len(taken)), taken]]
    return np.where(wrong, 1 - taken, taken)


def replicate(accuracy: float, varying: bool, n_trials: int, seed: int) -> Recovery:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=N_TRAITS)
    scores -= scores.mean()
    errors = rates(accuracy, varying, rng)
    told = pairs(CALIBRATION, rng)
    judge = misreading(told, reading(told, np.zeros(len(told), dtype=int), errors, rng), N_TRAITS)
    shown = pairs(n_trials, rng)
    utilities = scores[shown] + np.array([FIRST, 0]) + rng.gumbel(size=shown.shape)
    read = reading(shown, utilities.argmax(axis=1), errors, rng)
    prompt = np.arange(n_trials) % N_PROMPTS
    fits = (
        choice.fit(shown, read, N_TRAITS, clusters=prompt),
        corrected_fit(shown, read, N_TRAITS, judge, clusters=prompt),
    )
    width = ratings.quantile(0.95, fits[0].n_clusters)
    return Recovery(
        slope=tuple(float(fit.scores @ scores / (scores @ scores)) for fit in fits),
        coverage=tuple(float(np.mean(np.abs(fit.scores - scores) < width * fit.stderr)) for fit in fits),
        stderr=tuple(float(ratings.ELO_SCALE * fit.stderr.mean()) for fit in fits),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=50)
    replications = parser.parse_args().replications
    print(f"{describe_machine()}; {replications} tournaments a row.\n")
    print("Uncorrected → corrected; coverage is that of 95 % intervals:\n")
    print("| accuracy | by trait | trials | slope on the truth | coverage | mean stderr, Elo |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for accuracy in ACCURACIES:
        for varying in (False, True) if accuracy < 1 else (False,):
            for budget in BUDGETS:
                found = [replicate(accuracy, varying, budget, seed) for seed in range(replications)]
                slope, coverage, stderr = (np.mean([r[i] for r in found], axis=0) for i in range(3))
                print(
                    f"| {accuracy:.0%} | {'varies' if varying else 'same'} | {budget:,} | "
                    f"{slope[0]:.3f} → {slope[1]:.3f} | {coverage[0]:.1%} → {coverage[1]:.1%} | "
                    f"{stderr[0]:.0f} → {stderr[1]:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
