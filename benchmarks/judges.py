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
from dataclasses import replace
from typing import NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np

from machine import describe_machine
from mien import choice, ratings
from mien.misreading import Misreading, corrected_fit, misreading

ACCURACIES = (0.7, 0.8, 0.9, 1.0)
BUDGETS = (2_000, 5_000)
CALIBRATION = 2_000
N_TRAITS, N_PROMPTS = 144, 720
FIRST = 0.4  # log odds in favour of the first option
RIDGES = (0.3, 0.15, 0.08)  # under a quarter of the default some fits do not converge
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


class Tournament(NamedTuple):
    """What a judge read, what it made of a calibration run, and how both came about."""

    scores: np.ndarray
    errors: np.ndarray
    judge: Misreading
    shown: np.ndarray
    read: np.ndarray

    def judge_of(self, known: bool) -> Misreading:
        """The judge as the calibration run shows it, or as it is."""
        if not known:
            return self.judge
        return replace(self.judge, rate=self.errors, covariance=np.zeros((N_TRAITS, N_TRAITS)))


def tournament(accuracy: float, varying: bool, n_trials: int, seed: int) -> Tournament:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=N_TRAITS)
    scores -= scores.mean()
    errors = rates(accuracy, varying, rng)
    told = pairs(CALIBRATION, rng)
    judge = misreading(told, reading(told, np.zeros(len(told), dtype=int), errors, rng), N_TRAITS)
    shown = pairs(n_trials, rng)
    utilities = scores[shown] + np.array([FIRST, 0]) + rng.gumbel(size=shown.shape)
    return Tournament(scores, errors, judge, shown, reading(shown, utilities.argmax(axis=1), errors, rng))


def corrected(played: Tournament, judge: Misreading, alpha: float = choice.DEFAULT_ALPHA) -> choice.ChoiceFit:
    prompt = np.arange(len(played.shown)) % N_PROMPTS
    return corrected_fit(played.shown, played.read, N_TRAITS, judge, clusters=prompt, alpha=alpha)


def slope_on(scores: np.ndarray, fit: choice.ChoiceFit) -> float:
    return float(fit.scores @ scores / (scores @ scores))


def covered(scores: np.ndarray, fit: choice.ChoiceFit) -> float:
    width = ratings.quantile(0.95, fit.n_clusters)
    return float(np.mean(np.abs(fit.scores - scores) < width * fit.stderr))


def replicate(accuracy: float, varying: bool, n_trials: int, seed: int) -> Recovery:
    played = tournament(accuracy, varying, n_trials, seed)
    prompt = np.arange(n_trials) % N_PROMPTS
    fits = (
        choice.fit(played.shown, played.read, N_TRAITS, clusters=prompt),
        corrected(played, played.judge),
    )
    return Recovery(
        slope=tuple(slope_on(played.scores, fit) for fit in fits),
        coverage=tuple(covered(played.scores, fit) for fit in fits),
        stderr=tuple(float(ratings.ELO_SCALE * fit.stderr.mean()) for fit in fits),
    )


def print_ridges(replications: int) -> None:
    """Where the slope at 70 % and 2,000 trials comes from: the ridge, or what is not known of the errors."""
    print(
        "\nThe corrected fit at an accuracy of 70 %, 2,000 trials, with errors estimated on the calibration"
    )
    print("run or known, under other ridges:\n")
    print("| by trait | errors | alpha | slope on the truth | RMSE, Elo | coverage |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for varying in (False, True):
        played = [tournament(ACCURACIES[0], varying, BUDGETS[0], seed) for seed in range(replications)]
        for known in (False, True):
            for alpha in RIDGES:
                found = []
                for one in played:
                    certain = (
                        replace(one.judge, rate=one.errors, covariance=np.zeros((N_TRAITS,) * 2))
                        if known
                        else one.judge
                    )
                    found.append((one.scores, corrected(one, certain, alpha)))
                slope = np.mean([slope_on(*pair) for pair in found])
                error = np.sqrt(np.mean([(fit.scores - scores) ** 2 for scores, fit in found]))
                coverage = np.mean([covered(*pair) for pair in found])
                print(
                    f"| {'varies' if varying else 'same'} | {'known' if known else 'estimated'} | {alpha:g} "
                    f"| {slope:.3f} | {ratings.ELO_SCALE * error:.0f} | {coverage:.1%} |",
                    flush=True,
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
    print_ridges(replications)


if __name__ == "__main__":
    main()
