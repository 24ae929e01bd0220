"""Whether reliabilities are right on uneven and short runs, and the shares of components in their intervals.

The truth of a reliability is the squared correlation of the scores with those that were simulated, on designs
of `benchmarks.designs`; without any preference, halves should seldom look reliable. The truth of a share is
the mean share over panels of as many models of one kind: standard normal scores of 100 traits, plus a common
axis times a normal weight of each model.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np

from benchmarks.designs import Design, Own, chosen, lay_out
from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.errors import NotIdentified
from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.panels.components import components
from mien.stats.profiles.reliability import model_based, split_half

if TYPE_CHECKING:
    from collections.abc import Sequence

DESIGNS = (
    Design(name="every trait as often"),
    Design(name="every trait as often", trials=1_008),
    Design(name="every trait as often", trials=504),
    Design(name="unequal appearances", unequal=True),
    Design(name="prompts as in nature", zipf=True),
    Design(name="both", unequal=True, zipf=True),
    Design(name="20 prompts", n_prompts=20, prompt=0.5),
    Design(name="preferences of prompts", prompt=1.0),
    Design(name="both, preferences of prompts", unequal=True, zipf=True, prompt=1.0),
    Design(name="four options", k=4, trials=1_008),
    Design(name="little spread", spread=0.3),
)
PANELS = ((8, 0.0), (8, 0.5), (8, 1.0), (8, 3.0), (20, 0.0), (20, 0.5), (20, 1.0))


def trials_of(design: Design, rng: np.random.Generator) -> tuple[Trials, np.ndarray]:
    """One run's choices, and the scores behind them."""
    scores = design.spread * rng.normal(size=design.n)
    own, laid_out = Own.of(design, rng), lay_out(design, rng)
    places = chosen(design, scores, own, laid_out, rng)
    return Trials.of(laid_out.shown, places, design.n, clusters=laid_out.prompts), scores


def reliabilities(design: Design, seed: int) -> tuple[float, float, float]:
    """Model-based, from split halves (NaN where there is none), and true.

    Raises:
        NotIdentified: a trait was left out.
    """
    trials, scores = trials_of(design, np.random.default_rng([design.trials, seed]))
    fit = choice.fit(trials)
    halves, by_model = split_half(trials), model_based(fit.scores, fit.noise)
    truth = float(np.corrcoef(fit.scores, scores)[0, 1] ** 2)
    return (np.nan if by_model is None else by_model), (np.nan if halves is None else halves), truth


def panel(rng: np.random.Generator, n_models: int, axis: float) -> np.ndarray:
    """(n_models, 100) scores."""
    common = np.random.default_rng(99).normal(size=100)
    return axis * rng.normal(size=(n_models, 1)) * common + rng.normal(size=(n_models, 100))


def held(n_models: int, axis: float, replications: int) -> tuple[np.ndarray, np.ndarray]:
    """True shares of the first two components, and how often their intervals hold them."""
    rng = np.random.default_rng([n_models, int(10 * axis)])

    def shares() -> np.ndarray:
        scores = panel(rng, n_models, axis)
        squares = np.linalg.svd(scores - scores.mean(axis=0), compute_uv=False) ** 2
        return squares[:2] / squares.sum()

    truth = np.mean([shares() for _ in range(5 * replications)], axis=0)
    found = [
        components(panel(rng, n_models, axis), np.zeros((1, 1, 1)), n_resamples=2)
        for _ in range(replications)
    ]
    return truth, np.mean([(one.low[:2] < truth) & (truth < one.high[:2]) for one in found], axis=0)


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--replications", 100, quick=2, help="runs or panels for each row")
    asked = options.parse_args(arguments)
    print(f"{describe_machine()}\n")
    print(
        "| design | trials | true | from the standard errors | from split halves |\n| --- |" + " ---: |" * 4
    )
    for design in DESIGNS:
        rows = []
        for seed in range(asked.replications):
            try:
                rows.append(reliabilities(design, seed))
            except NotIdentified:  # a trait that unequal appearances left out
                continue
        made = np.array(rows)
        truth, by_model, halves = made[:, 2].mean(), made[:, 0] - made[:, 2], made[:, 1] - made[:, 2]
        trials = f"{design.trials:,}" + (f" × {design.k}" if design.k > 2 else "")
        cells = f"{truth:.3f} | {by_model.mean():+.3f} | {np.nanmean(halves):+.3f}"
        print(f"| {design.name} | {trials} | {cells} |", flush=True)
    print("\n| traits without preferences | halves of .8 or more |\n| ---: | ---: |")
    for n in (4, 5, 6, 10):
        noise = Design(name="", n=n, trials=20 * n, spread=0.0)
        seeds = range(5 * asked.replications)
        halves = [split_half(trials_of(noise, np.random.default_rng([n, s]))[0]) for s in seeds]
        told = [half for half in halves if half is not None]
        print(f"| {n} | {np.mean(np.array(told) >= 0.8):.1%} |" if told else f"| {n} | none is given |")
    print("\n| models | axis | share of the first | held | share of the second | held |\n|" + " ---: |" * 6)
    for n_models, axis in PANELS:
        truth, often = held(n_models, axis, asked.replications)
        cells = " | ".join(f"{t:.1%} | {o:.0%}" for t, o in zip(truth, often, strict=True))
        print(f"| {n_models} | {axis:g} | {cells} |", flush=True)
