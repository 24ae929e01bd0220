"""What is found of scores that vary between kinds of prompts by a known amount.

Scores over all contexts are normal with standard deviation 1; in each context they deviate by a normal draw.
Trials are those of mien's own designs, the first option favoured by 0.3 log odds.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded: the matrices are too small to share

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.options import Options
from mien.stats.comparisons import Comparisons
from mien.stats.consistency import Consistency, Contexts, consistency
from mien.stats.design.trials import lay_out, rounds_for
from mien.stats.distributions import t_half_width
from mien.stats.profiles.elo import ELO_CENTRE, ELO_SCALE
from mien.types import Prompt

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST = 0.3  # log odds in favour of the first option
TAUS = (0, 50, 100, 200)  # points
N_RESAMPLES = 999


class Setting(NamedTuple):
    """A run: traits, trials, and prompts in contexts.

    ``even``: contexts are categories, which a design deals evenly to traits; otherwise one context has seven
    prompts of ten, as English has, and the others share the rest at random. ``alike``: each prompt has a
    liking of its own for each trait, the same in all its trials.
    """

    traits: int
    trials: int
    contexts: int
    prompts: int = 720
    even: bool = True
    alike: bool = False

    @property
    def name(self) -> str:
        told = "categories" if self.even else "uneven contexts"
        return f"{self.contexts} {told}" + (f", {self.prompts} prompts that hang together" * self.alike)


SETTINGS = (
    Setting(36, 1_000, 3),
    Setting(36, 2_000, 15),
    Setting(36, 2_000, 9, even=False),
    Setting(36, 5_000, 5, prompts=60, alike=True),
    Setting(144, 2_000, 3),
    Setting(144, 2_000, 15),
    Setting(144, 10_296, 15),
)


class Outcome(NamedTuple):
    """One run: what was found, and the true ratings in each context."""

    found: Consistency
    truth: np.ndarray
    seconds: float


def simulate(setting: Setting, tau: float, rng: np.random.Generator) -> Outcome:
    """Draw a character, a run of it, and look whether it holds."""
    n, m = setting.traits, setting.contexts
    context = np.arange(setting.prompts) % m
    if not setting.even:
        context = np.where(rng.random(setting.prompts) < 0.7, 0, rng.integers(1, m, setting.prompts))
    prompts = tuple(
        Prompt(f"p{i:03d}", f"prompt {i}", category=f"c{c}" if setting.even else "")
        for i, c in enumerate(context.tolist())
    )
    traits = tuple(f"t{i:03d}" for i in range(n))
    laid_out = lay_out(
        traits, prompts, rounds=rounds_for(n, trials=setting.trials), seed=int(rng.integers(1000))
    )
    options, prompt = laid_out.options, laid_out.prompt
    scores = rng.normal(size=n) + tau / ELO_SCALE * rng.normal(size=(m, n))
    scores -= scores.mean(axis=1, keepdims=True)
    liking = rng.gumbel(size=(setting.prompts, n))[prompt[:, None], options]
    noise = liking if setting.alike else rng.gumbel(size=options.shape)
    utilities = scores[context[prompt][:, None], options] + noise
    utilities[:, 0] += FIRST
    comparisons = Comparisons(
        traits=traits,
        options=options.astype(np.int32),
        chosen=utilities.argmax(axis=1).astype(np.int32),
        cluster=prompt.astype(np.int32),
        clusters=tuple(p.id for p in prompts),
    )
    contexts = {
        p.id: f"c{c:02d}" for p, c in sorted(zip(prompts, context.tolist(), strict=True), key=lambda x: x[1])
    }
    start = time.perf_counter()
    found = consistency(
        comparisons, Contexts(contexts), n_resamples=N_RESAMPLES, seed=int(rng.integers(1000))
    )
    return Outcome(found, ELO_CENTRE + ELO_SCALE * scores, time.perf_counter() - start)


def print_row(setting: Setting, tau: int, outcomes: list[Outcome]) -> None:
    covered, error, whole = [], [], []
    for found, truth, _ in outcomes:
        half = t_half_width(0.95, float(found.prompts.sum()) - 1) * found.stderr
        covered.append(np.mean(np.abs(found.rating - truth) < half))
        error.append(np.mean((found.rating - truth) ** 2))
        whole.append(np.mean((found.whole - truth) ** 2))
    spreads = [found.spread for found, _, _ in outcomes]
    p = np.array([found.p_traits for found, _, _ in outcomes])
    moving = [[row["moves"] for row in found.rows] for found, _, _ in outcomes]
    cells = [
        f"{setting.traits}",
        f"{setting.trials:,}",
        setting.name,
        f"{tau}",
        f"{np.mean([found.p < 0.05 for found, _, _ in outcomes]):.1%}",
        f"{np.mean(p < 0.05):.1%}",
        f"{np.mean(np.any(moving, axis=1)):.1%}",
        f"{np.mean(moving):.1%}",
        f"{np.median([spread['tau'] for spread in spreads]):.0f}",
        f"{np.mean([spread['low'] <= tau <= spread['high'] for spread in spreads]):.1%}",
        f"{np.mean(covered):.1%}",
        f"{np.sqrt(np.mean(whole)):.0f} → {np.sqrt(np.mean(error)):.0f}",
        f"{np.mean([outcome.seconds for outcome in outcomes]):.1f}",
    ]
    print("| " + " | ".join(cells) + " |", flush=True)


def main(arguments: Sequence[str]) -> None:
    options = Options(__name__, __doc__)
    options.add_size("--replications", 30, quick=1, help="runs of 36 traits for each row")
    replications = options.parse_args(arguments).replications
    print(
        f"{describe_machine()}; {replications} runs of 36 traits a row or a quarter as many of 144, "
        "four times as many under τ = 0.\n"
    )
    print(
        "| traits | trials | contexts | τ | test p < .05 | traits p < .05 | runs with any called moving "
        "| traits called moving | τ found | its coverage | coverage of ratings | error: whole → pooled "
        "| seconds |"
    )
    print("| ---: | ---: | --- |" + " ---: |" * 10)
    for number, setting in enumerate(SETTINGS):
        for tau in TAUS:
            rng = np.random.default_rng([number, tau])
            n_runs = -(-replications * (1 if tau else 4) * 36 // setting.traits)
            print_row(setting, tau, [simulate(setting, tau, rng) for _ in range(n_runs)])
