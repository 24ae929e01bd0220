"""What `mien.stats.design.power` predicts a diff to find, beside what diffs of simulated runs do find.

The truth is that of ``truth.py``, or equal scores. Both runs of a diff have the same trials; ten changed
traits are drawn at random, half of them up and half down. Predicted from the standard errors of one run of
the model alone (equal scores: from the design alone), the mean over traits.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share


from typing import TYPE_CHECKING

import numpy as np

from benchmarks.diffs import N_CHANGED, make, profile
from benchmarks.machine import describe_machine
from benchmarks.options import Options
from benchmarks.truth import N_DESIGNS, PROMPTS, WIN_COUNTS, Path, Shown, read_win_counts, scores_from_wins
from mien.stats.design.power import Against, Equal, NoiseModel, Place, power, rounds_needed, threshold
from mien.stats.design.trials import lay_out
from mien.stats.profiles import reliability

if TYPE_CHECKING:
    from collections.abc import Sequence

CASES = ((28, 200), (28, 400), (56, 200), (143, 100), (143, 150), (143, 200))  # rounds, points


def expected(points: float, noise_models: list[NoiseModel], rounds: int, n_traits: int) -> float:
    """Mean power over traits at the threshold that it brings about itself, found from 1 downward."""
    found = 1.0
    for _ in range(20):
        level = threshold(found, n_traits, n_changed=N_CHANGED)
        found = float(
            np.mean([power(c, p.noise(rounds, c), level) for p in noise_models for c in (points, -points)])
        )
    return found


def place(scores: np.ndarray, i: int) -> Place:
    return Place(float(scores[i]), np.delete(scores, i), 2)


def print_planned(traits: list[str], replications: int) -> None:
    """What two runs of as many rounds as were planned find."""
    n, rng = len(traits), np.random.default_rng(7)
    rounds = rounds_needed(Equal(n, 2), 200, threshold(0.8, n, n_changed=N_CHANGED), 0.8)
    planned = [lay_out(traits, PROMPTS, rounds=rounds, seed=seed) for seed in range(N_DESIGNS)]
    made = [
        make(np.zeros(n), Shown(d.options, d.prompt), rng, 200, 0.0)
        for d in planned
        for _ in range(replications)
    ]
    hits = np.mean([np.mean(m.found.changed[m.true != 0]) for m in made])
    print(f"\nPlanned for a power of 80 % at 200 points: {rounds} rounds, in which {hits:.1%} were found.")


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_argument("--win-counts", type=Path, default=WIN_COUNTS)
    options.add_size("--replications", 40, quick=1, help="diffs for each row")
    asked = options.parse_args(arguments)
    traits, wins = read_win_counts(asked.win_counts)
    n = len(traits)
    laid_out = [lay_out(traits, PROMPTS, rounds=n - 1, seed=seed) for seed in range(N_DESIGNS)]
    reliability.split_half = lambda *_, **__: None  # nine tenths of a profile's time, and no part of a diff
    rng = np.random.default_rng(6)
    truth = {"equal": np.zeros(n)} | {model: scores_from_wins(counts) for model, counts in wins.items()}
    print(f"{describe_machine()}\n\n{N_CHANGED} traits of {n} changed, {asked.replications} diffs a row:\n")
    print("| scores | rounds | trials | change | predicted | simulated |\n| --- |" + " ---: |" * 5)
    for name, scores in truth.items():
        for rounds, points in CASES:
            n_trials = rounds * n // 2
            shown = [Shown(d.options, d.prompt).first(n_trials) for d in laid_out]
            if name == "equal":
                noise_models: list[NoiseModel] = [Equal(n, 2)]
            else:
                run = profile(scores, shown[0], rng, None)
                noise_models = [
                    Against(float(run.stderr[i]), rounds, run.fit.n_clusters, place(run.fit.scores, i))
                    for i in range(n)
                ]
            made = [make(scores, shown[r % N_DESIGNS], rng, points, 0.0) for r in range(asked.replications)]
            hits = np.mean([np.mean(m.found.changed[m.true != 0]) for m in made])
            print(
                f"| {name} | {rounds} | {n_trials:,} | {points} "
                f"| {expected(points, noise_models, rounds, n):.1%} | {hits:.1%} |",
                flush=True,
            )
    print_planned(traits, asked.replications)
