"""Do intervals still hold the truth in 95 % of cases when a run's length hung on its own verdicts?

Runs are simulated from known scores on mien's own designs and stopped as ``mien measure`` stops them. Beside
each stands a run of new verdicts that was as long by design. Long runs are of the published models of
``truth.py``; short ones, of few traits, are where stopping on luck would show.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share


import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from benchmarks.truth import (
    PROMPTS,
    WIN_COUNTS,
    Path,
    Shown,
    choose,
    choose_alike,
    read_win_counts,
    scores_from_wins,
)
from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.comparisons import Comparisons
from mien.stats.design.stopping import FLOOR, Check, Rule
from mien.stats.design.trials import lay_out
from mien.stats.distributions import t_half_width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

N_DESIGNS = 4
MOST = 143  # rounds: every pair of 144 traits once
LONG = (
    Rule(reliability=0.8),
    Rule(reliability=0.9),
    Rule(reliability=0.95),
    Rule(stderr=80),
    Rule(stderr=50),
)
SHORT = (
    Rule(reliability=0.5),
    Rule(reliability=0.7),
    Rule(reliability=0.9),
    Rule(stderr=100),
)
FLOORS = (4, 8, FLOOR)
AT_THE_FLOOR = (0.3, 0.5, 0.7, 0.8)  # reliabilities
SPREAD = 0.8  # standard deviation of the scores of few traits, log odds


class Stopped(NamedTuple):
    """A run that was stopped, and one of the same length that was not: which intervals hold the truth."""

    check: Check
    covered: np.ndarray
    fixed: np.ndarray


def tournaments(n_traits: int, n_options: int) -> list[Shown]:
    traits = [f"t{i:03d}" for i in range(n_traits)]
    laid_out = (
        lay_out(traits, PROMPTS, rounds=MOST, n_options=n_options, seed=seed) for seed in range(N_DESIGNS)
    )
    return [Shown(d.options, d.prompt) for d in laid_out]


def comparisons(n: int, shown: Shown, chosen: np.ndarray) -> Comparisons:
    return Comparisons(
        traits=tuple(f"t{i:03d}" for i in range(n)),
        options=shown.options,
        chosen=chosen[: len(shown.options)].astype(np.int32),
        cluster=shown.prompt,
        clusters=tuple(prompt.id for prompt in PROMPTS),
    )


def stop(rule: Rule, n: int, shown: Shown, chosen: np.ndarray, floor: int, *, each: bool) -> Check:
    """Make rounds until the rule is met, checked as `mien measure` does, or at the end of ``each`` round."""
    rounds, n_options = floor, shown.options.shape[1]
    while True:
        check = rule.check(comparisons(n, shown.first(-(-rounds * n // n_options)), chosen), rounds)
        if check.met or rounds >= MOST:
            return check
        rounds = rounds + 1 if each else check.next(MOST)


def covered(scores: np.ndarray, shown: Shown, chosen: np.ndarray) -> np.ndarray:
    fit = choice.fit(
        Trials.of(shown.options, chosen[: len(shown.options)], len(scores), clusters=shown.prompt)
    )
    return np.abs(fit.scores - scores) < t_half_width(0.95, fit.n_clusters - 1) * fit.stderr


def stopped(
    rule: Rule,
    scores: np.ndarray,
    shown: Shown,
    pick: Callable,
    rng: np.random.Generator,
    floor: int = FLOOR,
    *,
    each: bool = False,
) -> Stopped:
    n, n_options = len(scores), shown.options.shape[1]
    chosen = pick(scores, shown, rng)
    check = stop(rule, n, shown, chosen, floor, each=each)
    part = shown.first(-(-check.rounds * n // n_options))
    return Stopped(check, covered(scores, part, chosen), covered(scores, part, pick(scores, part, rng)))


def cells(found: list[Stopped]) -> list[str]:
    rounds = [s.check.rounds for s in found]
    cover = np.array([s.covered.mean() for s in found])
    return [
        f"{np.mean([s.check.met for s in found]):.0%}",
        f"{np.mean(rounds):.1f} ({min(rounds)} … {max(rounds)})",
        f"{cover.mean():.1%} ± {100 * cover.std() / len(cover) ** 0.5:.1f}",
        f"{np.mean([s.fixed for s in found]):.1%}",
    ]


def print_long(truth: list[np.ndarray], replications: int) -> None:
    n, rng = len(truth[0]), np.random.default_rng(8)
    print(f"{n} traits, five models, {replications} runs of each a row, floor of {FLOOR} rounds:\n")
    print("| options | prompts | until | reached | rounds | coverage (± s.e.) | of as long a run |")
    print("| ---: | --- | --- | ---: | ---: | ---: | ---: |")
    pairs, fours = tournaments(n, 2), tournaments(n, 4)
    few = [Shown(shown.options, shown.prompt % 60) for shown in pairs]
    for label, laid_out, pick in (
        ("720", pairs, choose),
        ("60 that hang together", few, choose_alike),
        ("720", fours, choose),
    ):
        for rule in LONG:
            found = [
                stopped(rule, scores, laid_out[r % N_DESIGNS], pick, rng)
                for scores in truth
                for r in range(replications)
            ]
            row = [str(laid_out[0].options.shape[1]), label, str(rule).removeprefix("a "), *cells(found)]
            print(f"| {' | '.join(row)} |", flush=True)


def print_short(replications: int) -> None:
    print(f"\nFew traits, scores drawn with standard deviation {SPREAD}; {replications} runs a row,")
    print("the same for every row of as many traits:\n")
    print("| traits | until | floor | checked | reached | rounds | coverage (± s.e.) | of as long a run |")
    print("| ---: | --- | ---: | --- | ---: | ---: | ---: | ---: |")
    for n, floors in ((4, FLOORS[-1:]), (6, FLOORS[-1:]), (10, FLOORS), (36, FLOORS[-1:])):
        laid_out = tournaments(n, 2)
        for rule in SHORT:
            for floor, each in (*((floor, False) for floor in floors), (FLOOR, True)):
                found: list[Stopped] = []
                for r in range(replications):
                    rng = np.random.default_rng((9, n, r))
                    scores = SPREAD * rng.normal(size=n)
                    scores -= scores.mean()
                    found.append(
                        stopped(rule, scores, laid_out[r % N_DESIGNS], choose, rng, floor, each=each)
                    )
                row = [str(n), str(rule).removeprefix("a "), str(floor), "each round" if each else "halfway"]
                print(f"| {' | '.join([*row, *cells(found)])} |", flush=True)


def print_at_the_floor(replications: int) -> None:
    """Coverage of the runs that a target would stop at the floor: the fewer they are, the luckier."""
    print(
        f"\nOf {replications} runs of {FLOOR} rounds, those that reach a reliability, and their coverage:\n"
    )
    print(f"| traits |{' ' + ' | '.join(f'{target:g}' for target in AT_THE_FLOOR)} |")
    print(f"| ---: |{' ---: |' * len(AT_THE_FLOOR)}")
    for n in (4, 6):
        laid_out = tournaments(n, 2)
        reached: list[float] = []
        held: list[float] = []
        for r in range(replications):
            rng = np.random.default_rng((29, n, r))
            scores = SPREAD * rng.normal(size=n)
            scores -= scores.mean()
            part = laid_out[r % N_DESIGNS].first(-(-FLOOR * n // 2))
            chosen = choose(scores, part, rng)
            reached.append(SHORT[0].check(comparisons(n, part, chosen), FLOOR).reliability or 0.0)
            held.append(covered(scores, part, chosen).mean())
        stop_here = [np.array(held)[np.array(reached) >= target] for target in AT_THE_FLOOR]
        cells = [f"{some.mean():.1%} of {len(some)}" if len(some) else "none" for some in stop_here]
        print(f"| {n} | {' | '.join(cells)} |", flush=True)


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_argument("--win-counts", type=Path, default=WIN_COUNTS)
    options.add_size("--replications", 6, quick=1, help="runs of each model for each row")
    asked = options.parse_args(arguments)
    _, wins = read_win_counts(asked.win_counts)
    print(f"{describe_machine()}\n")
    print_long([scores_from_wins(counts) for counts in wins.values()], asked.replications)
    print_short(50 * asked.replications)
    print_at_the_floor(500 * asked.replications // 6)
