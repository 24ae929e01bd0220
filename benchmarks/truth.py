"""Truth: what the choice model recovers of known scores, beside sequential Elo.

The scores are those of five published models, fitted to how often each of 144 traits was chosen: which pairs
met is not published, so they solve "expected wins = observed wins" in a full round-robin. Tournaments are
simulated from them on mien's own designs, the first option favoured by 0.4 log odds.

Run: python benchmarks/truth.py [--win-counts FILE] [--replications 40]
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from pathlib import Path
from typing import NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np
import scipy.optimize
import scipy.stats

from machine import describe_machine
from mien import choice, ratings
from mien.comparisons import Comparisons
from mien.designs import design
from mien.diffs import diff
from mien.types import Prompt

WIN_COUNTS = Path(__file__).resolve().parents[1] / "../shared/data/win_counts.csv"
BUDGETS = (1_000, 2_000, 5_000, 10_296)
FIRST = 0.4  # log odds in favour of the first option
N_DESIGNS = 8
PROMPTS = tuple(Prompt(f"p{i:03d}", f"prompt {i}", category=f"category {i % 12}") for i in range(720))


class Shown(NamedTuple):
    """What is shown in a tournament: options (T, 2) and prompts (T,)."""

    options: np.ndarray
    prompt: np.ndarray

    def first(self, n_trials: int) -> Shown:
        return Shown(self.options[:n_trials], self.prompt[:n_trials])


class Recovery(NamedTuple):
    """One tournament: rank correlations with the truth, coverage of each trait, and the position effect."""

    choice: float
    elo: float
    covered: np.ndarray
    slope: float
    position: float
    position_covered: bool


def read_win_counts(path: Path) -> tuple[list[str], dict[str, np.ndarray]]:
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    counts = np.array([[float(cell) for cell in row[1:]] for row in rows])
    return [row[0] for row in rows], dict(zip(header[1:], counts.T, strict=True))


def scores_from_wins(wins: np.ndarray) -> np.ndarray:
    """Scores under which each trait expects the wins that it had, in a full round-robin.

    Half a game is added on either side, so that a trait that always won has a finite score.
    """
    n = len(wins)
    played = 2 * wins.sum() / n
    target = (wins + 0.5) / (played + 1)
    target *= n / 2 / target.sum() * (n - 1)

    def negative_log_likelihood(scores: np.ndarray) -> tuple[float, np.ndarray]:
        gap = scores[:, None] - scores
        beaten = 1 / (1 + np.exp(-gap))
        np.fill_diagonal(beaten, 0)
        value = np.triu(np.logaddexp(scores[:, None], scores), 1).sum() - target @ scores
        return value, beaten.sum(axis=1) - target

    found = scipy.optimize.minimize(negative_log_likelihood, np.zeros(n), jac=True, method="BFGS")
    return found.x - found.x.mean()


def choose(scores: np.ndarray, shown: Shown, rng: np.random.Generator, effects: np.ndarray | None = None):
    """Choices from the model; ``effects`` (prompts, traits) are added to the scores under each prompt."""
    utilities = scores[shown.options]
    if effects is not None:
        utilities = utilities + effects[shown.prompt[:, None], shown.options]
    utilities = utilities + rng.gumbel(size=utilities.shape)
    utilities[:, 0] += FIRST
    return utilities.argmax(axis=1)


def recover(scores: np.ndarray, shown: Shown, rng: np.random.Generator) -> Recovery:
    n = len(scores)
    chosen = choose(scores, shown, rng)
    fit = choice.fit(shown.options, chosen, n, clusters=shown.prompt)
    width = ratings.quantile(0.95, fit.n_clusters)
    contrast = np.zeros(n + 2)
    contrast[n:] = 1, -1
    position = contrast[n:] @ (fit.positions - fit.position_bias)
    position_stderr = np.sqrt(contrast @ fit.covariance @ contrast)
    elo = ratings.sequential_elo(shown.options, chosen, n)
    return Recovery(
        choice=scipy.stats.spearmanr(fit.scores, scores).statistic,
        elo=scipy.stats.spearmanr(elo, scores).statistic,
        covered=np.abs(fit.scores - scores) < width * fit.stderr,
        slope=float(fit.scores @ scores / (scores @ scores)),
        position=position,
        position_covered=bool(abs(position - FIRST) < width * position_stderr),
    )


def null_diff(scores: np.ndarray, shown: Shown, rng: np.random.Generator, spread: float):
    """Two runs of one character on the same trials. Each prompt shifts every trait, alike in both runs."""
    effects = spread * rng.normal(size=(len(PROMPTS), len(scores)))
    profiles = [
        ratings.profile(
            Comparisons(
                traits=tuple(f"t{i:03d}" for i in range(len(scores))),
                options=shown.options,
                chosen=choose(scores, shown, rng, effects).astype(np.int32),
                cluster=shown.prompt,
                clusters=tuple(prompt.id for prompt in PROMPTS),
            )
        )
        for _ in range(2)
    ]
    return diff(*profiles)


def print_recovery(truth: dict[str, np.ndarray], designs: list[Shown], replications: int) -> None:
    rng = np.random.default_rng(1)
    found = {
        (model, budget): [
            recover(scores, designs[r % len(designs)].first(budget), rng) for r in range(replications)
        ]
        for model, scores in truth.items()
        for budget in BUDGETS
    }
    print("Spearman's ρ with the truth, choice model / sequential Elo (K = 32), mean of")
    print(f"{replications} tournaments:\n")
    print("| model | " + " | ".join(f"{budget:,} trials" for budget in BUDGETS) + " |")
    print("| --- |" + " ---: |" * len(BUDGETS))
    for model in truth:
        means = [np.mean([(r.choice, r.elo) for r in found[model, b]], axis=0) for b in BUDGETS]
        cells = [f"{ours:.3f} / {elo:.3f}" for ours, elo in means]
        print(f"| {model} | " + " | ".join(cells) + " |")
    print(f"\nOver all {replications * len(truth)} tournaments of each length (coverage of 95 % intervals;")
    print("slope of the estimated on the true scores; position effect, planted at 0.4 log odds):\n")
    print("| trials | coverage | lowest, highest of a model | slope | position, mean ± s.e. | its coverage |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for budget in BUDGETS:
        each = [np.mean([r.covered for r in found[model, budget]]) for model in truth]
        every = [r for model in truth for r in found[model, budget]]
        position = np.array([r.position for r in every])
        print(
            f"| {budget:,} | {np.mean(each):.1%} | {min(each):.1%}, {max(each):.1%} "
            f"| {np.mean([r.slope for r in every]):.3f} "
            f"| {position.mean():.4f} ± {position.std(ddof=1) / np.sqrt(len(position)):.4f} "
            f"| {np.mean([r.position_covered for r in every]):.1%} |"
        )


def print_null_diffs(truth: dict[str, np.ndarray], designs: list[Shown], replications: int) -> None:
    rng = np.random.default_rng(2)
    print("\nTwo runs of one character on the same trials, false-discovery rate 5 %; under a prompt effect,")
    print("each prompt shifts every trait by a draw with this standard deviation, alike in both runs:\n")
    print("| trials | prompt effect | traits called changed | diffs with any | p < .05 | omnibus p < .05 |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for budget in BUDGETS:
        for spread in (0.0, 1.0):
            every = [
                null_diff(scores, designs[r % len(designs)].first(budget), rng, spread)
                for scores in truth.values()
                for r in range(replications)
            ]
            omnibus = [d.omnibus["p"] for d in every]
            rejected = "not given" if None in omnibus else f"{np.mean(np.array(omnibus) < 0.05):.1%}"
            print(
                f"| {budget:,} | {spread:g} | {np.mean([d.changed for d in every]):.2%} "
                f"| {np.mean([d.changed.any() for d in every]):.1%} "
                f"| {np.mean([d.p < 0.05 for d in every]):.1%} | {rejected} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--win-counts", type=Path, default=WIN_COUNTS)
    parser.add_argument("--replications", type=int, default=40, help="tournaments for each model and length")
    arguments = parser.parse_args()
    if not arguments.win_counts.is_file():
        sys.exit(f"skipped: no win counts at {arguments.win_counts}; say where with --win-counts")
    traits, wins = read_win_counts(arguments.win_counts)
    truth = {model: scores_from_wins(counts) for model, counts in wins.items()}
    laid_out = [design(traits, PROMPTS, rounds=len(traits) - 1, seed=seed) for seed in range(N_DESIGNS)]
    designs = [Shown(d.options, d.prompt) for d in laid_out]
    print(f"{describe_machine()}\n")
    print_recovery(truth, designs, arguments.replications)
    print_null_diffs(truth, designs, max(arguments.replications // 4, 1))


if __name__ == "__main__":
    main()
