"""What the choice model recovers of known scores, with and without a pooled prior, beside Elo.

The scores are those of five published models, fitted to how often each of 144 traits was chosen: which pairs
met is not published, so they solve "expected wins = observed wins" in a full round-robin. Tournaments are
simulated from them on mien's own designs, the first option favoured by 0.4 log odds. A model's pooled prior
is from one tournament of each of the four others, of 10,296 pairs.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np
import scipy.optimize
import scipy.stats

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.stats import choice
from mien.stats.choice import empirical_bayes as priors
from mien.stats.choice import pooled
from mien.stats.choice.assisted_intervals import assisted_interval
from mien.stats.choice.trials import Trials
from mien.stats.comparisons import Comparisons
from mien.stats.design.trials import Design, lay_out, rounds_for
from mien.stats.diffs import diff
from mien.stats.distributions import t_half_width
from mien.stats.profiles import rate
from mien.stats.profiles.elo import sequential_elo
from mien.types import Prompt

if TYPE_CHECKING:
    from collections.abc import Sequence

WIN_COUNTS = Path(__file__).resolve().parents[1] / "../shared/data/win_counts.csv"
OPTIONS = (2, 4, 8)
BUDGETS = (250, 500, 1_000, 2_000, 5_000, 10_296)
NULL_BUDGETS = (1_000, 2_000, 5_000, 10_296)
HARD_BUDGETS = (500, 2_000, 10_296)
FIRST = 0.4  # log odds in favour of the first option
N_DESIGNS = 4
PROMPTS = tuple(Prompt(f"p{i:03d}", f"prompt {i}", category=f"category {i % 12}") for i in range(720))


class Shown(NamedTuple):
    """What is shown in a tournament: options (T, K) and prompts (T,)."""

    options: np.ndarray
    prompt: np.ndarray

    def first(self, n_trials: int) -> Shown:
        return Shown(self.options[:n_trials], self.prompt[:n_trials])


class Recovered(NamedTuple):
    """Estimated scores: rank correlation with the truth, coverage of each trait, slope on the truth."""

    rho: float
    covered: np.ndarray
    slope: float


class Recovery(NamedTuple):
    """One tournament under both priors, its Elo, and its position effect."""

    flat: Recovered
    pooled: Recovered
    elo: float
    weight: float  # of the pooled prior, mean over traits
    position: float
    position_covered: bool


def read_win_counts(path: Path) -> tuple[list[str], dict[str, np.ndarray]]:
    if not path.is_file():
        print(f"skipped: no win counts at {path}; say where with --win-counts")
        raise SystemExit
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    counts = np.array([[float(cell) for cell in row[1:]] for row in rows])
    return [row[0] for row in rows], dict(zip(header[1:], counts.T, strict=True))


def scores_from_wins(wins: np.ndarray) -> np.ndarray:
    """Scores under which each trait expects the wins that it had, in a full round-robin.

    Half a game is added on either side, so that a trait that always won has a finite score.
    """
    n = len(wins)
    played = 2 * wins.sum() / n
    target = (wins + 0.5) / (played + 1)
    target *= n / 2 / target.sum() * (n - 1)

    def negative_log_likelihood(scores: np.ndarray) -> tuple[float, np.ndarray]:
        gap = scores[:, None] - scores
        beaten = 1 / (1 + np.exp(-gap))
        np.fill_diagonal(beaten, 0)
        value = np.triu(np.logaddexp(scores[:, None], scores), 1).sum() - target @ scores
        return value, beaten.sum(axis=1) - target

    found = scipy.optimize.minimize(negative_log_likelihood, np.zeros(n), jac=True, method="BFGS")
    return found.x - found.x.mean()


def choose(scores: np.ndarray, shown: Shown, rng: np.random.Generator, effects: np.ndarray | None = None):
    """Choices from the model; ``effects`` (prompts, traits) are added to the scores under each prompt."""
    utilities = scores[shown.options]
    if effects is not None:
        utilities = utilities + effects[shown.prompt[:, None], shown.options]
    utilities = utilities + rng.gumbel(size=utilities.shape)
    utilities[:, 0] += FIRST
    return utilities.argmax(axis=1)


def choose_alike(scores: np.ndarray, shown: Shown, rng: np.random.Generator):
    """Choices of which each follows the model, while those of one prompt hang together.

    A prompt draws its liking of each trait once, where `choose` draws it anew for each trial.
    """
    liking = rng.gumbel(size=(int(shown.prompt.max()) + 1, len(scores)))
    utilities = scores[shown.options] + liking[shown.prompt[:, None], shown.options]
    utilities[:, 0] += FIRST
    return utilities.argmax(axis=1)


def estimate(fit: choice.ChoiceFit) -> priors.Estimate:
    return priors.Estimate.unshrunk(fit.scores, fit.bread, fit.alpha, fit.inflation)


def estimates(truth: list[np.ndarray], shown: Shown, rng: np.random.Generator) -> list[priors.Estimate]:
    """One long tournament of each model, for the priors of the others."""
    n = len(truth[0])
    return [
        estimate(choice.fit(Trials.of(shown.options, choose(scores, shown, rng), n, clusters=shown.prompt)))
        for scores in truth
    ]


def recovered(fit: choice.ChoiceFit, intervals: tuple[np.ndarray, np.ndarray], scores: np.ndarray):
    low, high = intervals
    return Recovered(
        rho=scipy.stats.spearmanr(fit.scores, scores).statistic,
        covered=(low < scores) & (scores < high),
        slope=float(fit.scores @ scores / (scores @ scores)),
    )


def own_intervals(fit: choice.ChoiceFit) -> tuple[np.ndarray, np.ndarray]:
    margin = t_half_width(0.95, fit.n_clusters - 1) * fit.stderr
    return fit.scores - margin, fit.scores + margin


def pooled_intervals(flat: choice.ChoiceFit, found: pooled.PooledFit) -> tuple[np.ndarray, np.ndarray]:
    df = flat.n_clusters - 1
    low, high = assisted_interval(flat.scores, flat.stderr, found.foretold, df=df, confidence_level=0.95)
    return np.minimum(low, found.fit.scores), np.maximum(high, found.fit.scores)


def recover(scores: np.ndarray, shown: Shown, chosen: np.ndarray, others: list[priors.Estimate]) -> Recovery:
    n, n_options = len(scores), shown.options.shape[1]
    trials = Trials.of(shown.options, chosen, n, clusters=shown.prompt)
    flat = choice.fit(trials)
    found = pooled.fit(trials, priors.pool(estimate(flat), others))
    contrast = np.zeros(n + n_options)
    contrast[n:] = -1 / (n_options - 1)
    contrast[n] = 1
    position = contrast[n:] @ (flat.positions - flat.position_bias)
    margin = t_half_width(0.95, flat.n_clusters - 1) * np.sqrt(contrast @ flat.covariance @ contrast)
    elo = sequential_elo(shown.options, chosen, n)
    return Recovery(
        flat=recovered(flat, own_intervals(flat), scores),
        pooled=recovered(found.fit, pooled_intervals(flat, found), scores),
        elo=scipy.stats.spearmanr(elo, scores).statistic,
        weight=float(found.fit.shrinkage.mean()),
        position=position,
        position_covered=bool(abs(position - FIRST) < margin),
    )


def null_diff(scores: np.ndarray, shown: Shown, rng: np.random.Generator, spread: float):
    """Two runs of one character on the same trials. Each prompt shifts every trait, alike in both runs."""
    effects = spread * rng.normal(size=(len(PROMPTS), len(scores)))
    profiles = [
        rate(
            Comparisons(
                traits=tuple(f"t{i:03d}" for i in range(len(scores))),
                options=shown.options,
                chosen=choose(scores, shown, rng, effects).astype(np.int32),
                cluster=shown.prompt,
                clusters=tuple(prompt.id for prompt in PROMPTS),
            )
        )
        for _ in range(2)
    ]
    return diff(*profiles)


Found = dict[tuple[int, int, str], list[Recovery]]


def find(
    truth: dict[str, np.ndarray],
    designs: dict[int, list[Shown]],
    pools: list[list[priors.Estimate]],
) -> Found:
    """Recoveries by options, trials and model: one for each pool."""
    rng = np.random.default_rng(1)
    found: Found = {}
    for n_options, shown in designs.items():
        for budget in BUDGETS:
            for i, (model, scores) in enumerate(truth.items()):
                found[n_options, budget, model] = [
                    recover(scores, part, choose(scores, part, rng), [*pool[:i], *pool[i + 1 :]])
                    for r, pool in enumerate(pools)
                    for part in [shown[r % len(shown)].first(budget)]
                ]
    return found


def print_ranks(found: Found, models: list[str], replications: int) -> None:
    print("Spearman's ρ with the truth: choice model with the flat prior / with the pooled prior /")
    print(f"sequential Elo (K = 32), mean of {replications} tournaments.")
    for n_options in OPTIONS:
        print(f"\n{n_options} options a trial:\n")
        print("| model | " + " | ".join(f"{budget:,} trials" for budget in BUDGETS) + " |")
        print("| --- |" + " ---: |" * len(BUDGETS))
        for model in models:
            means = [
                np.mean([(r.flat.rho, r.pooled.rho, r.elo) for r in found[n_options, b, model]], axis=0)
                for b in BUDGETS
            ]
            cells = [" / ".join(f"{rho:.3f}" for rho in triple) for triple in means]
            print(f"| {model} | " + " | ".join(cells) + " |")


def print_goal(found: Found, models: list[str]) -> None:
    print("\n2,000 trials with the pooled prior, beside sequential Elo after 10,296 (mean ± s.e.):\n")
    columns = [f"pooled, 2,000 trials of {n_options}" for n_options in OPTIONS]
    print("| model | Elo, 10,296 trials of 2 | " + " | ".join(columns) + " |")
    print("| --- | ---: |" + " ---: |" * len(columns))
    for model in models:
        rhos = [[r.elo for r in found[2, 10_296, model]]]
        rhos += [[r.pooled.rho for r in found[n_options, 2_000, model]] for n_options in OPTIONS]
        cells = [f"{np.mean(x):.4f} ± {scipy.stats.sem(x):.4f}" for x in rhos]
        print(f"| {model} | " + " | ".join(cells) + " |")


def print_coverage(found: Found, models: list[str]) -> None:
    print("\nCoverage of 95 % intervals (in brackets: the lowest and highest of a model); slope of the")
    print("estimated on the true scores; mean weight of the pooled prior:\n")
    print("| options | trials | flat | slope | pooled | slope | weight of the prior |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for n_options in OPTIONS:
        for budget in BUDGETS:
            cells = []
            for kind in ("flat", "pooled"):
                every = [[getattr(r, kind) for r in found[n_options, budget, model]] for model in models]
                each = [np.mean([r.covered for r in of_model]) for of_model in every]
                slope = np.mean([r.slope for of_model in every for r in of_model])
                cells += [f"{np.mean(each):.1%} ({min(each):.1%} … {max(each):.1%})", f"{slope:.3f}"]
            weight = np.mean([r.weight for model in models for r in found[n_options, budget, model]])
            print(f"| {n_options} | {budget:,} | " + " | ".join(cells) + f" | {weight:.0%} |")
    print("\nPosition effect under the flat prior, planted at 0.4 log odds:\n")
    print("| options | trials | mean ± s.e. | coverage |")
    print("| ---: | ---: | ---: | ---: |")
    for n_options in OPTIONS:
        for budget in NULL_BUDGETS:
            every = [r for model in models for r in found[n_options, budget, model]]
            position = np.array([r.position for r in every])
            print(
                f"| {n_options} | {budget:,} | {position.mean():.4f} ± {scipy.stats.sem(position):.4f} "
                f"| {np.mean([r.position_covered for r in every]):.1%} |"
            )


def precision(scores: np.ndarray, shown: Shown) -> np.ndarray:
    """(4,) inverse of the mean variance of a score: all traits, the upper, the middle, the lower third."""
    n = len(scores)
    trials = Trials.of(shown.options, np.zeros(len(shown.options), dtype=int), n)
    _, chances = trials.log_likelihood(np.concatenate([scores, np.zeros(shown.options.shape[1])]))
    variance = np.diag(np.linalg.inv(trials.information(chances)[:n, :n] + 1 / n)) - 1 / n
    thirds = np.array_split(variance[np.argsort(-scores)], 3)
    return 1 / np.array([variance.mean(), *(third.mean() for third in thirds)])


def print_information(truth: dict[str, np.ndarray], designs: dict[int, list[Shown]]) -> None:
    n = len(next(iter(truth.values())))
    print("\nPrecision (1 / mean variance of a score) that a trial gives, as a multiple of that of a pair:\n")
    print("| options | no preference | the five: all traits | upper third | middle third | lower third |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for n_options in OPTIONS[1:]:
        more, pairs = designs[n_options][0], designs[2][0]
        flat = precision(np.zeros(n), more)[0] / precision(np.zeros(n), pairs)[0]
        ratios = [precision(scores, more) / precision(scores, pairs) for scores in truth.values()]
        cells = [f"{ratio:.2f}" for ratio in (flat, *np.mean(ratios, axis=0))]
        print(f"| {n_options} | " + " | ".join(cells) + " |")


def drawn(truth: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """As many new characters as there are true ones, from a population such as the pooled prior assumes."""
    known, n = np.array(truth), len(truth[0])
    scores = []
    for _ in truth:
        own = np.exp(rng.normal(np.log(0.2), priors.SPREAD_OF_OWN) / 2)
        weights = rng.normal(1 / len(truth), 0.2, size=len(truth))
        scores.append(weights @ known + own * rng.normal(size=n))
    return [x - x.mean() for x in scores]


def print_hard_coverage(truth: list[np.ndarray], designs: list[Shown], replications: int) -> None:
    rng = np.random.default_rng(3)
    print("\nCoverage of 95 % intervals for characters drawn anew from a population, and where the trials of")
    print("a prompt hang together (60 prompts, each with a liking of its own for each trait):\n")
    print("| characters | trials | flat | pooled |")
    print("| --- | ---: | ---: | ---: |")
    few = [Shown(shown.options, shown.prompt % 60) for shown in designs]
    for label, draw, pick, laid_out in (
        ("drawn anew", drawn, choose, designs),
        ("drawn anew, prompts that hang together", drawn, choose_alike, few),
        ("the five, prompts that hang together", lambda known, _: known, choose_alike, few),
    ):
        for budget in HARD_BUDGETS:
            found: list[Recovery] = []
            for r in range(replications):
                characters, shown = draw(truth, rng), laid_out[r % len(laid_out)]
                pool, part = estimates(characters, shown, rng), shown.first(budget)
                found += [
                    recover(scores, part, pick(scores, part, rng), [*pool[:i], *pool[i + 1 :]])
                    for i, scores in enumerate(characters)
                ]
            cells = [np.mean([getattr(r, kind).covered for r in found]) for kind in ("flat", "pooled")]
            print(f"| {label} | {budget:,} | {cells[0]:.1%} | {cells[1]:.1%} |")


def print_null_diffs(truth: dict[str, np.ndarray], designs: list[Shown], replications: int) -> None:
    rng = np.random.default_rng(2)
    print("\nTwo runs of one character on the same trials, false-discovery rate 5 %; under a prompt effect,")
    print("each prompt shifts every trait by a draw with this standard deviation, alike in both runs:\n")
    print("| trials | prompt effect | traits called changed | diffs with any | p < .05 | omnibus p < .05 |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for budget in NULL_BUDGETS:
        for spread in (0.0, 1.0):
            every = [
                null_diff(scores, designs[r % len(designs)].first(budget), rng, spread)
                for scores in truth.values()
                for r in range(replications)
            ]
            omnibus = [d.omnibus["p"] for d in every]
            rejected = "not given" if None in omnibus else f"{np.mean(np.array(omnibus) < 0.05):.1%}"
            print(
                f"| {budget:,} | {spread:g} | {np.mean([d.changed for d in every]):.2%} "
                f"| {np.mean([d.changed.any() for d in every]):.1%} "
                f"| {np.mean([d.p < 0.05 for d in every]):.1%} | {rejected} |"
            )


def planned(traits: list[str], n_options: int, *, seed: int) -> Design:
    rounds = rounds_for(len(traits), n_options=n_options, trials=BUDGETS[-1])
    return lay_out(traits, PROMPTS, rounds=rounds, n_options=n_options, seed=seed)


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_argument("--win-counts", type=Path, default=WIN_COUNTS)
    options.add_size("--replications", 32, quick=1, help="tournaments for each model and length")
    asked = options.parse_args(arguments)
    traits, wins = read_win_counts(asked.win_counts)
    truth = {model: scores_from_wins(counts) for model, counts in wins.items()}
    designs = {
        n_options: [
            Shown(d.options, d.prompt)
            for seed in range(N_DESIGNS)
            for d in [planned(traits, n_options, seed=seed)]
        ]
        for n_options in OPTIONS
    }
    scores, replications, models = [*truth.values()], asked.replications, [*truth]
    rng = np.random.default_rng(0)
    pools = [estimates(scores, designs[2][r % N_DESIGNS], rng) for r in range(replications)]
    print(f"{describe_machine()}\n")
    found = find(truth, designs, pools)
    print_ranks(found, models, replications)
    print_goal(found, models)
    print_information(truth, designs)
    print_coverage(found, models)
    print_hard_coverage(scores, designs[2], max(replications // 4, 1))
    print_null_diffs(truth, designs[2], max(replications // 4, 1))
