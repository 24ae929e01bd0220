"""How many trials are saved by choosing each round's pairs by what is known so far.

The truth is that of `truth.py`. A tournament begins with four rounds of mien's design. Then two rounds at a
time are chosen: pairs, every trait in one pair a round, for the largest expected drop in the mean variance of
the scores. Each trait is first in one round of the two and second in the other, as in the design.

With B the inverse Hessian, x = e_a − e_b and w the expected information p(1 − p) of a trial, over the errors
of the scores and both orders, a pair takes w ‖B x‖²/(1 + w xᵀB x) from the trace of B. The matching of most
weight is found by exchanges between two pairs; they come within 1 % of the best.

Pairs chosen by earlier verdicts depend on their luck, and spread estimates too far: Bramley and Vitello
(2019, Assessment in Education 26, 43–58) measured that for comparative judgement. So errors are set beside
standard errors here, and coverage beside both.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np
import scipy.stats

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from benchmarks.truth import FIRST, N_DESIGNS, WIN_COUNTS, Shown, planned, read_win_counts, scores_from_wins
from mien.stats import choice
from mien.stats.choice.likelihood import Penalty, inverse_on_contrasts, maximise
from mien.stats.choice.trials import Trials
from mien.stats.design.trials import _orient  # the design's own rule of which comes first
from mien.stats.distributions import t_half_width
from mien.stats.profiles.elo import ELO_SCALE

if TYPE_CHECKING:
    from collections.abc import Sequence

START = 4  # rounds of the design
CHECKED = (8, 14, 28, 70)  # rounds after which a tournament is rated
SCALE = (4, 6, 8, 11, 14, 20, 28, 40, 56, 70, 100, 143)  # rounds of the design that they are set against
RIDGES = (choice.DEFAULT_ALPHA, 2 * choice.DEFAULT_ALPHA)  # rounds are chosen under the first
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(5)


class Rule(NamedTuple):
    """How many of each two rounds are adaptive, and whether a pair may meet again before all have met."""

    name: str
    adaptive: int
    repeats: bool = False


BALANCED = Rule("balanced", 0)
RULES = (
    Rule("adaptive, pairs may repeat", 2, repeats=True),
    Rule("adaptive", 2),
    Rule("every second round adaptive", 1),
)


class Rated(NamedTuple):
    """Of one tournament: what its fit says and what is so."""

    variance: float  # mean, as the fit gives it
    error: float  # mean squared, of the scores
    rho: float
    coverage: float
    slope: float


class Played(NamedTuple):
    """Tournaments (ridges, replications, models, checked, 5) of the design at `SCALE`, and of each rule."""

    checked: tuple[int, ...]
    balanced: np.ndarray
    by_rule: list[np.ndarray]


class Voter:
    """A model that chooses; with few prompts, each has a liking of its own for each trait."""

    def __init__(self, scores: np.ndarray, n_prompts: int, alike: bool, rng: np.random.Generator) -> None:
        self.scores, self.rng = scores, rng
        self.n_prompts = n_prompts
        self.liking = rng.gumbel(size=(n_prompts, len(scores))) if alike else None

    def choose(self, options: np.ndarray, begin: int) -> np.ndarray:
        prompt = (begin + np.arange(len(options))) % self.n_prompts
        liking = self.rng.gumbel(size=options.shape)
        if self.liking is not None:
            liking = self.liking[prompt[:, None], options]
        return (self.scores[options] + liking + np.array([FIRST, 0])).argmax(axis=1)


def expected_drop(params: np.ndarray, bread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, n) expected drop in the trace of the covariance by a trial of each pair, and its information."""
    n = len(params) - 2
    scores, rows = params[:n], bread[:n]
    products, variances = rows @ rows.T, bread[:n, :n]
    lengths = np.diag(products)[:, None] + np.diag(products) - 2 * products
    spread = np.maximum(np.diag(variances)[:, None] + np.diag(variances) - 2 * variances, 0)
    gap, first = scores[:, None] - scores, params[n] - params[n + 1]
    information = np.zeros((n, n))
    for node, weight in zip(NODES, NODE_WEIGHTS / NODE_WEIGHTS.sum(), strict=True):
        for place in (first, -first):
            p = 1 / (1 + np.exp(-(gap + node * np.sqrt(spread) + place)))
            information += weight * p * (1 - p) / 2
    return information * lengths / (1 + information * spread), information


def matching(gain: np.ndarray) -> np.ndarray:
    """(n/2, 2) pairs of much gain: the best first, then exchanges between two pairs while they gain."""
    n = len(gain)
    first, second = np.triu_indices(n, 1)
    free, found = np.ones(n, dtype=bool), []
    for k in np.argsort(-gain[first, second]):
        if free[first[k]] and free[second[k]]:
            free[[first[k], second[k]]] = False
            found.append((first[k], second[k]))
    pairs = np.array(found)
    while True:
        a, b = pairs.T
        straight = gain[np.ix_(a, a)] + gain[np.ix_(b, b)]
        crossed = gain[np.ix_(a, b)] + gain[np.ix_(b, a)]
        better = np.maximum(straight, crossed) - gain[a, b][:, None] - gain[a, b]
        np.fill_diagonal(better, -np.inf)
        touched = np.zeros(len(pairs), dtype=bool)
        for i, j in np.argwhere(better > 1e-12)[np.argsort(-better[better > 1e-12])].tolist():
            if not touched[[i, j]].any():
                touched[[i, j]] = True
                pairs[i], pairs[j] = (
                    ((a[i], a[j]), (b[i], b[j]))
                    if straight[i, j] > crossed[i, j]
                    else ((a[i], b[j]), (a[j], b[i]))
                )
        if not touched.any():
            return pairs


def after(bread: np.ndarray, pairs: np.ndarray, information: np.ndarray) -> np.ndarray:
    """The inverse Hessian that a round is expected to leave."""
    contrasts = np.zeros((len(pairs), len(bread)))
    contrasts[np.arange(len(pairs)), pairs[:, 0]] = 1
    contrasts[np.arange(len(pairs)), pairs[:, 1]] = -1
    reach = bread @ contrasts.T
    inner = np.diag(1 / information[pairs[:, 0], pairs[:, 1]]) + contrasts @ reach
    return bread - reach @ np.linalg.solve(inner, reach.T)


def next_rounds(
    rule: Rule, designed: list[np.ndarray], params: np.ndarray, bread: np.ndarray, met: np.ndarray
) -> np.ndarray:
    """(n, 2) options of the next two rounds in the order shown."""
    chosen = []
    for r, design in enumerate(designed):
        gain, information = expected_drop(params, bread)
        if not rule.repeats:
            gain = gain - np.where(met, gain.max() * len(gain), 0)
        np.fill_diagonal(gain, -np.inf)
        pairs = design if r < 2 - rule.adaptive else matching(gain)
        met[pairs[:, 0], pairs[:, 1]] = met[pairs[:, 1], pairs[:, 0]] = True
        bread = after(bread, pairs, information)
        chosen.append(pairs)
    return np.concatenate([np.array(part) for part in _orient(*chosen)])


def rate(voter: Voter, options: np.ndarray, chosen: np.ndarray, alpha: float) -> Rated:
    scores, prompt = voter.scores, np.arange(len(options)) % voter.n_prompts
    fit = choice.fit(Trials.of(options, chosen, len(scores), clusters=prompt), alpha=alpha)
    error = np.abs(fit.scores - scores)
    return Rated(
        variance=float(np.mean(fit.stderr**2)),
        error=float(np.mean(error**2)),
        rho=float(scipy.stats.spearmanr(fit.scores, scores).statistic),
        coverage=float(np.mean(error < t_half_width(0.95, fit.n_clusters - 1) * fit.stderr)),
        slope=float(fit.scores @ scores / (scores @ scores)),
    )


def tournament(rule: Rule, voter: Voter, shown: Shown, checked: tuple[int, ...]) -> list[list[Rated]]:
    """By ridge: a tournament of the rounds of a design, or chosen by the rule after the first `START`."""
    n = len(voter.scores)
    size = n // 2
    begun = START if rule.adaptive else checked[-1]
    options = shown.options[: begun * size].astype(np.int64)
    chosen = voter.choose(options, 0)
    met = np.eye(n, dtype=bool)
    met[options[:, 0], options[:, 1]] = met[options[:, 1], options[:, 0]] = True
    penalty, params = Penalty.ridge(RIDGES[0], n + 2), np.zeros(n + 2)
    while len(options) < checked[-1] * size:
        trials = Trials.of(options, chosen, n)
        params, probabilities, *_ = maximise(trials, penalty, params)
        bread = inverse_on_contrasts(trials.information(probabilities), n, penalty)
        designed = np.split(shown.options[len(options) : len(options) + n].astype(np.int64), 2)
        new = next_rounds(rule, designed, params, bread, met)
        chosen = np.concatenate([chosen, voter.choose(new, len(options))])
        options = np.concatenate([options, new])
    return [[rate(voter, options[: r * size], chosen[: r * size], a) for r in checked] for a in RIDGES]


def tournaments(
    rule: Rule,
    truth: list[np.ndarray],
    designs: list[Shown],
    checked: tuple[int, ...],
    replications: int,
    *,
    alike: bool,
) -> np.ndarray:
    """(ridges, replications, models, checked, 5) `Rated`."""
    found = []
    for r in range(replications):
        rngs = [np.random.default_rng([r, m, alike]) for m in range(len(truth))]
        voters = [Voter(s, 60 if alike else 720, alike, rng) for s, rng in zip(truth, rngs, strict=True)]
        found.append([tournament(rule, voter, designs[r % len(designs)], checked) for voter in voters])
    return np.moveaxis(np.array(found), 2, 0)


def needed(found: np.ndarray, balanced: np.ndarray, checked: tuple[int, ...]) -> np.ndarray:
    """(3, checked) rounds as a share of those of the design that give as much: variance, error, ρ."""
    mean, scale = found.mean(axis=(0, 1))[:, :3].T, balanced.mean(axis=(0, 1))[:, :3].T
    mean[2], scale[2] = 1 - mean[2], 1 - scale[2]
    return np.array(
        [
            np.array(checked) / np.exp(np.interp(np.log(m), np.log(s[::-1]), np.log(SCALE)[::-1]))
            for m, s in zip(mean, scale, strict=True)
        ]
    )


def play(truth: list[np.ndarray], designs: list[Shown], replications: int, *, alike: bool) -> Played:
    checked = CHECKED[:3] if alike else CHECKED
    return Played(
        checked,
        tournaments(BALANCED, truth, designs, SCALE, replications, alike=alike),
        [tournaments(rule, truth, designs, checked, replications, alike=alike) for rule in RULES],
    )


def print_rules(played: Played, ridge: int, n_traits: int) -> None:
    print("| rounds | trials | variance | squared error | ρ | RMSE, Elo | coverage | slope |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    checked, balanced = played.checked, played.balanced[ridge]
    rng = np.random.default_rng(0)
    resamples = rng.integers(len(balanced), size=(200, len(balanced)))
    at_checked = balanced[:, :, [SCALE.index(r) for r in checked]]
    for rule, found in zip(
        (BALANCED, *RULES), (at_checked, *(one[ridge] for one in played.by_rule)), strict=True
    ):
        share = needed(found, balanced, checked)
        error = np.std([needed(found[i], balanced[i], checked) for i in resamples], axis=0)
        mean = found.mean(axis=(0, 1))
        for k, rounds in enumerate(checked):
            cells = ["1" if rule is BALANCED else f"{share[i, k]:.2f} ± {error[i, k]:.2f}" for i in range(3)]
            print(
                f"| {rule.name} | {rounds * n_traits // 2:,} | " + " | ".join(cells) + " "
                f"| {ELO_SCALE * np.sqrt(mean[k, 1]):.0f} | {mean[k, 3]:.1%} | {mean[k, 4]:.2f} |"
            )


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_argument("--win-counts", type=Path, default=WIN_COUNTS)
    options.add_size("--replications", 10, quick=1, help="tournaments of each model")
    asked = options.parse_args(arguments)
    traits, wins = read_win_counts(asked.win_counts)
    truth = [scores_from_wins(counts) for counts in wins.values()]
    designs = [
        Shown(design.options, design.prompt)
        for seed in range(N_DESIGNS)
        for design in [planned(traits, 2, seed=seed)]
    ]
    replications = asked.replications
    print(f"{describe_machine()}; {replications} tournaments of each of {len(truth)} models.\n")
    print("Trials as a share of the balanced trials that give as small a mean variance, as the fit tells it,")
    print("as small a mean squared error, or as high a Spearman's ρ with the truth, ± simulation error;")
    print("root-mean-square error; coverage of 95 % intervals; slope of the estimated on the true scores:\n")
    played = play(truth, designs, replications, alike=False)
    print_rules(played, 0, len(traits))
    print(f"\nAll under a ridge of {RIDGES[1]:g} in place of {RIDGES[0]:g}:\n")
    print_rules(played, 1, len(traits))
    print("\nWhere the trials of a prompt hang together (60 prompts):\n")
    print_rules(play(truth, designs, replications, alike=True), 0, len(traits))
