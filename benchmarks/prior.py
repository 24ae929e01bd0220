"""What the pooled prior makes of a model that is like its pool but for five traits, and of published ones.

Characters are weighted means of those of five published models (as in ``truth.py``), near their plain mean,
and have something of their own, of standard deviation τ. Five of them, measured in 10,296 trials each, are
the pool of a sixth, of which five traits are then moved up. *Posterior* is the rating with the pooled prior
and two of its own standard errors to either side; *pooled* the interval that is shown. Then the published
models themselves, each with the other four for its pool.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.stats

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from benchmarks.truth import (
    N_DESIGNS,
    WIN_COUNTS,
    Path,
    Recovery,
    Shown,
    choose,
    estimate,
    estimates,
    own_intervals,
    planned,
    pooled_intervals,
    read_win_counts,
    recover,
    scores_from_wins,
)
from mien.stats import choice
from mien.stats.choice import empirical_bayes as priors
from mien.stats.choice import pooled
from mien.stats.choice.trials import Trials
from mien.stats.profiles.elo import ELO_SCALE, sequential_elo

if TYPE_CHECKING:
    from collections.abc import Sequence

N_MOVED = 5
OWN = (0.2, 0.45)  # τ in log odds: 35 and 78 points
MOVED = (0.0, 3.0, 520.0)  # multiples of τ, the last points
BUDGETS = (500, 2_000, 10_296)
KINDS = ("flat", "posterior", "pooled")


class Seen(NamedTuple):
    """One run: (n,) traits that were moved, coverage and length by kind, errors by prior, and the flags."""

    moved: np.ndarray
    covered: dict[str, np.ndarray]
    length: dict[str, np.ndarray]
    error: dict[str, np.ndarray]
    flagged: np.ndarray


def population(known: np.ndarray, own: float, rng: np.random.Generator) -> list[np.ndarray]:
    """As many characters as are known, and one more."""
    r, n = known.shape
    drawn = [rng.normal(1 / r, 0.05, size=r) @ known + own * rng.normal(size=n) for _ in range(r + 1)]
    return [x - x.mean() for x in drawn]


def see(shown: Shown, scores: np.ndarray, moved: np.ndarray, pool: list[priors.Estimate], rng) -> Seen:
    trials = Trials.of(shown.options, choose(scores, shown, rng), len(scores), clusters=shown.prompt)
    flat = choice.fit(trials)
    found = pooled.fit(trials, priors.pool(estimate(flat), pool))
    ends = dict(
        zip(
            KINDS, (own_intervals(flat), own_intervals(found.fit), pooled_intervals(flat, found)), strict=True
        )
    )
    return Seen(
        moved=moved,
        covered={kind: (low < scores) & (scores < high) for kind, (low, high) in ends.items()},
        length={kind: high - low for kind, (low, high) in ends.items()},
        error={"flat": flat.scores - scores, "pooled": found.fit.scores - scores},
        flagged=found.foretold.stands_out,
    )


def row(every: list[Seen]) -> list[str]:
    moved = np.concatenate([one.moved for one in every])

    def shares(kind: str, of: np.ndarray) -> str:
        return f"{np.mean(np.concatenate([one.covered[kind] for one in every])[of]):.1%}" if of.any() else ""

    def error(kind: str, of: np.ndarray) -> str:
        errors = np.concatenate([one.error[kind] for one in every])[of]
        return f"{ELO_SCALE * np.sqrt(np.mean(np.square(errors))):.0f}" if of.any() else ""

    flagged = np.concatenate([one.flagged for one in every])
    shorter = np.mean([one.length["pooled"].mean() / one.length["flat"].mean() for one in every])
    return [
        *(shares(kind, moved) for kind in KINDS),
        *(shares(kind, ~moved) for kind in KINDS),
        " / ".join(error(kind, moved) for kind in ("flat", "pooled")) if moved.any() else "",
        " / ".join(error(kind, ~moved) for kind in ("flat", "pooled")),
        f"{np.mean(flagged[moved]):.0%}" if moved.any() else "",
        f"{np.mean(flagged[~moved]):.1%}",
        f"{shorter:.2f}",
    ]


def print_standing_out(known: np.ndarray, designs: list[Shown], replications: int) -> None:
    print(
        "| τ | five traits moved by | trials | flat, moved | posterior | pooled | flat, rest | posterior |",
        end="",
    )
    print(" pooled | error, moved: flat / pooled | rest | flagged, moved | rest | length, pooled to flat |")
    print("| ---: | ---: | ---: |" + " ---: |" * 11)
    for own in OWN:
        seen: dict[tuple[float, int], list[Seen]] = {(by, t): [] for by in MOVED for t in BUDGETS}
        rng = np.random.default_rng(int(100 * own))
        for r in range(replications):
            characters, shown = population(known, own, rng), designs[r % N_DESIGNS]
            pool = estimates(characters[1:], shown, rng)
            for by in MOVED:
                moved = np.zeros(known.shape[1], dtype=bool)
                if by:
                    moved[rng.choice(len(moved), N_MOVED, replace=False)] = True
                scores = characters[0] + moved * (by / ELO_SCALE if by > 100 else by * own)
                for budget in BUDGETS:
                    found = see(shown.first(budget), scores - scores.mean(), moved, pool, rng)
                    seen[by, budget].append(found)
        for (by, budget), runs in seen.items():
            far = f"{by:.0f} points" if by > 100 else f"{by:.0f} τ" if by else "nothing"
            print(f"| {ELO_SCALE * own:.0f} | {far} | {budget:,} | {' | '.join(row(runs))} |", flush=True)


def print_published(
    truth: dict[str, np.ndarray], pairs: list[Shown], fours: list[Shown], replications: int
) -> None:
    print(
        "\nSpearman's ρ with the truth, mean ± s.e., and coverage of 95 % intervals: 500 trials of 4 options"
    )
    print("beside sequential Elo after 10,296 pairs:\n")
    print("| model | Elo, 10,296 | flat, 500 | pooled, 500 | missing | coverage, flat | pooled |")
    print("| --- |" + " ---: |" * 6)
    rng, scores = np.random.default_rng(4), [*truth.values()]
    pools = [estimates(scores, pairs[r % N_DESIGNS], rng) for r in range(replications)]
    for i, (model, of) in enumerate(truth.items()):
        found: list[Recovery] = []
        elo: list[float] = []
        for r, pool in enumerate(pools):
            shown = pairs[r % N_DESIGNS]
            elo.append(
                scipy.stats.spearmanr(sequential_elo(shown.options, choose(of, shown, rng), len(of)), of)[0]
            )
            part = fours[r % N_DESIGNS].first(500)
            found.append(recover(of, part, choose(of, part, rng), [*pool[:i], *pool[i + 1 :]]))
        flat, pooled_rho = ([getattr(one, kind).rho for one in found] for kind in ("flat", "pooled"))
        covered = [np.mean([getattr(one, kind).covered for one in found]) for kind in ("flat", "pooled")]
        cells = [f"{np.mean(rho):.3f} ± {scipy.stats.sem(rho):.3f}" for rho in (elo, flat, pooled_rho)]
        missing = f"{np.mean(elo) - np.mean(pooled_rho):+.3f}"
        print(
            f"| {model} | {' | '.join(cells)} | {missing} | {covered[0]:.1%} | {covered[1]:.1%} |", flush=True
        )


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_argument("--win-counts", type=Path, default=WIN_COUNTS)
    options.add_size("--replications", 60, quick=2, help="runs for each row")
    asked = options.parse_args(arguments)
    traits, wins = read_win_counts(asked.win_counts)
    truth = {model: scores_from_wins(counts) for model, counts in wins.items()}
    pairs, fours = (
        [Shown(d.options, d.prompt) for seed in range(N_DESIGNS) for d in [planned(traits, k, seed=seed)]]
        for k in (2, 4)
    )
    print(f"{describe_machine()}\n")
    print_standing_out(np.array([*truth.values()]), pairs, asked.replications)
    print_published(truth, pairs, fours, asked.replications)
