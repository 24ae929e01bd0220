"""What the pooled prior makes of a model that is like its pool but for five traits.

Characters are weighted means of those of five published models (as in ``truth.py``), near their plain mean,
and have something of their own, of standard deviation τ. Five of them, measured in 10,296 trials each, are
the pool of a sixth, of which five traits are then moved up. *Posterior* is the rating with the pooled prior
and two of its own standard errors to either side; *pooled* the interval that is shown.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from benchmarks.truth import (
    N_DESIGNS,
    WIN_COUNTS,
    Path,
    Shown,
    choose,
    estimate,
    estimates,
    own_intervals,
    planned,
    pooled_intervals,
    read_win_counts,
    scores_from_wins,
)
from mien.stats import choice
from mien.stats.choice import empirical_bayes as priors
from mien.stats.choice import pooled
from mien.stats.choice.likelihood import Trials
from mien.stats.profiles.elo import ELO_SCALE

if TYPE_CHECKING:
    from collections.abc import Sequence

N_MOVED = 5
OWN = (0.2, 0.45)  # τ in log odds: 35 and 78 points
MOVED = (0.0, 3.0, 520.0)  # multiples of τ, the last points
BUDGETS = (500, 800, 2_000, 10_296)
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


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_argument("--win-counts", type=Path, default=WIN_COUNTS)
    options.add_size("--replications", 12, quick=1, help="runs for each row")
    asked = options.parse_args(arguments)
    traits, wins = read_win_counts(asked.win_counts)
    known = np.array([scores_from_wins(counts) for counts in wins.values()])
    designs = [
        Shown(d.options, d.prompt) for seed in range(N_DESIGNS) for d in [planned(traits, 2, seed=seed)]
    ]
    print(f"{describe_machine()}\n")
    print(
        "| τ | five traits moved by | trials | flat, moved | posterior | pooled | flat, rest | posterior |",
        end="",
    )
    print(" pooled | error, moved: flat / pooled | rest | flagged, moved | rest | length, pooled to flat |")
    print("| ---: | ---: | ---: |" + " ---: |" * 11)
    for own in OWN:
        for moved in MOVED:
            seen: dict[int, list[Seen]] = {budget: [] for budget in BUDGETS}
            rng = np.random.default_rng([int(100 * own), int(moved)])
            for r in range(asked.replications):
                characters, shown = population(known, own, rng), designs[r % N_DESIGNS]
                pool, chosen = estimates(characters[1:], shown, rng), np.zeros(len(traits), dtype=bool)
                if moved:
                    chosen[rng.choice(len(traits), N_MOVED, replace=False)] = True
                scores = characters[0] + chosen * (moved / ELO_SCALE if moved > 100 else moved * own)
                scores -= scores.mean()
                for budget, runs in seen.items():
                    runs.append(see(shown.first(budget), scores, chosen, pool, rng))
            by = f"{moved:.0f} points" if moved > 100 else f"{moved:.0f} τ" if moved else "nothing"
            for budget, runs in seen.items():
                print(f"| {ELO_SCALE * own:.0f} | {by} | {budget:,} | {' | '.join(row(runs))} |", flush=True)
