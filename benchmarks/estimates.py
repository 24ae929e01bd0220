"""Means and rates of responses' numbers: whether intervals hold the truth, and what is called changed.

Prompts are drawn, and each has a length and rates of its own, about which its responses vary: lengths are
lognormal (standard deviation .5 between prompts, .4 within, in logarithms), a prompt's rate is a draw from a
beta distribution, with an intraclass correlation of .2. Prompts have 2 to 12 responses, few of them many. In
each sample a prompt's length shifts by a draw of its own besides; the planted change is that of all lengths,
in logarithms, and the share of responses without a hit that have one. Paired samples have the same prompts,
each with other numbers of responses. The truth is that of the laws from which prompts are drawn.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.stats.diffs import diff
from mien.stats.estimates import Amount, Estimates, Quantity, Share, means

if TYPE_CHECKING:
    from collections.abc import Sequence

BETWEEN, WITHIN, OWN = 0.5, 0.4, 0.15  # standard deviations of log length; OWN: a prompt's own change
INTRACLASS = 0.2
RATES = (0.02, 0.05, 0.2, 0.5)
GROUPS = 6  # of a length and four rates each, side by side, where false discoveries are counted
QUANTITIES = (
    Quantity("length", Amount("tokens")),
    *(Quantity(f"rate {rate}", Share()) for rate in RATES),
)


class Prompts(NamedTuple):
    """What each prompt does: to the logarithm of length, and its own rate for each of `RATES`."""

    length: np.ndarray
    rates: np.ndarray


def draw_prompts(n: int, rng: np.random.Generator) -> Prompts:
    concentration = 1 / INTRACLASS - 1
    rates = [rng.beta(rate * concentration, (1 - rate) * concentration, size=n) for rate in RATES]
    return Prompts(rng.normal(scale=BETWEEN, size=n), np.array(rates))


def respond(prompts: Prompts, change: float, rng: np.random.Generator, label: str) -> dict[str, np.ndarray]:
    """A table of responses: log lengths shift by ``change``, and so large a share of the rest is hit."""
    n = len(prompts.length)
    counts = np.minimum(1 + rng.geometric(0.3, size=n), 12)
    at = np.repeat(np.arange(n), counts)
    own = rng.normal(scale=OWN, size=n)
    log_length = 5 + change + (prompts.length + own)[at] + rng.normal(scale=WITHIN, size=len(at))
    table: dict[str, np.ndarray] = {
        "prompt_id": np.array([f"{label}{i:04d}" for i in range(n)])[at],
        "length": np.exp(log_length),
    }
    for rate, of_prompts in zip(RATES, prompts.rates, strict=True):
        hits = rng.random(len(at)) < of_prompts[at]
        table[f"rate {rate}"] = hits | (rng.random(len(at)) < change)
    return table


def truth(change: float) -> np.ndarray:
    """Of the length and of the rates, over all prompts that there could be."""
    length = np.exp(5 + change + (BETWEEN**2 + OWN**2 + WITHIN**2) / 2)
    return np.array([length, *(rate + (1 - rate) * change for rate in RATES)])


def pair(n: int, change: float, rng: np.random.Generator, *, paired: bool) -> tuple[Estimates, Estimates]:
    first = draw_prompts(n, rng)
    second = first if paired else draw_prompts(n, rng)
    before = respond(first, 0.0, rng, "p")
    after = respond(second, change, rng, "p" if paired else "q")
    return means(before, QUANTITIES), means(after, QUANTITIES)


def print_coverage(replications: int) -> None:
    rng = np.random.default_rng(1)
    print(
        "Coverage of 95 % intervals, of a value and of a change; the last is the relative change of length.\n"
    )
    names = ("length", *(f"rate {rate}" for rate in RATES))
    print(f"| prompts | paired | change | {' | '.join(names)} | relative |")
    print(f"|{' ---: |' * (4 + len(names))}")
    cases = [(n, paired, change) for n in (20, 200) for paired in (True, False) for change in (0.0, 0.1)]
    for n, paired, change in cases:
        true, goal = truth(change) - truth(0.0), truth(change)
        moved, relative, level = [], [], []
        for _ in range(replications):
            before, after = pair(n, change, rng, paired=paired)
            found = diff(before, after)
            moved.append((found.low <= true) & (true <= found.high))
            ends = found.relative(0)
            relative.append(ends is not None and ends.low <= np.expm1(change) <= ends.high)
            low, high = after.intervals()
            level.append((low <= goal) & (goal <= high))
        held = zip(np.mean(level, axis=0), np.mean(moved, axis=0), strict=True)
        cells = " | ".join(f"{own:.1%}, {both:.1%}" for own, both in held)
        kind = "yes" if paired else "no"
        print(f"| {n} | {kind} | {change:g} | {cells} | {np.mean(relative):.1%} |", flush=True)


def side_by_side(groups: Sequence[dict[str, np.ndarray]]) -> Estimates:
    """Quantities of several tables in one, the groups numbered; prompts are those of all."""
    prompts = np.concatenate([group["prompt_id"] for group in groups])
    ends = np.cumsum([len(group["prompt_id"]) for group in groups])
    table: dict[str, np.ndarray] = {"prompt_id": prompts}
    quantities: list[Quantity] = []
    for number, (group, end) in enumerate(zip(groups, ends, strict=True)):
        for quantity in QUANTITIES:
            column = np.full(len(prompts), np.nan)
            column[end - len(group["prompt_id"]) : end] = group[quantity.name]
            quantities.append(Quantity(f"{quantity.name} {number}", quantity.unit))
            table[quantities[-1].name] = column
    return means(table, quantities)


def print_discoveries(replications: int) -> None:
    rng = np.random.default_rng(2)
    print(
        f"\n{GROUPS * len(QUANTITIES)} quantities in groups of five; all change in two groups, or in none:\n"
    )
    print("| prompts | paired | changed | false discoveries | any false | power |\n|" + " ---: |" * 6)
    cases = [(n, paired, changed) for n in (20, 200) for paired in (True, False) for changed in (0, 2)]
    for n, paired, changed in cases:
        rates, anything, power = [], [], []
        for _ in range(replications):
            shifts = [0.1 * (group < changed) for group in range(GROUPS)]
            first = [draw_prompts(n, rng) for _ in shifts]
            second = first if paired else [draw_prompts(n, rng) for _ in shifts]
            mark = "p" if paired else "q"
            a = side_by_side([respond(one, 0.0, rng, "p") for one in first])
            b = side_by_side(
                [respond(one, shift, rng, mark) for one, shift in zip(second, shifts, strict=True)]
            )
            found, moved = diff(a, b).changed, np.repeat(np.array(shifts) > 0, len(QUANTITIES))
            rates.append(np.sum(found & ~moved) / max(np.sum(found), 1))
            anything.append((found & ~moved).any())
            power.append(np.mean(found[moved]) if moved.any() else np.nan)
        found = f"{np.mean(power):.1%}" if changed else ""
        kind = "yes" if paired else "no"
        print(
            f"| {n} | {kind} | {changed * len(QUANTITIES)} | {np.mean(rates):.1%} | {np.mean(anything):.1%} "
            f"| {found} |",
            flush=True,
        )


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--replications", 1000, quick=5, help="diffs for each row")
    asked = options.parse_args(arguments)
    print(f"{describe_machine()}\n")
    print_coverage(asked.replications)
    print_discoveries(asked.replications)
