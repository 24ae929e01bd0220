"""How long the choice model takes, beside `evalica.bradley_terry` on the same games.

evalica gives scores alone; the choice model adds the position effect and the covariance clustered by prompt.
BLAS runs on one thread: matrices of some hundred rows are too small to share out. The goals are at most ten
times evalica's time for the fit and at most 10 s for 1,000 cluster-bootstrap refits.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded

import evalica
import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.stats import choice
from mien.stats.choice import Trials

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TRAITS, PROMPTS = 144, 720


def games(n_trials: int, n_options: int = 2, seed: int = 0):
    """Random options, choices from the model with a position effect, and prompts."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1.2, TRAITS)
    options = np.empty((n_trials, n_options), dtype=np.int32)
    for block in np.array_split(np.arange(n_trials), max(n_trials // 10_000, 1)):
        options[block] = np.argsort(rng.random((len(block), TRAITS)), axis=1)[:, :n_options]
    utilities = scores[options] + rng.gumbel(size=options.shape)
    utilities[:, 0] += 0.4
    return options, utilities.argmax(axis=1), rng.integers(PROMPTS, size=n_trials)


def seconds(task: Callable[[], object], runs: int) -> float:
    times: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--runs", 15, quick=2, help="of each fit")
    options.add_size("--resamples", 1000, quick=20, help="of the bootstrap")
    asked = options.parse_args(arguments)
    runs = asked.runs

    options, chosen, prompts = games(10_296)
    xs, ys = options[:, 0].tolist(), options[:, 1].tolist()
    winners = [evalica.Winner.X if first else evalica.Winner.Y for first in chosen == 0]
    peer = seconds(lambda: evalica.bradley_terry(xs, ys, winners), runs)
    ours = seconds(lambda: choice.fit(Trials.of(options, chosen, TRAITS, clusters=prompts)), runs)
    fit = choice.fit(Trials.of(options, chosen, TRAITS, clusters=prompts))
    refits = seconds(
        lambda: choice.bootstrap(
            Trials.of(options, chosen, TRAITS, clusters=prompts), n_resamples=asked.resamples
        ),
        1,
    )
    four = games(10_296, n_options=4)
    million = games(1_000_000)

    print(f"{describe_machine()}; {TRAITS} traits, {PROMPTS} prompts, 10,296 trials unless said otherwise\n")
    print("| task | seconds | goal |")
    print("| --- | ---: | ---: |")
    print(f"| `evalica.bradley_terry`: scores alone | {peer:.4f} | |")
    print(f"| `choice.fit`: scores, positions, clustered covariance | {ours:.4f} | ≤ {10 * peer:.4f} |")
    print(f"| `choice.bootstrap`, {asked.resamples:,} refits | {refits:.2f} | ≤ 10 |")
    fours = seconds(lambda: choice.fit(Trials.of(*four[:2], TRAITS)), runs)
    print(f"| `choice.fit`, 4 options | {fours:.4f} | |")
    alone = seconds(lambda: choice.fit(Trials.of(*million[:2], TRAITS)), 1)
    print(f"| `choice.fit`, 1,000,000 trials, each its own cluster | {alone:.2f} | |")
    print(
        f"\n`choice.fit` takes {ours / peer:.1f} × evalica's time: {fit.iterations} Newton steps to a "
        f"gradient of {fit.gradient_norm:.0e}."
    )
