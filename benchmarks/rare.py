"""Intervals of traits that were chosen, or passed over, at most once, beside exact ones.

Such traits are picked by what came out, so no interval that holds in 95 % of runs need hold in 95 % of these:
many are there by luck. The peer knows the scores of all other traits and the position effect, and its limits
are those of Clopper and Pearson (1934): the scores at which so few rare outcomes, or so many, come in 2.5 %
of runs; for a trait without any there is no limit on the outer side.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np
from scipy.optimize import brentq

from benchmarks.designs import Design, Own, comparisons, lay_out
from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.stats.profiles import rate
from mien.stats.profiles.elo import ELO_SCALE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DESIGNS = (
    Design(name="every trait as often"),
    Design(name="prompts as in nature", zipf=True),
    Design(name="20 prompts", n_prompts=20),
    Design(name="first favoured by 1", first=1.0),
    Design(name="heavy tails", tails=3.0),
)
FAR = 60.0  # log odds beyond any score


class Rare(NamedTuple):
    """A rare trait: how much farther out than its estimate the truth lies, and limits, all in log odds."""

    beyond: float
    half: float
    exact_outer: float
    exact_inner: float


def rare_traits(design: Design, seed: int) -> Iterator[Rare]:
    """Those of one run."""
    rng = np.random.default_rng([design.trials, design.n, seed])
    drawn = rng.standard_t(design.tails, design.n) if np.isfinite(design.tails) else rng.normal(size=design.n)
    truth = design.spread * (drawn - drawn.mean())
    run = comparisons(design, truth, Own.of(design, rng), lay_out(design, rng), rng)
    profile = rate(run)
    low, high = profile.estimates.intervals()
    half = (high - low) / 2 / ELO_SCALE
    times = np.minimum(profile.chosen, profile.shown - profile.chosen)
    for i in np.flatnonzero(times <= 1):
        sign = -1 if profile.chosen[i] <= 1 else 1
        trial, place = np.nonzero(run.options == i)
        against = truth[run.options[trial, 1 - place]] - np.where(place == 0, design.first, -design.first)
        outer, inner = exact(against, int(times[i]), sign, at=truth[i])
        yield Rare(sign * (truth[i] - profile.fit.scores[i]), half[i], outer, inner)


def exact(against: np.ndarray, times: int, sign: int, *, at: float) -> tuple[float, float]:
    """How far the exact limits lie from the truth, outwards and inwards; negative where they leave it out."""

    def at_most(most: int, score: float) -> float:
        """The probability of so many rare outcomes."""
        odds = np.clip(-sign * (score - against), -40, 40)
        none = np.exp(-np.logaddexp(0, odds).sum())
        return float(none * (1 + (np.exp(odds).sum() if most else 0)))

    inner = brentq(lambda x: at_most(times, at - sign * x) - 0.025, -FAR, FAR)
    if not times:
        return FAR, inner
    return brentq(lambda x: at_most(times - 1, at + sign * x) - 0.975, -FAR, FAR), inner


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--replications", 400, quick=2, help="runs for each row")
    asked = options.parse_args(arguments)
    print(f"{describe_machine()}\n")
    print("| design | rare traits | in mien's | beyond it, outer | inner | in the exact | outer | inner |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for design in DESIGNS:
        found = np.array([rare for seed in range(asked.replications) for rare in rare_traits(design, seed)])
        if not len(found):
            continue
        beyond, half, outer, inner = found.T
        own = np.mean(beyond > half), np.mean(beyond < -half)
        peer = np.mean(outer < 0), np.mean(inner < 0)
        cells = [share for out, within in (own, peer) for share in (1 - out - within, out, within)]
        told = " | ".join(f"{share:.1%}" for share in cells)
        print(f"| {design.name} | {len(found):,} | {told} |", flush=True)
