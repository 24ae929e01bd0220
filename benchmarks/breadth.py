"""Breadth: planted ranges, traits that a model cannot take, and judges that cannot read them.

Each round draws readings of scripted replies on 24 prompts, as `mien breadth character` lays them out and
without a store: every reply stands at its level's score and a draw of its own, which its readings share,
and a judge compares two by the difference, with a leaning to what it is shown first. What the range is then
expected to be is that of very many prompts. Told are how often it lies in the interval; what a model that
cannot take a trait, and one that can, are called by a judge that reads and by one that tosses a coin; how
often the share of 36 traits above the bound lies in its interval; and what a diff finds of six traits that
an update narrowed.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.evals.breadth.answered import Hits
from mien.evals.breadth.scores import BOUND
from mien.evals.breadth.stretch import COMPARED, MEAN
from mien.stats.diffs import diff
from mien.stats.estimates import Points, Quantity
from mien.stats.estimates.stacked import stacked, with_mean
from mien.stats.proportions import proportion
from mien.stats.stretch import LEVELS, PARTS, Stretch, stretch, wide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.stats.estimates import Estimates
    from mien.types import Floats

PROMPTS: Final = 24
FIRST, SPREAD = 0.3, 0.5  # the judge's leaning, and the standard deviation of replies at one level, log odds
LEVEL = np.array(LEVELS, dtype=float)
PLANTED: Final = {
    "cannot": 0 * LEVEL,
    "slope .2": 0.2 * LEVEL,
    "slope .5": 0.5 * LEVEL,
    "slope 1": 1.0 * LEVEL,
    "ceiling at +1": np.where(LEVEL > 1, 0.6, 0.6 * LEVEL),
    "down alone": np.where(LEVEL > 0, 0.0, 0.8 * LEVEL),
}


def read(scores: Floats, prompts: int, rng: np.random.Generator, name: str = "x") -> Stretch:
    """What a judge's readings come to."""
    low, high = np.array(COMPARED).T
    pairs = np.concatenate([np.stack([low, high], 1), np.stack([high, low], 1)])
    own = scores + rng.normal(0, SPREAD, (prompts, len(LEVELS)))
    odds = own[:, pairs[:, 0] + 3] - own[:, pairs[:, 1] + 3] + FIRST
    chosen = (rng.random(odds.shape) > 1 / (1 + np.exp(-odds))).astype(int)
    names = [f"p{prompt:06}" for prompt in range(prompts) for _ in pairs]
    return stretch(name, np.tile(pairs, (prompts, 1)), chosen.ravel(), names)


@cache
def expected(name: str) -> tuple[float, ...]:
    """`PARTS` of what was planted, over very many prompts."""
    return tuple(read(PLANTED[name], 20_000, np.random.default_rng(1)).estimates.values.tolist())


def print_ranges(rounds: int) -> None:
    print("| planted | range | mean found | interval, half | range in it | up | asymmetry | slope |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    rng, whole = np.random.default_rng(2), np.zeros(len(PARTS))
    for name, scores in PLANTED.items():
        truth = np.array(expected(name))
        covered, values, widths = np.zeros(len(PARTS)), [], []
        for _ in range(rounds):
            estimates = read(scores, PROMPTS, rng).estimates
            low, high = estimates.intervals()
            covered += (low <= truth) & (truth <= high)
            values.append(estimates.values[0])
            widths.append((high[0] - low[0]) / 2)
        whole += covered
        shares = " | ".join(f"{covered[PARTS.index(part)] / rounds:.1%}" for part in (*PARTS[:2], *PARTS[3:]))
        print(f"| {name} | {truth[0]:.0f} | {np.mean(values):.0f} | {np.mean(widths):.0f} | {shares} |")
    whole /= rounds * len(PLANTED)
    shares = " | ".join(f"{whole[PARTS.index(part)]:.1%}" for part in (*PARTS[:2], *PARTS[3:]))
    print(f"| all | | | | {shares} |")


def state(scores: Floats, accuracy: float, rng: np.random.Generator) -> str:
    """What a model is called of a trait, by a judge of such accuracy on planted replies.

    One of .5 tosses a coin on the model's replies, too.
    """
    right = rng.random(8) < accuracy
    share = proportion(right, clusters=np.repeat(np.arange(4), 2))
    found = read(scores if accuracy > 0.5 else 0 * scores, PROMPTS, rng)
    low, high = (float(ends[0]) for ends in found.estimates.intervals())
    if not Hits(share, int(right.sum())).reads:
        return "not readable"
    if low > BOUND:
        return "wide"
    if high >= BOUND or found.endless:
        return "undecided"
    return "narrow" if low > 0 else "cannot"


def print_states(rounds: int) -> None:
    states = ("wide", "undecided", "narrow", "cannot", "not readable")
    print(f"\n| model | judge, right in | {' | '.join(states)} |")
    print(f"| --- | ---: |{' ---: |' * len(states)}")
    rng = np.random.default_rng(3)
    for name in ("slope 1", "cannot"):
        for accuracy in (0.98, 0.9, 0.5):
            found = Counter(state(PLANTED[name], accuracy, rng) for _ in range(rounds))
            cells = " | ".join(f"{found[one] / rounds:.1%}" for one in states)
            print(f"| {name} | {accuracy:.0%} | {cells} |")


def character(slopes: Floats, rng: np.random.Generator) -> list[Stretch]:
    """A model with such slopes, a trait each."""
    return [read(slope * LEVEL, PROMPTS, rng, f"trait {n}") for n, slope in enumerate(slopes)]


def joined(stretches: Sequence[Stretch]) -> Estimates:
    """The ranges, and their mean before them."""
    ranges = stacked([one.estimates.only(one.estimates.names[0]) for one in stretches])
    return with_mean(ranges, ranges.names, Quantity(MEAN, Points()))


def print_characters(rounds: int) -> None:
    """36 traits: six that it cannot take, six on the bound, and others beyond; six are narrowed, or none."""
    rng = np.random.default_rng(4)
    slopes = np.concatenate([np.zeros(6), np.full(6, 0.4), np.linspace(0.6, 1.2, 24)])
    narrowed = slopes.copy()
    narrowed[[14, 18, 22, 26, 30, 34]] *= 0.5
    truth = np.mean([_range(slope) > BOUND for slope in slopes])
    covered = false_calls = null_calls = mean_found = 0
    found: list[int] = []
    widths: list[float] = []
    for _ in range(rounds):
        before = character(slopes, rng)
        share = wide(before, BOUND)
        covered += share.low <= truth <= share.high
        widths.append(share.high - share.low)
        equal, after = (joined(character(one, rng)) for one in (slopes, narrowed))
        same, changed = diff(joined(before), equal), diff(joined(before), after)
        null_calls += bool(same.changed.any())
        called = {change.name: change.delta for change in changed.changes if change.changed}
        mean_found += called.pop(MEAN, 0.0) < 0
        real = {f"trait {n}" for n in np.flatnonzero(narrowed != slopes)}
        found.append(len(real & {*called}))
        false_calls += len({*called} - real)
    n_real = int(np.count_nonzero(narrowed != slopes))
    print(
        f"\nOf 36 traits, {truth:.0%} have a range above {BOUND:.0f} points: in the interval in "
        f"{covered / rounds:.1%} of {rounds} characters, {np.mean(widths):.2f} wide on average."
    )
    print(
        f"Two alike: any trait called changed (q < .05) in {null_calls / rounds:.1%}. Six narrowed to half: "
        f"{np.mean(found) / n_real:.0%} of them found, false among those called "
        f"{false_calls / max(sum(found) + false_calls, 1):.1%}, the mean range found to have shrunk in "
        f"{mean_found / rounds:.0%}."
    )


@cache
def _range(slope: float) -> float:
    return float(read(slope * LEVEL, 4_000, np.random.default_rng(1)).estimates.values[0])


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--rounds", 400, quick=4, help="models of each kind")
    options.add_size("--characters", 100, quick=2, help="characters of 36 traits, three times each")
    asked = options.parse_args(arguments)
    print(f"{describe_machine()}\n")
    print_ranges(asked.rounds)
    print_states(asked.rounds)
    print_characters(asked.characters)
