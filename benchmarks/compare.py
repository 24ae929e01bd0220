"""Comparing many models: time, and what is found of known differences."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from benchmarks.truth import PROMPTS, WIN_COUNTS, Shown, choose, planned, read_win_counts, scores_from_wins
from mien.stats import panels
from mien.stats.comparisons import Comparisons
from mien.stats.profiles import Profile, Provenance, rate
from mien.stats.profiles.elo import ELO_SCALE

if TYPE_CHECKING:
    from collections.abc import Sequence

TRIALS = 2016  # 28 rounds of 144 traits
PLANTED = 3  # components
N_MODELS = 10


def profiles(truth: np.ndarray, shown: Shown, traits: list[str], rng: np.random.Generator) -> list[Profile]:
    """A run of each of the (R, n) true scores, all on the same trials."""
    clusters = tuple(prompt.id for prompt in PROMPTS)
    found: list[Profile] = []
    for number, scores in enumerate(truth):
        comparisons = Comparisons(
            traits=tuple(traits),
            options=shown.options.astype(np.int32),
            chosen=choose(scores, shown, rng).astype(np.int32),
            cluster=shown.prompt.astype(np.int32),
            clusters=clusters,
        )
        found.append(rate(comparisons, Provenance(run=f"run {number}", instrument="revealed")))
    return found


def planted(base: np.ndarray, rng: np.random.Generator, n_models: int) -> np.ndarray:
    """Characters that differ from a base along `PLANTED` directions, each less important than the last."""
    axes = np.linalg.qr(rng.normal(size=(len(base), PLANTED)))[0]
    sizes = np.sqrt(len(base)) * np.array([0.8, 0.6, 0.5])
    scores = base + rng.normal(size=(n_models, PLANTED)) * sizes @ axes.T
    return scores - scores.mean(axis=1, keepdims=True)


def print_time(base: np.ndarray, shown: Shown, traits: list[str], rng: np.random.Generator) -> None:
    print("| runs | profiles, s | `compare`, s | goal for both |\n| ---: | ---: | ---: | ---: |")
    for n_models, goal in ((5, ""), (50, "≤ 30"), (200, "")):
        truth = planted(base, rng, n_models)
        start = time.perf_counter()
        found = profiles(truth, shown, traits, rng)
        middle = time.perf_counter()
        panels.compare(found)
        end = time.perf_counter()
        print(f"| {n_models} | {middle - start:.1f} | {end - middle:.1f} | {goal} |")


def print_truth(
    base: np.ndarray, shown: Shown, traits: list[str], rng: np.random.Generator, replications: int
) -> None:
    print(
        "| characters | false discoveries | power | coverage of Δ | components kept |\n"
        "| --- | ---: | ---: | ---: | ---: |"
    )
    for name, alike in (("all alike", True), (f"{PLANTED} planted components", False)):
        false, power, covered, kept = [], [], [], []
        for _ in range(replications):
            truth = np.tile(base, (N_MODELS, 1)) if alike else planted(base, rng, N_MODELS)
            panel = panels.compare(profiles(truth, shown, traits, rng), n_resamples=200)
            delta = ELO_SCALE * (truth - truth.mean(axis=0)) * N_MODELS / (N_MODELS - 1)
            called = panel.distinct.q < panel.fdr
            null = np.isclose(delta, 0)
            counts = np.maximum(np.count_nonzero(called, axis=1), 1)
            false.append(np.mean(np.count_nonzero(called & null, axis=1) / counts))
            if not alike:
                power.append(np.mean(called[np.abs(delta) > 300]))
            z = np.abs(panel.distinct.delta - delta) / panel.distinct.stderr
            covered.append(np.mean(z < 1.96))
            kept.append(panel.components.n_kept)
        shown_power = f"{np.mean(power):.1%}" if power else ""
        shown_false = f"{np.mean(false):.1%}" if alike else ""
        counts = ", ".join(f"{n}: {kept.count(n) / len(kept):.0%}" for n in sorted(set(kept)))
        print(f"| {name} | {shown_false} | {shown_power} | {np.mean(covered):.1%} | {counts} |")


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_argument("--win-counts", type=Path, default=WIN_COUNTS)
    options.add_size("--replications", 100, quick=2, help="panels for each row")
    asked = options.parse_args(arguments)
    traits, wins = read_win_counts(asked.win_counts)
    base = np.mean([scores_from_wins(counts) for counts in wins.values()], axis=0)
    design = planned(traits, 2, seed=0)
    shown = Shown(design.options, design.prompt).first(TRIALS)
    rng = np.random.default_rng(0)
    print(f"{describe_machine()}\n\n{len(traits)} traits, {TRIALS:,} trials a run, the same trials in all.\n")
    print_time(base, shown, traits, rng)
    print(f"\n{N_MODELS} models a panel, {asked.replications} panels a row. Power is for |Δ| over 300.\n")
    print_truth(base, shown, traits, rng, asked.replications)
