"""What a model that rates itself is told to have said, where the truth is known.

Answers are drawn without any code of mien's. Each of 36 traits has a planted rating; each phrasing adds the
same to every answer, whichever way it asks, .4 steps on the average (a yea-sayer), and does something of its
own to each trait; each answer has noise. All is rounded and cut off at 1 and 5. The truth is the mean of what
would be said over all that phrasings may do to a trait.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.stats.diffs import diff
from mien.stats.inventories import Answers, Phrasing, inventory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.types import Floats

TRAITS, TURNED = 36, np.arange(8) >= 4
YES, YES_BETWEEN, TASTE, NOISE = 0.4, 0.2, 0.4, 0.5  # steps
CHANGE = 1.5


class Model(NamedTuple):
    """A model: planted ratings, (n,), what phrasings add to all answers, (P,), and to each trait, (n, P)."""

    ratings: Floats
    yes: Floats
    taste: Floats

    def said(self, rng: np.random.Generator, repeats: int) -> Answers:
        """Its answers, each question asked so many times."""
        asked = np.indices((TRAITS, len(TURNED), repeats)).reshape(3, -1)
        trait, phrasing = asked[0], asked[1]
        meant = (self.ratings[:, None] + self.taste)[trait, phrasing]
        noisy = _spoken(meant, phrasing, self.yes) + rng.normal(scale=NOISE, size=len(trait))
        return Answers(
            traits=[f"t{i:02}" for i in range(TRAITS)],
            phrasings=[Phrasing(f"p{i}", bool(turned)) for i, turned in enumerate(TURNED)],
            trait=trait,
            phrasing=phrasing,
            rating=np.clip(np.rint(noisy), 1, 5).astype(np.int64),
        )

    def truth(self, rng: np.random.Generator) -> Floats:
        """(n,) mean over phrasings of what would be said on the average."""
        noise = rng.normal(scale=np.hypot(TASTE, NOISE), size=4_000)
        found = np.zeros(TRAITS)
        for phrasing, turned in enumerate(TURNED):
            spoken = _spoken(self.ratings, np.full(TRAITS, phrasing), self.yes)
            mean = np.clip(np.rint(spoken[:, None] + noise), 1, 5).mean(axis=1)
            found += (6 - mean if turned else mean) / len(TURNED)
        return found


def _spoken(meant: Floats, phrasing: Floats, yes: Floats) -> Floats:
    return np.where(TURNED[phrasing], 6 - meant, meant) + yes[phrasing]


def simulate(spread: float, repeats: int, replications: int) -> str:
    """A row of the table."""
    rng = np.random.default_rng([round(100 * spread), repeats])
    held, kept, alarms, found, alpha, r = [], [], 0, 0, [], []
    for _ in range(replications):
        ratings = 3 + spread * rng.normal(size=TRAITS)
        ratings[0] = 2.25
        taste = TASTE * rng.normal(size=(TRAITS, len(TURNED)))
        model = Model(ratings, rng.normal(YES, YES_BETWEEN, len(TURNED)), taste)
        changed = model._replace(ratings=np.concatenate([ratings[:1] + CHANGE, ratings[1:]]))
        first, again, after = (inventory(one.said(rng, repeats)) for one in (model, model, changed))
        truth = model.truth(rng)
        low, high = first.estimates.intervals()
        held.append((low <= truth) & (truth <= high))
        same, other = diff(first, again), diff(first, after)
        kept.append((same.low <= 0) & (same.high >= 0))
        alarms += bool(same.changed.any())
        found += bool(other.changed[0])
        alpha.append(first.alpha["all"].value)
        r.append(np.corrcoef(first.estimates.values, truth)[0, 1] ** 2)
    return (
        f"| {spread} | {repeats} | {np.mean(held):.1%} | {np.mean(kept):.1%} | {alarms / replications:.1%} "
        f"| {found / replications:.1%} | {np.mean(alpha):.2f} | {np.mean(r):.2f} |"
    )


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--replications", 200, quick=5, help="simulated runs for each row")
    asked = options.parse_args(arguments)
    print(f"{describe_machine()}\n")
    heads = ("spread", "answers a question", "coverage", "coverage of no change", "false alarms")
    print(f"| {' | '.join((*heads, 'change found', 'α', 'r²'))} |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for spread in (0.4, 0.8, 1.6):
        for repeats in (1, 4):
            print(simulate(spread, repeats, asked.replications), flush=True)
