"""What `mien compare` finds among models that are alike, in settings its methods were not made on.

The tests of what sets a model apart, and of how many components are more than noise, were settled on one
simulation (`compare.py`). Here are others: characters of other spread and kind, other numbers of traits, of
models and of trials, runs on trials and prompts of their own, prompts that pull on the traits. In most rows
of the first table one thing differs from its first. The second is of laws, and of numbers of models and
traits, on which nothing was ever settled, and has the spread of ranks.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np
import scipy.stats

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from benchmarks.truth import FIRST, N_DESIGNS, WIN_COUNTS, read_win_counts, scores_from_wins
from mien.models.organism.planted import load_planted
from mien.stats import choice
from mien.stats.choice import Trials
from mien.stats.correlation import ranks
from mien.stats.design.trials import Design, lay_out, rounds_for
from mien.stats.panels.components import components
from mien.stats.panels.convergence import convergence
from mien.stats.panels.distinct import distinct
from mien.stats.panels.noise import draws, members
from mien.stats.profiles.elo import ELO_SCALE
from mien.types import Prompt

if TYPE_CHECKING:
    from collections.abc import Sequence

N_PROMPTS = 400
N_RESAMPLES = 300
N_APART = 10
FDR = 0.05


class Setting(NamedTuple):
    """A panel of R models, alike but for what ``apart`` says."""

    name: str
    base: str = "normal"
    spread: float = 1.0  # of a normal base
    n_traits: int = 72
    n_models: int = 10
    n_trials: tuple[int, ...] = (1_008,)  # of the models in turn
    shared: str = "trials"  # what runs have in common: trials, prompts alone, or nothing
    n_prompts: int = N_PROMPTS
    prompt_effect: float = 0.0  # standard deviation, log odds, the same for all models
    apart: float = 0.0  # ten traits of the first model moved by so many log odds
    scattered: float = 0.0  # standard deviation of differences of all traits in all models


SETTINGS = (
    Setting("normal scores, sd 1; 72 traits, 10 models, 1,008 paired trials"),
    Setting("equal scores", spread=0.0),
    Setting("sd 2", spread=2.0),
    Setting("long tails (t, 3 df)", base="tails"),
    Setting("the organism's planted scores (36)", base="organism", n_traits=36),
    Setting("a published model, 36 of its traits", base="published", n_traits=36),
    Setting("a published model, 144 traits, 2,016 trials", "published", n_traits=144, n_trials=(2_016,)),
    Setting("250 trials", n_trials=(250,)),
    Setting("504 trials", n_trials=(504,)),
    Setting("5,040 trials", n_trials=(5_040,)),
    Setting("3 models", n_models=3),
    Setting("5 models", n_models=5),
    Setting("30 models", n_models=30),
    Setting("prompts shared, trials not", shared="prompts"),
    Setting("unpaired", shared="nothing"),
    Setting("unpaired, 3 models, 504 trials", shared="nothing", n_models=3, n_trials=(504,)),
    Setting("unpaired, 504 and 5,040 trials in turn", shared="nothing", n_trials=(504, 5_040)),
    Setting("40 prompts that pull on traits (sd 1)", n_prompts=40, prompt_effect=1.0),
    Setting("the same, unpaired", n_prompts=40, prompt_effect=1.0, shared="nothing"),
    Setting("ten traits of one model moved by 400 points, 2,016 trials", n_trials=(2_016,), apart=2.3),
    Setting("the same, unpaired", n_trials=(2_016,), apart=2.3, shared="nothing"),
    Setting("all traits of all models scattered by 50 points", scattered=0.29),
)

FRESH = (
    Setting("skewed, 36 traits, 5 models, 504 trials, unpaired", "skewed", 1, 36, 5, (504,), "nothing"),
    Setting("two groups, 36 traits, 10 models, 1,008 trials, unpaired", "groups", 1, 36, shared="nothing"),
    Setting("uniform, 36 traits, 20 models, 504 trials", "uniform", 1, 36, 20, (504,)),
    Setting(
        "two groups, 144 traits, 5 models, 2,016 trials, unpaired", "groups", 1, 144, 5, (2_016,), "nothing"
    ),
    Setting(
        "skewed, 36 traits, 5 models, 504 trials, unpaired; scattered by 120 points",
        "skewed",
        1,
        36,
        5,
        (504,),
        "nothing",
        scattered=0.69,
    ),
    Setting(
        "uniform, 36 traits, 20 models, 504 trials; as far", "uniform", 1, 36, 20, (504,), scattered=0.69
    ),
    Setting(
        "two groups, 144 traits, 10 models, 2,016 trials; as far",
        "groups",
        1,
        144,
        10,
        (2_016,),
        scattered=0.69,
    ),
)


class Found(NamedTuple):
    """Of one panel: false discoveries and rejections of true hypotheses, by model; coverage; components.

    ``spread`` is that of ranks: as seen, from noise alone, without noise, and the true one.
    """

    false: float
    rejected: float
    covered: float
    found: float  # of the differences planted in the first model
    kept: int
    spread: np.ndarray


def base_scores(setting: Setting, published: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    n = setting.n_traits
    if setting.base == "normal":
        scores = setting.spread * rng.normal(size=n)
    elif setting.base == "tails":
        scores = rng.standard_t(3, size=n) / np.sqrt(3)
    elif setting.base == "skewed":
        scores = rng.exponential(size=n)
    elif setting.base == "uniform":
        scores = rng.uniform(-2, 2, size=n)
    elif setting.base == "groups":
        scores = rng.choice([-1.2, 1.2], size=n) + 0.4 * rng.normal(size=n)
    elif setting.base == "organism":
        scores = np.array([*load_planted("v1").chooses.values()])
    else:
        scores = rng.permutation(rng.choice(published))[:n]
    return scores - scores.mean()


@functools.cache
def tournament(n_traits: int, n_trials: int, n_prompts: int, seed: int) -> Design:
    traits = [f"t{i:03d}" for i in range(n_traits)]
    prompts = [Prompt(f"p{i:03d}", f"prompt {i}", category="any") for i in range(n_prompts)]
    return lay_out(traits, prompts, rounds=rounds_for(n_traits, trials=n_trials), seed=seed)


def characters(setting: Setting, published: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """(R, n) true scores."""
    scores = np.tile(base_scores(setting, published, rng), (setting.n_models, 1))
    scores += setting.scattered * rng.normal(size=scores.shape)
    moved = rng.choice(setting.n_traits, N_APART, replace=False)
    scores[0, moved] += setting.apart * np.resize([1, -1], N_APART)
    return scores - scores.mean(axis=1, keepdims=True)


def fits(
    setting: Setting, truth: np.ndarray, replication: int, rng: np.random.Generator
) -> list[choice.ChoiceFit]:
    found = []
    effects: dict[int, np.ndarray] = {}
    for r, scores in enumerate(truth):
        n_trials = setting.n_trials[r % len(setting.n_trials)]
        design_seed = replication % N_DESIGNS + (0 if setting.shared == "trials" else r)
        laid_out = tournament(setting.n_traits, n_trials, setting.n_prompts, design_seed)
        source = r if setting.shared == "nothing" else 0
        if source not in effects:
            effects[source] = setting.prompt_effect * rng.normal(size=(setting.n_prompts, setting.n_traits))
        utilities = scores[laid_out.options] + effects[source][laid_out.prompt[:, None], laid_out.options]
        utilities += rng.gumbel(size=utilities.shape) + np.array([FIRST, 0])
        labels = laid_out.prompt + source * setting.n_prompts
        chosen = utilities.argmax(axis=1)
        found.append(choice.fit(Trials.of(laid_out.options, chosen, setting.n_traits, clusters=labels)))
    return found


def find(setting: Setting, published: list[np.ndarray], replication: int, seed: int) -> Found:
    rng = np.random.default_rng([replication, (*SETTINGS, *FRESH).index(setting), seed])
    truth = characters(setting, published, rng)
    panel = members(fits(setting, truth, replication, rng), [range(setting.n_traits)] * len(truth))
    apart = distinct(panel)
    delta = (truth - truth.mean(axis=0)) * len(truth) / (len(truth) - 1)
    null = np.isclose(delta, 0)
    called = apart.q < FDR
    false = called & (null | (np.sign(apart.delta) != np.sign(delta)))
    width = scipy.stats.t.ppf(0.975, apart.df)
    scores = ELO_SCALE * np.array([member.scores for member in panel])
    errors = ELO_SCALE * draws(panel, N_RESAMPLES, seed=replication)
    parts = components(scores, errors, n_resamples=N_RESAMPLES, seed=replication)
    return Found(
        false=float(np.mean(false.sum(axis=1) / np.maximum(called.sum(axis=1), 1))),
        rejected=float(np.mean(apart.p[null] < 0.05)) if null.any() else np.nan,
        covered=float(np.mean(np.abs(apart.delta - delta) < width * apart.stderr)),
        found=float(np.mean(called[np.abs(delta) > setting.apart / 2])) if setting.apart else np.nan,
        kept=parts.n_kept,
        spread=np.array([*spread(scores, errors), ranks(truth).std(axis=0, ddof=1).mean()]),
    )


def spread(scores: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Of ranks, mean over traits: as seen, from noise alone, without noise."""
    tiers = convergence(scores, errors)
    weights = np.array([tier["last"] - tier["first"] + 1 for tier in tiers]) / scores.shape[1]
    return np.array([[tier[key] for tier in tiers] for key in ("spread", "noise", "corrected")]) @ weights


def print_rows(
    settings: Sequence[Setting], published: list[np.ndarray], replications: int, seed: int, *, spreads: bool
) -> None:
    more = ("spread of ranks", "noise alone", "without noise", "true") if spreads else ()
    head = (
        "false discoveries",
        "p < .05",
        "coverage of Δ",
        "found",
        "components kept: 0",
        "1",
        "more",
        *more,
    )
    print(f"| panel | {' | '.join(head)} |\n| --- |{' ---: |' * len(head)}")
    for setting in settings:
        if setting.base == "published" and not published:
            print(f"| {setting.name} | skipped: no win counts |{' |' * (len(head) - 1)}")
            continue
        found = [find(setting, published, r, seed) for r in range(replications)]
        false = np.array([one.false for one in found])
        cells = [f"{false.mean():.1%} ± {scipy.stats.sem(false):.1%}"]
        means = (np.mean([getattr(one, key) for one in found]) for key in ("rejected", "covered", "found"))
        cells += ["" if np.isnan(mean) else f"{mean:.1%}" for mean in means]
        kept = np.minimum([one.kept for one in found], 2)
        cells += [f"{np.mean(kept == k):.0%}" for k in range(3)]
        if spreads:
            cells += [f"{value:.1f}" for value in np.mean([one.spread for one in found], axis=0)]
        print(f"| {setting.name} | {' | '.join(cells)} |", flush=True)


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--replications", 60, quick=1, help="panels a row")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--win-counts", type=Path, default=WIN_COUNTS)
    asked = options.parse_args(arguments)
    published: list[np.ndarray] = []
    if asked.win_counts.is_file():
        _, wins = read_win_counts(asked.win_counts)
        published = [scores_from_wins(counts) for counts in wins.values()]
    print(f"{describe_machine()}; {asked.replications} panels a row.\n")
    print_rows(SETTINGS, published, asked.replications, asked.seed, spreads=False)
    print()
    print_rows(FRESH, published, asked.replications, asked.seed, spreads=True)
