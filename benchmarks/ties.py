"""Ties: what the ratings say of choices that were held out, where ties are dropped, halves, or modelled.

Votes on pairs of 40 items with scores spread by .8, 2,000 to fit and 4,000 held out, in three worlds of which
none but the second is the model of any treatment: ties come by lot; as Davidson's model has them, the more
the closer the pair; or mostly among weak items. In each a quarter of the votes is tied, and a decided vote is
one of the model of Bradley and Terry. ``--votes`` does the same with a table of real votes: ten times, nine
tenths of the prompts (or of the rows, where prompts are few) are fitted and the rest is held out.

And how often 95 % intervals hold the truth of a treatment in its own world: of halves, one in which an option
is expected to have the share of a choice that the model of Bradley and Terry gives it, half of the votes near
even pairs being ties.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np
from scipy.special import expit

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.stats.choice import Trials, fit, scores
from mien.stats.comparisons import TIE_CODE
from mien.stats.correlation import rank_correlation
from mien.stats.distributions import t_half_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.types import Ties

N_ITEMS, N_FIT, N_HELD_OUT = 40, 2000, 4000
SPREAD = 0.8
TREATMENTS: tuple[Ties, ...] = ("drop", "half", "davidson")
WORLDS = ("by lot", "among close pairs", "among weak items")
OWN: dict[Ties, str] = {"drop": "by lot", "half": "as shares of a choice", "davidson": "among close pairs"}
FOLDS, FEW = 10, 50  # prompts below FEW are too few to hold a tenth of them out


class Said(NamedTuple):
    """What one fit says of decided votes that it has not seen, and of the ranks."""

    log_loss: float
    right: float
    ranks: float


def tie_probability(world: str, utilities: np.ndarray) -> np.ndarray:
    """Of each pair; about a quarter in the mean."""
    if world == "by lot":
        return np.full(len(utilities), 0.25)
    if world == "among close pairs":
        return 0.72 / (0.72 + 2 * np.cosh((utilities[:, 0] - utilities[:, 1]) / 2))
    return expit(-1.5 - 2 * utilities.mean(axis=1))


def votes(world: str, strengths: np.ndarray, n_votes: int, rng: np.random.Generator) -> Trials:
    shown = np.argsort(rng.random((n_votes, len(strengths))), axis=1)[:, :2]
    utilities = strengths[shown]
    first = expit(utilities[:, 0] - utilities[:, 1])
    if world == OWN["half"]:
        tie = np.minimum(first, 1 - first)
        first = (first - tie / 2) / (1 - tie)
    else:
        tie = tie_probability(world, utilities)
    second, tied = rng.random(n_votes) > first, rng.random(n_votes) < tie
    return Trials.of(shown, np.where(tied, TIE_CODE, second), len(strengths))


def treated(trials: Trials, ties: Ties) -> Trials:
    return trials.only(~trials.tied) if ties == "drop" else trials._replace(ties_apart=ties == "davidson")


def said(found: np.ndarray, held_out: Trials, truth: np.ndarray) -> Said:
    decided = held_out.only(~held_out.tied)
    first = expit(found[decided.options[0]] - found[decided.options[1]])
    chosen = np.where(decided.chosen == 0, first, 1 - first)
    return Said(
        log_loss=float(-np.log(chosen).mean()),
        right=float(np.mean(np.where(chosen == 0.5, 0.5, chosen > 0.5))),
        ranks=float(rank_correlation(found, truth, (None, None))["spearman"] or 0.0),
    )


def coverage(ties: Ties, run: int) -> float:
    """Share of 95 % intervals that hold the truth."""
    rng = np.random.default_rng([7, run])
    strengths = rng.normal(scale=SPREAD, size=N_ITEMS)
    strengths -= strengths.mean()
    found = fit(treated(votes(OWN[ties], strengths, N_FIT, rng), ties))
    half = t_half_width(0.95, found.n_clusters - 1) * found.stderr
    return float(np.mean(np.abs(found.scores - strengths) < half))


def folds(trials: Trials, rng: np.random.Generator) -> list[np.ndarray]:
    """What to hold out: whole prompts where there are many, else votes."""
    n_clusters = len(trials.clustered()[0])
    units = trials.clustered()[1] if n_clusters >= FEW else np.arange(trials.n_trials)
    return [part[units] for part in rng.integers(FOLDS, size=units.max() + 1) == np.arange(FOLDS)[:, None]]


def read(path: str, map_by: str) -> Trials:
    from mien.runs.interop.tables import comparisons_from_table, read_table

    return Trials.decided(comparisons_from_table(read_table(path, map_by=map_by)))


def cross_validated(trials: Trials) -> dict[Ties, list[Said]]:
    """Ranks are beside those of all votes, ties counted as half."""
    found: dict[Ties, list[Said]] = {ties: [] for ties in TREATMENTS}
    whole = scores(trials)
    for out in folds(trials, np.random.default_rng(0)):
        for ties in TREATMENTS:
            found[ties].append(said(scores(treated(trials.only(~out), ties)), trials.only(out), whole))
    return found


def report(name: str, by_treatment: dict[Ties, list[Said]]) -> None:
    for ties, runs in by_treatment.items():
        loss, right, ranks = np.mean(runs, axis=0)
        print(f"| {name} | {ties} | {loss:.4f} | {right:.1%} | {ranks:.3f} |", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Print a table as docs/benchmarks.md holds it."""
    parser = Options(__name__, __doc__)
    parser.add_size("--runs", 100, quick=2, help="samples of each world")
    parser.add_argument("--votes", metavar="FILE", help="a table of real votes, as mien import takes it")
    parser.add_argument("--map", default="", help="whose table it is, as of mien import")
    asked = parser.parse_args(argv)
    print("| ties | counted as | log loss | right | ranks |\n| --- | --- | ---: | ---: | ---: |")
    if asked.votes:
        trials = read(asked.votes, asked.map)
        report(f"{int(trials.tied.sum()):,} of {trials.n_trials:,}", cross_validated(trials))
    for number, world in enumerate(WORLDS if not asked.votes else ()):
        found: dict[Ties, list[Said]] = {ties: [] for ties in TREATMENTS}
        for run in range(asked.runs):
            rng = np.random.default_rng([number, run])
            strengths = rng.normal(scale=SPREAD, size=N_ITEMS)
            fitted, held_out = (votes(world, strengths, n, rng) for n in (N_FIT, N_HELD_OUT))
            for ties in TREATMENTS:
                found[ties].append(said(scores(treated(fitted, ties)), held_out, strengths))
        report(world, found)
    if not asked.votes:
        print("\n| counted as | ties | coverage |\n| --- | --- | ---: |")
        for ties, world in OWN.items():
            held = np.mean([coverage(ties, run) for run in range(asked.runs)])
            print(f"| {ties} | {world} | {held:.1%} |", flush=True)
    print(f"\n{describe_machine()}")
