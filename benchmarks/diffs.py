"""What diffs call changed when nothing did and when something did, and how long one takes.

The truth is that of ``truth.py``: scores fitted to published win counts of five models, tournaments simulated
from them on mien's own designs, the first option favoured by 0.4 log odds. Both runs of a diff have the same
trials. Changed traits are drawn at random, half of them up and half down by the same number of points.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from benchmarks.truth import (
    N_DESIGNS,
    PROMPTS,
    WIN_COUNTS,
    Path,
    Shown,
    choose,
    read_win_counts,
    scores_from_wins,
)
from mien.stats.comparisons import Comparisons
from mien.stats.design.trials import lay_out
from mien.stats.diffs import Diff, diff, gates
from mien.stats.diffs.influence import influence
from mien.stats.profiles import rate, reliability
from mien.stats.profiles.elo import ELO_SCALE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.diffs.size import Size

SIZES = (50, 100, 200)  # points of rating
TRIALS, LONG = 2_000, 10_296
N_CHANGED = 10
#: Trials, pairing and size in points.
SIZED = (
    *((n, "paired", size) for n in (300, 500, 800, TRIALS) for size in (0, 74, 150)),
    *((500, "unpaired", size) for size in (30, 74)),
    (500, "paired", 300),
)
MARGIN = 100  # points, where a diff is timed
RANKED = range(0, 144, 12)  # traits whose ranks are checked, by their true rank


class Made(NamedTuple):
    """A diff, and the true change of each trait in points."""

    found: Diff
    true: np.ndarray


def profile(
    scores: np.ndarray, shown: Shown, rng: np.random.Generator, effects: np.ndarray | None, own: str = ""
):
    """A run; ``own`` makes its prompts others than those of runs without it."""
    return rate(
        Comparisons(
            traits=tuple(f"t{i:03d}" for i in range(len(scores))),
            options=shown.options,
            chosen=choose(scores, shown, rng, effects).astype(np.int32),
            cluster=shown.prompt,
            clusters=tuple(own + prompt.id for prompt in PROMPTS),
        )
    )


def make(scores: np.ndarray, shown: Shown, rng: np.random.Generator, points: float, spread: float) -> Made:
    """Two runs on the same trials; under each prompt every trait shifts, alike in both."""
    change = np.zeros(len(scores))
    if points:
        moved = rng.permutation(len(scores))[:N_CHANGED]
        change[moved] = np.resize([points, -points], N_CHANGED) / ELO_SCALE
    effects = spread * rng.normal(size=(len(PROMPTS), len(scores))) if spread else None
    before, after = (profile(s, shown, rng, effects) for s in (scores, scores + change))
    return Made(diff(before, after), ELO_SCALE * change)


def describe(made: list[Made]) -> str:
    """Cells of a table: false discoveries, power, size and its coverage, equivalence."""
    false = [np.sum(m.found.changed & (m.true == 0)) / max(np.sum(m.found.changed), 1) for m in made]
    power = [np.mean(m.found.changed[m.true != 0]) for m in made if m.true.any()]
    true = [float(np.sqrt(np.mean(m.true**2))) for m in made]
    covered = [m.found.size["low"] <= t <= m.found.size["high"] for m, t in zip(made, true, strict=True)]
    size = np.sqrt(np.mean([m.found.size["rms"] ** 2 for m in made]))
    every = np.concatenate([(m.found.low <= m.true) & (m.true <= m.found.high) for m in made])
    return (
        f"| {np.mean(false):.1%} | {f'{np.mean(power):.1%}' if power else ''} | {every.mean():.1%} "
        f"| {np.mean([m.found.omnibus['p'] < 0.05 for m in made]):.1%} "
        f"| {np.mean(true):.0f} | {size:.0f} | {np.mean([m.found.rms for m in made]):.0f} "
        f"| {np.mean(covered):.1%} |"
    )


def print_changes(truth: dict[str, np.ndarray], designs: list[Shown], replications: int) -> None:
    rng, models = np.random.default_rng(3), list(truth.values())
    print(f"{N_CHANGED} traits of {len(models[0])} changed by so many points, {replications} diffs a row")
    print("(a fifth of them in the long runs), spread over the models; under a prompt effect, each prompt")
    print("shifts every trait by a draw with this standard deviation, alike in both runs. Size is in points:")
    print("the true root mean square, its estimate (root of the mean square) and the raw one, and how often")
    print("the interval holds the truth:\n")
    head = ("trials", "change", "prompt effect", "false discoveries", "power", "coverage", "omnibus p < .05")
    head += ("true size", "estimated", "raw", "its coverage")
    print(f"| {' | '.join(head)} |\n|{' ---: |' * len(head)}")
    rows = [(n, points, 0.0) for n in (TRIALS, LONG) for points in (0, *SIZES)]
    for n_trials, points, spread in sorted([*rows, (TRIALS, 0, 1.0)]):
        some = [designs[r % len(designs)].first(n_trials) for r in range(replications)]
        made = [
            make(models[r % len(models)], shown, rng, points, spread)
            for r, shown in enumerate(
                some[: replications if n_trials == TRIALS else max(replications // 5, 1)]
            )
        ]
        print(f"| {n_trials:,} | {points or 'none'} | {spread:g} {describe(made)}", flush=True)


def print_sizes(truth: dict[str, np.ndarray], designs: list[Shown], replications: int) -> None:
    """How often the interval of the size holds the truth where all traits change, on short runs, too."""
    models = list(truth.values())
    print(
        "\nAll traits changed by normal draws of so many points (root mean square); unpaired runs have other"
    )
    print(f"trials and other prompts. {replications} diffs a row; ends of the interval are medians:\n")
    print("| trials | runs | true size | estimated | low | high | too high | too low | coverage |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for n_trials, kind, true in SIZED:
        rng = np.random.default_rng([6, n_trials, true])
        found: list[Size] = []
        for r in range(replications):
            scores = models[r % len(models)]
            change = rng.normal(size=len(scores))
            change *= true / ELO_SCALE / np.std(change)
            before = profile(scores, designs[r % len(designs)].first(n_trials), rng, None)
            other = designs[(r + (kind == "unpaired")) % len(designs)].first(n_trials)
            own = "other " if kind == "unpaired" else ""
            size = diff(before, profile(scores + change, other, rng, None, own)).size
            assert size is not None
            found.append(size)
        rms, low, high = (np.array([size[key] for size in found]) for key in ("rms", "low", "high"))
        above, below = np.mean(low > true + 1e-9), np.mean(high < true - 1e-9)
        print(
            f"| {n_trials:,} | {kind} | {true} | {np.sqrt(np.mean(rms**2)):.0f} | {np.median(low):.0f} "
            f"| {np.median(high):.0f} | {above:.1%} | {below:.1%} | {1 - above - below:.1%} |",
            flush=True,
        )


def print_ranks(truth: dict[str, np.ndarray], designs: list[Shown], replications: int) -> None:
    """Coverage of the intervals of ranks, by true rank."""
    rng, models = np.random.default_rng(4), list(truth.values())
    held: dict[int, list[bool]] = {rank: [] for rank in RANKED}
    for r in range(replications):
        scores = models[r % len(models)]
        run = profile(scores, designs[r % len(designs)], rng, None)
        found = diff(run, run)
        by_rank = np.argsort(-scores, kind="stable")
        for rank in RANKED:
            (outcome,) = gates.check(found, [f"rank({run.traits[by_rank[rank]]}) > 1"])
            low, high = outcome["low"] or 0, outcome["high"] or 0
            held[rank].append(low <= rank + 1 <= high)
    every = [hit for hits in held.values() for hit in hits]
    each = [np.mean(hits) for hits in held.values()]
    print(
        f"\nIntervals of ranks hold the true rank in {np.mean(every):.1%} of {len(every)} cases "
        f"({min(each):.1%} to {max(each):.1%} by true rank)."
    )


def print_times(scores: np.ndarray, shown: Shown) -> None:
    rng = np.random.default_rng(5)
    before, after = (profile(scores, shown, rng, None) for _ in range(2))

    def whole() -> Diff:
        return diff(before, after, margin=MARGIN)

    found = whole()
    written = ["any", "t000 > 50", "|t001| > 50", "rms > 80", "rank(t002) > 20"]
    tasks = {
        "`diff`": whole,
        "`influence`": lambda: influence(found),
        "`gates.check`, five gates": lambda: gates.check(found, written),
    }
    print(f"\n| {len(scores)} traits, {len(shown.options):,} trials | seconds | goal |")
    print("| --- | ---: | ---: |")
    for name, task in tasks.items():
        times: list[float] = []
        for _ in range(7):
            start = time.perf_counter()
            task()
            times.append(time.perf_counter() - start)
        print(f"| {name} | {statistics.median(times):.3f} | {'≤ 2' if name == '`diff`' else ''} |")


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_argument("--win-counts", type=Path, default=WIN_COUNTS)
    options.add_size("--replications", 500, quick=5, help="diffs for each row")
    asked = options.parse_args(arguments)
    traits, wins = read_win_counts(asked.win_counts)
    truth = {model: scores_from_wins(counts) for model, counts in wins.items()}
    laid_out = [lay_out(traits, PROMPTS, rounds=len(traits) - 1, seed=seed) for seed in range(N_DESIGNS)]
    designs = [Shown(d.options, d.prompt) for d in laid_out]
    reliability.split_half = lambda *_, **__: None  # nine tenths of a profile's time, and no part of a diff
    print(f"{describe_machine()}\n")
    print_changes(truth, designs, asked.replications)
    print_sizes(truth, designs, max(asked.replications // 5, 1))
    short = [shown.first(TRIALS) for shown in designs]
    print_ranks(truth, short, max(asked.replications // 5, 1))
    print_times(next(iter(truth.values())), short[0])
